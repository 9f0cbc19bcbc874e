//! All processes: who has which id, who is whose child.

use super::Process;
use crate::result::{Errno, Result};
use crate::sync::{Rank, SpinLock, SpinLockGuard};
use alloc::sync::Arc;
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

/// How many processes there are, zombies included.
pub fn count() -> u32 {
    FAMILY.lock().len()
}
