//! Devices: I/O ports, interrupts, memory by its physical address.

use super::exhaustion::drop_privileges;
use super::row::{End, REFUSED, Table};
use crate::child;
use crate::fault::*;
use crate::harness::only_on_folio;
use core::arch::asm;
use sys::Errno;
use sys::abi::memory::{PROT_EXEC, PROT_READ, PROT_WRITE};
use sys::abi::statistics::{PAGE_FRAME, PAGE_PRESENT, TableRange};
use sys::ipc::*;
use sys::process::{self, Fork};
use sys::statistics::Asker;
use sys::syscall::ipc;
use sys::wait::Status;

/// Of the speaker's gate: a read changes nothing.
const OWN: u32 = 0x61;

extern "C" fn in_byte(port: u32) {
    // SAFETY: reads a port, or faults.
    unsafe { asm!("in al, dx", in("edx") port, out("eax") _) }
}

extern "C" fn in_half(port: u32) {
    // SAFETY: as above.
    unsafe { asm!("in ax, dx", in("edx") port, out("eax") _) }
}

extern "C" fn in_word(port: u32) {
    // SAFETY: as above.
    unsafe { asm!("in eax, dx", in("edx") port, out("eax") _) }
}

extern "C" fn out_byte(port: u32) {
    // SAFETY: faults, as the test wants.
    unsafe { asm!("out dx, al", in("edx") port, in("eax") 0) }
}

fn as_program() {
    raise_level(Level::PROGRAM).expect("level");
}

/// Ports for this process, usable from here on.
fn own_ports() -> IoPorts {
    let ports = IoPorts::new(OWN as u16, 1).expect("a port");
    ports.enable().expect("enable");
    assert_eq!(catch(in_byte, OWN), Ok(()));
    ports
}

fn refused(attack: extern "C" fn(u32), port: u32) -> End {
    catch(attack, port).into()
}

pub fn ports_and_memory_of_devices_need_a_right() {
    only_on_folio("abi::syscall::ipc, I/O ports");
    let mut table = Table::default();
    let bitmap = "the task state's bitmap has exactly the ports of the handle";
    for port in [0, 0x20, 0x3f8, 0xcf8, 0xffff] {
        let attack = |how: &str| alloc::format!("{how} port {port:#x} without a right");
        table.row(&attack("read"), "IOPL 0 and no bitmap", REFUSED, || refused(in_byte, port));
        table.row(&attack("write"), "IOPL 0 and no bitmap", REFUSED, || refused(out_byte, port));
    }
    let beside: [(&str, extern "C" fn(u32), u32); 6] = [
        ("the port before", in_byte, OWN - 1),
        ("the port behind", in_byte, OWN + 1),
        ("two ports, the second not its own", in_half, OWN),
        ("four ports, the last its own", in_word, OWN - 3),
        ("two ports across the end of all ports", in_half, 0xffff),
        ("four ports across the end of all ports", in_word, 0xfffd),
    ];
    for (name, attack, port) in beside {
        table.row(&alloc::format!("with a right for one, read {name}"), bitmap, REFUSED, || {
            let _ports = own_ports();
            refused(attack, port)
        });
    }
    table.row("use a port that the parent may use", "rights are not inherited", REFUSED, || {
        let _ports = own_ports();
        match process::fork().expect("fork") {
            Fork::Child => process::exit(i32::from(refused(in_byte, OWN) != REFUSED)),
            Fork::Parent(pid) if child::wait(pid) == Status::Exited(0) => REFUSED,
            Fork::Parent(_) => End::Through(0),
        }
    });
    table.row("use a port that the program before might use", "the switch", REFUSED, || {
        let (gate, key) = sys::file::pipe().expect("pipe2");
        let pid = child::start(|| {
            let _ports = own_ports();
            let _ = gate.read(&mut [0]);
            0
        });
        call!(sched_yield()).expect("sched_yield");
        let end = refused(in_byte, OWN);
        key.write_all(b"x").expect("write");
        assert_eq!(child::wait(pid), Status::Exited(0));
        end
    });
    for (name, result) in [
        ("take an interrupt", (|| Irq::new(5).map(|_| 0)) as fn() -> sys::Result<u32>),
        ("take I/O ports", || IoPorts::new(0x3f8, 8).map(|_| 0)),
        // SAFETY: changes no memory.
        ("take the console", || unsafe { ipc::console_create() }),
    ] {
        table.row(name, "level 0 (init)", Errno::EPERM.into(), || {
            as_program();
            result().into()
        });
    }
    memory(&mut table);
    table.finish();
}

