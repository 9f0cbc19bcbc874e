//! The bits of a port, which interrupts set too.

use crate::failpoint::fail_point;
use crate::result::Result;
use crate::sync::{IrqSpinLock, Rank};
use crate::task::{self, Current, Task};
use core::sync::atomic::{AtomicU32, Ordering::Relaxed};
use kcore::notification;

pub struct Notification {
    state: IrqSpinLock<notification::Notification>,
    /// The bits once more, to look at without the lock.
    shown: AtomicU32,
    /// Bits that come once more when they are taken.
    #[cfg(feature = "faults")]
    twice: AtomicU32,
}

impl Notification {
    pub const fn new() -> Self {
        let state = notification::Notification::new();
        Self {
            state: IrqSpinLock::new(Rank::Notification, state),
            shown: AtomicU32::new(0),
            #[cfg(feature = "faults")]
            twice: AtomicU32::new(0),
        }
    }

    /// Sets bits. From any context.
    pub fn notify(&self, bits: u32) {
        if fail_point!(NotifyLost) {
            return;
        }
        #[cfg(feature = "faults")]
        if fail_point!(NotifyTwice) {
            self.twice.fetch_or(bits, Relaxed);
        }
        let mut state = self.state.lock();
        let waiter = state.notify(bits);
        self.shown.store(state.bits(), Relaxed);
        if let Some(task) = waiter {
            // SAFETY: `wait` made the number, and a task stops waiting before it ends. It does so
            // under the lock.
            task::wake(unsafe { &*(task as *const Task) });
        }
    }

    /// The running task is woken for bits of `mask` until it stops waiting. EBUSY if another is.
    pub fn wait(&self, task: Current, mask: u32) -> Result<()> {
        self.state.lock().wait(number(&task), mask)
    }

    pub fn stop_waiting(&self, task: Current) {
        self.state.lock().stop_waiting(number(&task));
    }

    /// Whether bits of `mask` are set.
    #[inline]
    pub fn has(&self, mask: u32) -> bool {
        self.shown.load(Relaxed) & mask != 0
    }

    /// Takes the bits of `mask` that are set. After `prepare_to_sleep` none is missed.
    #[inline]
    pub fn take(&self, mask: u32) -> u32 {
        if self.has(mask) { self.take_some(mask) } else { 0 }
    }

    #[cold]
    fn take_some(&self, mask: u32) -> u32 {
        let mut state = self.state.lock();
        let bits = state.take(mask);
        // Whoever takes them looks for bits again before he sleeps.
        #[cfg(feature = "faults")]
        state.notify(self.twice.fetch_and(!bits, Relaxed) & bits);
        self.shown.store(state.bits(), Relaxed);
        bits
    }
}

#[cfg(feature = "faults")]
impl Notification {
    /// Who has to live with what happens to an interrupt on its way here: the task that waits.
    pub fn whose(&self) -> crate::failpoint::Whose {
        let state = self.state.lock();
        // SAFETY: as in `notify`.
        let task = state.waiter().map(|task| unsafe { &*(task as *const Task) });
        task.and_then(|task| task.scope.whose(task.tid())).unwrap_or_default()
    }
}

fn number(task: &Task) -> u32 {
    &raw const *task as u32
}
