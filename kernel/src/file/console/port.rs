//! COM1, while the kernel drives it itself.

use crate::arch::entry::TrapFrame;
use crate::arch::pic;
use crate::arch::serial::{COM1, COM1_LINE, SerialPort};
use crate::irq;
use crate::sync::WaitQueue;
use abi::console::uart::Uart;
use core::sync::atomic::{AtomicBool, Ordering::SeqCst};

/// The port has interrupted; its line is masked since.
static INTERRUPTED: AtomicBool = AtomicBool::new(false);
static INTERRUPTS: WaitQueue = WaitQueue::new();

/// # Safety
/// Nobody else drives COM1 while this is used.
pub const unsafe fn com1() -> Uart<SerialPort> {
    // SAFETY: passed on to the caller.
    Uart::new(unsafe { SerialPort::new(COM1) })
}

/// Takes the interrupt line.
pub fn claim() {
    if irq::claim(COM1_LINE, on_interrupt).is_err() {
        log::error!("COM1's interrupt line is taken: the console gets no input");
    }
}

/// Gives the interrupt line up.
pub fn release() {
    irq::release(COM1_LINE);
}

fn on_interrupt(line: u8, _: &TrapFrame) {
    pic::mask(line);
    INTERRUPTED.store(true, SeqCst);
    INTERRUPTS.wake_one();
}

/// Sleeps until the port interrupts.
pub fn wait() {
    INTERRUPTS.wait(|| INTERRUPTED.swap(false, SeqCst));
}

/// Lets interrupts in again.
pub fn unmask() {
    pic::unmask(COM1_LINE);
}
