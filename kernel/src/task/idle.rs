//! What the CPU does when nobody wants it. The boot stack becomes the idle task's.

use super::schedule::IDLE;
use super::{current, schedule, task, work};
use crate::arch::interrupts;
use crate::cpu;
use core::sync::atomic::Ordering::Relaxed;

/// From now on there is a running task: this one. `might_resched` and locks work; sleeping does
/// not, for the idle task never may.
///
/// # Safety
/// Once, at boot, on the boot stack, with interrupts off.
pub unsafe fn adopt_boot() {
    IDLE.state.store(task::RUNNING, Relaxed);
    IDLE.set_name(b"idle");
    cpu::set_current((&raw const IDLE).cast_mut().cast());
}

/// The boot is over.
pub fn run() -> ! {
    loop {
        interrupts::disable();
        if current().work() & work::RESCHED == 0 {
            interrupts::enable_and_halt();
        } else {
            interrupts::enable();
        }
        schedule();
    }
}
