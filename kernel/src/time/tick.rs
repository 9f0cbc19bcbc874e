//! The timer interrupt.

use super::{clock, load, timer};
use crate::arch::entry::TrapFrame;
use crate::arch::pit;
use crate::{irq, nmi, task};
use core::sync::atomic::{AtomicU32, Ordering::Relaxed};

static TICKS: AtomicU32 = AtomicU32::new(0);

/// Starts clocks and ticks. Once, at boot, after the interrupt controllers.
pub fn start() {
    clock::initialise();
    pit::start();
    if irq::claim(pit::IRQ, tick).is_err() {
        panic!("the timer's interrupt has another owner");
    }
}

/// Timer interrupts since boot; wraps after 497 days.
#[inline]
pub fn ticks() -> u32 {
    TICKS.load(Relaxed)
}

fn tick(_: u8, frame: &TrapFrame) {
    TICKS.store(TICKS.load(Relaxed).wrapping_add(1), Relaxed);
    task::account_tick(frame.is_from_user());
    load::account_tick(ticks());
    nmi::tell();
    timer::fire_expired(clock::tick());
}
