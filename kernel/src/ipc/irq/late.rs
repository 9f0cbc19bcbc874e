//! Interrupts that are heard of after their time.

use crate::arch::pic;
use crate::time::{Timer, monotonic};
use abi::failpoint::FAULT_LATE;
use core::pin::Pin;
use core::sync::atomic::{AtomicU32, Ordering::Relaxed};

/// A bit for each line.
static LINES: AtomicU32 = AtomicU32::new(0);
static TIMER: Timer = Timer::new(fire, 0);

/// The line stays masked until then.
pub fn notify(line: u8) {
    pic::mask(line);
    LINES.fetch_or(1 << line, Relaxed);
    Pin::static_ref(&TIMER).arm(monotonic() + u64::from(FAULT_LATE) * 1_000_000);
}

fn fire(_: usize) {
    let lines = LINES.swap(0, Relaxed);
    (0..pic::LINES).filter(|line| lines & 1 << line != 0).for_each(super::notify);
}
