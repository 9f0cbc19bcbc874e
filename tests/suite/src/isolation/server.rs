//! Servers: whose calls they may answer, and what of their callers they see.

use super::end::End;
use super::table::Table;
use crate::child;
use crate::harness::only_on_folio;
use crate::ipc::{level, start_client};
use assist::{DEMAND, FORGE, REPLY_WRONGLY, WHO};
use core::sync::atomic::{AtomicU32, Ordering::Relaxed};
use sys::abi::ipc::Lent;
use sys::abi::signal::SIGKILL;
use sys::abi::{UserMutPtr, UserPtr};
use sys::ipc::*;
use sys::service::connect;
use sys::statistics::StatisticsRight;
use sys::syscall::{folio, ipc, output, pointer, pointer_mut};
use sys::trace::Tracer;
use sys::wait::Status;
use sys::{Errno, Result};

/// What a caller lends for reading, in the middle of what it does not.
const LENT: &[u8; 8] = b"readable";
/// What an attack is about.
static VALUE: AtomicU32 = AtomicU32::new(0);
/// The leases: one for reading, one for writing.
const READ: u32 = 0;
const WRITE: u32 = 1;

/// Lends eight bytes for reading and eight for writing, with others around both.
fn lend(port: Port) {
    let (mut secret, mut target) = ([0x5e_u8; 24], [0x7a_u8; 24]);
    secret[8..16].copy_from_slice(LENT);
    let call = Call::new(1).lend(&secret[8..16]).lend_mut(&mut target[8..16]);
    let answer = port.call(call).expect("the one reply");
    assert_eq!(answer.message.words(), [REPLY]);
    assert!(target[..8].iter().chain(&target[16..]).all(|byte| *byte == 0x7a));
}

/// The word of the reply that counts.
const REPLY: u32 = 77;

fn reply(port: &ServedPort, token: Token) {
    let message = sys::ipc::Message::new(0).word(REPLY);
    port.reply(token, ReplyParts { message, ..ReplyParts::default() }).expect("reply");
}

/// A reply that must reach nobody.
fn forged(port: &ServedPort, token: Token) -> Result<u32> {
    let message = sys::ipc::Message::new(0).word(0xbad);
    port.reply(token, ReplyParts { message, ..ReplyParts::default() }).map(|()| 0)
}

/// Serves one call, to which the attack is done, and answers it if the attack has not. Its client must
/// get that answer, and have everything that it did not lend.
fn serving(attack: impl FnOnce(&ServedPort, Token) -> End) -> End {
    let port = Port::new(level()).expect("a port");
    let (client, _handle) = start_client(&port, Rights::CALL, lend);
    let port = port.attach(0).expect("attach");
    let Ok(Received::Call(_, caller)) = port.receive(None) else { panic!("no call") };
    let token = caller.token;
    let end = attack(&port, token);
    reply(&port, token);
    assert_eq!(child::wait(client), Status::Exited(0));
    end
}

fn read(token: Token, lease: u32, offset: u32, to: &mut [u8]) -> Result<u32> {
    let place = UserMutPtr::new(pointer_mut(to));
    // SAFETY: the slice is written, no more.
    unsafe { ipc::lease_read(token.0, lease, offset, place, to.len() as u32) }
}

fn write(token: Token, lease: u32, offset: u32, from: &[u8]) -> Result<u32> {
    let place = UserPtr::new(pointer(from));
    // SAFETY: the slice is read, no more.
    unsafe { ipc::lease_write(token.0, lease, offset, place, from.len() as u32) }
}

fn info(token: Token) -> Result<u32> {
    let mut lent = Lent::default();
    // SAFETY: the structure is written, no more.
    unsafe { ipc::lease_info(token.0, READ, output(&mut lent)) }
}

const OVER: End = End::Error(Errno::ESRCH);

