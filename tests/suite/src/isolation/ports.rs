//! Devices: I/O ports and interrupts.

use super::end::{End, REFUSED};
use super::table::Table;
use crate::child;
use crate::fault::*;
use crate::harness::only_on_folio;
use core::arch::asm;
use sys::Errno;
use sys::ipc::*;
use sys::process::{self, Fork};
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

pub fn ports_of_devices_need_a_right() {
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
        let (ready, tell) = sys::file::pipe().expect("pipe2");
        let (gate, key) = sys::file::pipe().expect("pipe2");
        let pid = child::start(|| {
            let _ports = own_ports();
            tell.write_all(b"x").expect("write");
            let _ = gate.read(&mut [0]);
            0
        });
        assert_eq!(ready.read(&mut [0]), Ok(1));
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
    table.finish();
}
