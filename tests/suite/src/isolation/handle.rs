//! Handles: numbers that mean something only where the kernel has put them.

use super::end::End;
use super::table::Table;
use crate::child;
use crate::fuzz::Random;
use crate::harness::only_on_folio;
use crate::ipc::level;
use alloc::vec::Vec;
use sys::abi::UserMutPtr;
use sys::abi::memory::PROT_READ;
use sys::ipc::*;
use sys::syscall::ipc;
use sys::wait::Status;
use sys::{Errno, Result};

/// Calls that take a handle, each with a number that means nothing.
fn uses(handle: u32) -> [Result<u32>; 12] {
    let nowhere = UserMutPtr::new(16);
    // SAFETY: nothing is written to memory, as the handle is refused before.
    unsafe {
        [
            ipc::notify(handle, 1),
            ipc::handle_duplicate(handle, Rights::all()),
            ipc::handle_mint(handle, Rights::all(), 1),
            ipc::handle_close(handle),
            ipc::handle_revoke(handle),
            ipc::port_attach(handle),
            ipc::port_fail(handle),
            ipc::frames_map(handle, 0, 1, PROT_READ),
            ipc::frames_read(handle, 0, nowhere, 0),
            ipc::frames_address(handle, 0, nowhere.cast()),
            ipc::irq_ack(handle),
            ipc::process_signal(handle, 0),
        ]
    }
}

/// EBADF, if that is what all of these say.
fn all_bad(numbers: impl IntoIterator<Item = u32>) -> End {
    let mut answers = numbers.into_iter().flat_map(uses);
    answers.find(|answer| *answer != Err(Errno::EBADF)).unwrap_or(Err(Errno::EBADF)).into()
}

const BAD: End = End::Error(Errno::EBADF);

pub fn handles_cannot_be_made_up() {
    only_on_folio("abi::syscall::ipc, handles");
    let mut table = Table::default();
    let own = "each process has a table of its own";
    table.row("use the small numbers", own, BAD, || all_bad(0..1100));
    table.row("use numbers of every generation", own, BAD, || {
        all_bad((0..32).map(|bit| 1 << bit).chain((0..64).map(|page| page << 10 | 1)))
    });
    table.row("use numbers at random", own, BAD, || {
        let mut random = Random(0x1357_2468);
        all_bad((0..20_000).map(|_| random.next()))
    });
    table.row("use the numbers of the parent's handles", "a child has none", BAD, || {
        let port = Port::new(level()).expect("a port");
        let frames = Frames::new(1).expect("frames");
        let numbers = [port.0.raw(), frames.0.raw()];
        let status = child::run(|| i32::from(all_bad(numbers) != BAD));
        if status == Status::Exited(0) { BAD } else { End::Through(0) }
    });
    let generation = "a place that is used again has another number";
    table.row("use a handle that was closed", generation, BAD, || {
        let frames = Frames::new(1).expect("frames");
        let number = frames.0.raw();
        drop(frames);
        all_bad([number])
    });
    table.row("use one whose place has another object", generation, BAD, || {
        let old: Vec<u32> = (0..200).map(|_| Frames::new(1).expect("frames").0.raw()).collect();
        let _new = Frames::new(1).expect("frames");
        let fresh = _new.0.raw();
        all_bad(old.into_iter().filter(|number| *number != fresh))
    });
    table.row("use a handle that was revoked", "revocations are counted", BAD, || {
        let frames = Frames::new(1).expect("frames");
        let copy = frames.0.duplicate(Rights::all()).expect("duplicate");
        frames.0.revoke_others().expect("revoke");
        // It can still be closed.
        // SAFETY: as in `uses`.
        unsafe { ipc::frames_read(copy.raw(), 0, UserMutPtr::new(16), 0) }.into()
    });
    table.row("use one kind of object as another", "the kind is looked at", BAD, || {
        let port = Port::new(level()).expect("a port");
        let number = port.0.raw();
        // SAFETY: as in `uses`.
        unsafe {
            let as_others = [
                ipc::frames_map(number, 0, 1, PROT_READ),
                ipc::irq_ack(number),
                ipc::process_signal(number, 9),
                ipc::io_ports_enable(number),
            ];
            as_others.into_iter().find(|end| *end != Err(Errno::EBADF)).unwrap_or(Err(Errno::EBADF))
        }
        .into()
    });
    rights(&mut table);
    table.finish();
}

type PortAttack = fn(Port) -> Result<()>;

/// Does something with a port that it has these rights to.
fn with_port(rights: Rights, attack: PortAttack) -> End {
    let port = Port::new(level()).expect("a port");
    let limited = Port(port.0.duplicate(rights).expect("duplicate"));
    attack(limited).map(|()| 0).into()
}

fn rights(table: &mut Table) {
    let all_but = |right: Rights| Rights::all().difference(right);
    let attacks: [(&str, Rights, PortAttack); 9] = [
        ("call without CALL", Rights::CALL, |port| port.call(Call::new(1)).map(drop)),
        ("serve without ATTACH", Rights::ATTACH, |port| port.attach(0).map(drop)),
        ("notify without NOTIFY", Rights::NOTIFY, |port| port.notify(1)),
        ("fail without CONTROL", Rights::CONTROL, |port| port.fail()),
        ("copy without DUPLICATE", Rights::DUPLICATE, |port| {
            port.0.duplicate(Rights::CALL).map(drop)
        }),
        ("badge without DUPLICATE", Rights::DUPLICATE, |port| {
            port.0.mint(Rights::CALL, 5).map(drop)
        }),
        ("revoke without REVOKE", Rights::REVOKE, |port| port.0.revoke_others()),
        ("name the supervisor without DUPLICATE", Rights::DUPLICATE, |port| set_supervisor(&port)),
        ("serve from above the port's level", Rights::empty(), |port| {
            raise_level(Level::PROGRAM)?;
            port.attach(0).map(drop)
        }),
    ];
    for (attack, right, run) in attacks {
        table.row(attack, "the handle's rights", Errno::EPERM.into(), || {
            with_port(all_but(right), run)
        });
    }
    table.row("hand on without TRANSFER", "the handle's rights", Errno::EPERM.into(), || {
        let port = Port::new(level()).expect("a port");
        let kept = port.0.duplicate(all_but(Rights::TRANSFER)).expect("duplicate");
        let pid = child::start(|| 0);
        let given = Child::open(pid).and_then(|child| child.give(&kept, Rights::CALL));
        assert_eq!(child::wait(pid), Status::Exited(0));
        given.into()
    });
    let lessen = "a copy has no right that the original lacks";
    table.row("get a right back by a copy", lessen, Errno::EPERM.into(), || {
        let frames = Frames::new(1).expect("frames");
        let reader = frames.0.duplicate(Rights::READ | Rights::DUPLICATE).expect("duplicate");
        let again = Frames(reader.duplicate(Rights::all()).expect("duplicate"));
        again.write(0, b"x").map(|_| 0).into()
    });
    table.row("give a badge another badge", lessen, Errno::EPERM.into(), || {
        let port = Port::new(level()).expect("a port");
        let badged = port.0.mint(Rights::all(), 7).expect("mint");
        badged.mint(Rights::all(), 8).map(|_| 0).into()
    });
}