pub fn replies_and_leases_are_the_servers_own() {
    only_on_folio("abi::syscall::ipc, leases");
    let mut table = Table::default();
    let bounds = "the kernel copies, within the lease";
    table.row("read on behind a lease", bounds, End::Nothing, || {
        serving(|_, token| {
            let mut bytes = [0; 16];
            let count = read(token, READ, 4, &mut bytes);
            (count != Ok(4) || &bytes[..4] != b"able" || bytes[4..] != [0; 12]).into()
        })
    });
    table.row("write on behind a lease", bounds, End::Nothing, || {
        serving(|_, token| (write(token, WRITE, 4, &[1; 16]) != Ok(4)).into())
    });
    for offset in [9, 0x1000, 0x7fff_ffff, u32::MAX] {
        VALUE.store(offset, Relaxed);
        let attack = alloc::format!("read a lease from byte {offset:#x} on");
        table.row(&attack, bounds, Errno::EFAULT.into(), || {
            serving(|_, token| read(token, READ, VALUE.load(Relaxed), &mut [0; 4]).into())
        });
        let attack = alloc::format!("write a lease from byte {offset:#x} on");
        table.row(&attack, bounds, Errno::EFAULT.into(), || {
            serving(|_, token| write(token, WRITE, VALUE.load(Relaxed), &[0; 4]).into())
        });
    }
    let access = "what it was lent for";
    table.row("write to what was lent for reading", access, Errno::EPERM.into(), || {
        serving(|_, token| write(token, READ, 0, b"x").into())
    });
    table.row("read what was lent for writing", access, Errno::EPERM.into(), || {
        serving(|_, token| read(token, WRITE, 0, &mut [0]).into())
    });
    for lease in [2, 3, 4, 64, u32::MAX] {
        VALUE.store(lease, Relaxed);
        let attack = alloc::format!("read lease {lease:#x} of two");
        table.row(&attack, "the number of leases", Errno::EINVAL.into(), || {
            serving(|_, token| read(token, VALUE.load(Relaxed), 0, &mut [0]).into())
        });
    }
    let once = "a token is good for one call, once";
    table.row("use a lease after the reply", once, OVER, || {
        serving(|port, token| {
            reply(port, token);
            let uses =
                [read(token, READ, 0, &mut [0; 4]), write(token, WRITE, 0, b"x"), info(token)];
            uses.into_iter()
                .find(|end| *end != Err(Errno::ESRCH))
                .unwrap_or(Err(Errno::ESRCH))
                .into()
        })
    });
    // A reply that comes too late is no error.
    table.row("reply twice", once, End::Nothing, || {
        serving(|port, token| {
            reply(port, token);
            forged(port, token).is_err().into()
        })
    });
    table.row("end a caller after the reply", once, OVER, || {
        serving(|port, token| {
            reply(port, token);
            port.reply_fault(token, SIGKILL).map(|()| 0).into()
        })
    });
    table.row("reply to tokens next to a good one", once, End::Nothing, || {
        serving(|port, token| {
            let near = (0..32).map(|bit| token.0 ^ 1 << bit).chain([0, u32::MAX]);
            near.map(Token).any(|token| forged(port, token).is_err()).into()
        })
    });
    let own = "a call belongs to the server that received it";
    table.row("reply to another server's call", own, End::Nothing, || {
        serving(|_, token| as_another(token, forged, Ok(0)))
    });
    table.row("read another server's leases", own, End::Nothing, || {
        serving(|_, token| {
            as_another(token, |_, token| read(token, READ, 0, &mut [0; 8]), Err(Errno::ESRCH))
        })
    });
    table.row("end another server's caller", own, End::Nothing, || {
        let end = |port: &ServedPort, token| port.reply_fault(token, SIGKILL).map(|()| 0);
        serving(move |_, token| as_another(token, end, Err(Errno::ESRCH)))
    });
    table.finish();
}

/// Another server tries it; whether it is told something else than it must be.
fn as_another(
    token: Token,
    attack: fn(&ServedPort, Token) -> Result<u32>,
    must: Result<u32>,
) -> End {
    let status = child::run(|| {
        let port = Port::new(level()).expect("a port").attach(0).expect("attach");
        i32::from(attack(&port, token) != must)
    });
    (status != Status::Exited(0)).into()
}

/// Has the server that misbehaves try something; how often it got it.
fn by_assist(label: u16) -> End {
    as_program();
    let port = connect("assist").expect("assist");
    let instance = || port.call(Call::new(WHO)).expect("who").message.get(0);
    let before = instance();
    let got = port.call(Call::new(label)).expect("an answer").message.get(0);
    assert_eq!(instance(), before, "it did not outlive what it tried");
    (got != 0).into()
}

fn as_program() {
    raise_level(Level::PROGRAM).expect("level");
}

pub fn servers_get_nothing_by_asking() {
    only_on_folio("ARCHITECTURE.md, What is on top: user/init");
    let mut table = Table::default();
    for (attack, defence, label) in [
        ("reply as no server may", "tags are decoded whole", REPLY_WRONGLY),
        ("use handles of init's", "handles cannot be made up", FORGE),
        ("ask init for what others have", "the manifest", DEMAND),
    ] {
        match sys::file::stat("/etc/services/assist.conf") {
            Ok(_) => table.row(attack, defence, End::Nothing, || by_assist(label)),
            Err(_) => table.not_tried(attack, "the image is without tests/assist"),
        }
    }
    let levels = "a process's level is never lowered";
    type Attack = fn() -> Result<u32>;
    let attacks: [(&str, Attack); 9] = [
        ("become init's equal", || raise_level(Level::INIT).map(|_| 0)),
        ("become a server's equal", || raise_level(level()).map(|_| 0)),
        ("make a port of init's level", || Port::new(Level::INIT).map(|_| 0)),
        ("make a port that others may call", || Port::new(level()).map(|_| 0)),
        ("become the supervisor", || {
            let port = Port::new(Level::PROGRAM)?;
            set_supervisor(&port).map(|()| 0)
        }),
        ("mount a server", || {
            let port = Port::new(Level::PROGRAM)?;
            mount(&port.0, "/tmp", "mine").map(|()| 0)
        }),
        ("take the right to all statistics", || StatisticsRight::new().map(|_| 0)),
        ("trace init", || Tracer::new(0)?.attach(1, 0).map(|_| 0)),
        // SAFETY: EPERM, as the test says.
        ("end the machine", || unsafe { folio::end_machine(0) }),
    ];
    for (attack, run) in attacks {
        table.row(attack, levels, Errno::EPERM.into(), || {
            as_program();
            run().into()
        });
    }
    for pid in [1, sys::process::id()] {
        let attack = alloc::format!("open process {pid}, which is no child");
        table.row(&attack, "only children", Errno::ECHILD.into(), || {
            as_program();
            Child::open(pid).map(|_| 0).into()
        });
    }
    table.finish();
}