/// Whether this process is told frames of its own pages.
fn frames_of_words() -> bool {
    let start = map(1);
    poke(start, 1);
    let mut words = [0];
    let told = Asker::OF_SELF.page_words(process::id(), start / PAGE, &mut words);
    assert_eq!((told, words[0] & PAGE_PRESENT), (Ok(1), PAGE_PRESENT));
    words[0] & PAGE_FRAME != 0
}

/// The same by the ranges of its page tables.
fn frames_of_ranges() -> bool {
    let start = map(1);
    poke(start, 1);
    let mut ranges = [<TableRange as sys::abi::Plain>::ZERO; 4];
    let told = Asker::OF_SELF.table_ranges(process::id(), start, &mut ranges).expect("ranges");
    assert!(told > 0);
    ranges[..told].iter().any(|range| range.frame != 0)
}

fn memory(table: &mut Table) {
    let rights = "the handle's rights";
    let frames = |rights: Rights| {
        let frames = Frames::new(2).expect("frames");
        Frames(frames.0.duplicate(rights).expect("duplicate"))
    };
    let refused = Errno::EPERM.into();
    table.row("ask for a physical address", rights, refused, || {
        frames(Rights::READ | Rights::WRITE | Rights::MAP).physical_address(0).map(|_| 0).into()
    });
    table.row("map frames for writing", rights, refused, || {
        frames(Rights::READ | Rights::MAP).map(0, 1, true).map(|_| 0).into()
    });
    table.row("map frames", rights, refused, || {
        frames(Rights::READ | Rights::WRITE).map(0, 1, false).map(|_| 0).into()
    });
    table.row("write to frames by a call", rights, refused, || {
        frames(Rights::READ).write(0, b"x").map(|_| 0).into()
    });
    let bounds = "the number of frames";
    for (name, first, pages) in
        [("beyond the end", 2, 1), ("across the end", 1, 2), ("around", u32::MAX, 2)]
    {
        table.row(&alloc::format!("map frames {name}"), bounds, Errno::EINVAL.into(), || {
            let frames = Frames::new(2).expect("frames");
            // SAFETY: new memory, if any.
            unsafe { ipc::frames_map(frames.0.raw(), first, pages, PROT_READ) }.into()
        });
    }
    table.row("map frames to execute", "no PROT_EXEC for them", Errno::EINVAL.into(), || {
        let frames = Frames::new(1).expect("frames");
        let protection = PROT_READ | PROT_WRITE | PROT_EXEC;
        // SAFETY: as above.
        unsafe { ipc::frames_map(frames.0.raw(), 0, 1, protection) }.into()
    });
    table.row("make frames executable later", "no MAYEXEC", Errno::EACCES.into(), || {
        let frames = Frames::new(1).expect("frames");
        let mapping = frames.map(0, 1, true).expect("map");
        call!(mprotect(mapping.as_mut_ptr() as u32, PAGE, RW | PROT_EXEC)).into()
    });
    for (how, seen) in
        [("page_words", frames_of_words as fn() -> bool), ("table_ranges", frames_of_ranges)]
    {
        let attack = alloc::format!("learn of its frames by {how}");
        table.row(&attack, "frames are for root, and who has the right", End::Nothing, || {
            drop_privileges();
            seen().into()
        });
    }
    assert!(frames_of_words() && frames_of_ranges(), "root sees them");
    table.row("read memory through a device file", "there is none", Errno::ENOENT.into(), || {
        let names = ["/dev/mem", "/dev/kmem", "/dev/port", "/proc/kcore"];
        match names.iter().find_map(|name| sys::file::File::open(name).ok()) {
            Some(_) => End::Through(0),
            None => Errno::ENOENT.into(),
        }
    });
}
