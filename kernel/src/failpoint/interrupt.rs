//! What interrupts do, which is not the running task's work.

use core::sync::atomic::{AtomicBool, Ordering::Relaxed};

static IS_SERVED: AtomicBool = AtomicBool::new(false);

/// Runs what an interrupt causes.
pub fn in_interrupt(work: impl FnOnce()) {
    IS_SERVED.store(true, Relaxed);
    work();
    IS_SERVED.store(false, Relaxed);
}

/// Whether the processor serves one.
pub(super) fn is_served() -> bool {
    IS_SERVED.load(Relaxed)
}
