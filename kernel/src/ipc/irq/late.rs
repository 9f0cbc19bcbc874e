//! Interrupts that are heard of after their time.

use crate::arch::pic;
use crate::sync::{IrqSpinLock, Rank};
use crate::time::{Timer, monotonic};
use abi::failpoint::FAULT_LATE;
use core::pin::Pin;

const LATE: u64 = FAULT_LATE as u64 * 1_000_000;

/// When each line is to be heard of; 0 for never.
static DUE: IrqSpinLock<[u64; pic::LINES as usize]> =
    IrqSpinLock::new(Rank::IrqLines, [0; pic::LINES as usize]);
static TIMER: Timer = Timer::new(fire, 0);

/// The line stays masked until then.
pub fn notify(line: u8) {
    pic::mask(line);
    let mut due = DUE.lock();
    let is_first = due.iter().all(|due| *due == 0);
    let deadline = monotonic() + LATE;
    if let Some(due) = due.get_mut(usize::from(line)) {
        *due = deadline;
    }
    // All are equally late: the first comes first.
    if is_first {
        arm(deadline);
    }
}

/// It is late enough already.
fn arm(deadline: u64) {
    Pin::static_ref(&TIMER).arm_in_time(deadline);
}

fn fire(_: usize) {
    let now = monotonic();
    for line in 0..pic::LINES {
        if take(line, now) {
            super::notify(line);
        }
    }
    let due = DUE.lock();
    if let Some(next) = due.iter().copied().filter(|due| *due != 0).min() {
        arm(next);
    }
}

/// Whether a line is to be heard of now, once.
fn take(line: u8, now: u64) -> bool {
    DUE.lock()
        .get_mut(usize::from(line))
        .is_some_and(|due| *due != 0 && *due <= now && core::mem::take(due) != 0)
}
