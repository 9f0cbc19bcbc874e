//! All processes: who has which id, who is whose child.

use super::Process;
use crate::result::{Errno, Result};
use crate::sync::{Rank, SpinLock, SpinLockGuard};
use alloc::sync::Arc;
use core::sync::atomic::{AtomicU32, Ordering::Relaxed};
use kcore::family::Family;

static FAMILY: SpinLock<Family<Arc<Process>>> = SpinLock::new(Rank::Process, Family::new());

/// The family, locked. References to processes that end are dropped after it.
pub type FamilyGuard = SpinLockGuard<'static, Family<Arc<Process>>>;

#[inline]
pub fn lock_family() -> FamilyGuard {
    FAMILY.lock()
}

/// The process with this id, or with a thread of this id. ESRCH.
pub fn find(family: &FamilyGuard, id: i32) -> Result<(u32, &Arc<Process>)> {
    let slot = family.find(id).ok_or(Errno::ESRCH)?;
    Ok((slot, &family[slot].process))
}

/// Processes and threads that were started, and the id of the last one.
static STARTED: AtomicU32 = AtomicU32::new(1);
static LAST_ID: AtomicU32 = AtomicU32::new(1);

/// A process or thread starts that has this id.
pub(super) fn note_start(id: u32) {
    STARTED.fetch_add(1, Relaxed);
    LAST_ID.store(id, Relaxed);
}

/// How many were ever started, and the id of the last one.
pub fn started() -> (u32, u32) {
    (STARTED.load(Relaxed), LAST_ID.load(Relaxed))
}

/// The process with the lowest id above `after`, zombies included.
pub fn next_process(after: u32) -> Option<Arc<Process>> {
    let family = lock_family();
    let slot = family.next_process(after.checked_add(1)?)?;
    Some(family.get(slot)?.process.clone())
}

/// How many processes there are, zombies included.
pub fn count() -> u32 {
    FAMILY.lock().len()
}
