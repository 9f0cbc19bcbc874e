//! What drivers are given.

use crate::child;
use crate::harness::only_on_folio;
use sys::Errno;
use sys::abi::signal::SIGSEGV;
use sys::ipc::*;
use sys::wait::Status;

pub fn lines_and_ports_are_for_init() {
    only_on_folio("abi::syscall::ipc");
    let status = child::run(|| {
        raise_level(Level::PROGRAM).expect("level");
        assert_eq!(Irq::new(5).unwrap_err(), Errno::EPERM);
        assert_eq!(IoPorts::new(0x3f8, 8).unwrap_err(), Errno::EPERM);
        let port = Port::new(Level::PROGRAM).expect("a port");
        assert_eq!(set_supervisor(&port).unwrap_err(), Errno::EPERM);
        0
    });
    assert_eq!(status, Status::Exited(0));
    if raise_level(Level::INIT).is_err() {
        return;
    }
    assert_eq!(Irq::new(16).unwrap_err(), Errno::EINVAL);
    let line = Irq::new(5).expect("a line");
    assert_eq!(Irq::new(5).unwrap_err(), Errno::EBUSY);
    drop(line);
    drop(Irq::new(5).expect("the line again"));
    assert_eq!(IoPorts::new(0, 0).unwrap_err(), Errno::EINVAL);
    assert_eq!(IoPorts::new(0xffff, 2).unwrap_err(), Errno::EINVAL);
    // The speaker's gate: reading it harms nobody.
    let status = child::run(|| {
        let ports = IoPorts::new(0x61, 1).expect("a port");
        ports.enable().expect("enable");
        in_byte(0x61);
        drop(ports);
        in_byte(0x60);
        0
    });
    assert_eq!(status, Status::Signaled(SIGSEGV));
}

/// Reads an I/O port.
fn in_byte(port: u16) {
    // SAFETY: reading the ports of this test changes nothing that the program has.
    unsafe { core::arch::asm!("in al, dx", in("dx") port, out("al") _) };
}
