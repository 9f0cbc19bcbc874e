//! The load averages.

use super::HZ;
use crate::sync::{IrqSpinLock, Rank};
use crate::task;
use kcore::load_average::{INTERVAL, LoadAverage};

static LOAD: IrqSpinLock<LoadAverage> = IrqSpinLock::new(Rank::Timer, LoadAverage::new());

/// From the timer's interrupt.
pub(super) fn account_tick(ticks: u32) {
    if ticks.is_multiple_of(INTERVAL * HZ) {
        let runnable = task::runnable();
        LOAD.lock_with_interrupts_off().look(runnable);
    }
}

/// How many tasks could run on average of 1, 5 and 15 minutes.
pub fn load_average() -> LoadAverage {
    *LOAD.lock()
}
