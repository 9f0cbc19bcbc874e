//! How many sleeping locks are held. Checked builds count them, for whoever looks for losses.

#[cfg(debug_assertions)]
use core::sync::atomic::{AtomicU32, Ordering::Relaxed};

#[cfg(debug_assertions)]
static HELD: AtomicU32 = AtomicU32::new(0);

#[inline]
pub(super) fn taken() {
    #[cfg(debug_assertions)]
    HELD.fetch_add(1, Relaxed);
}

#[inline]
pub(super) fn released() {
    #[cfg(debug_assertions)]
    HELD.fetch_sub(1, Relaxed);
}

/// Of all tasks, each reader of a lock for itself. 0 in builds that do not count.
pub fn sleeping_locks() -> u32 {
    #[cfg(debug_assertions)]
    return HELD.load(Relaxed);
    #[cfg(not(debug_assertions))]
    0
}
