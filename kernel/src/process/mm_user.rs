//! One thread's use of an address space.

use crate::mm::space::Mm;
use crate::result::Result;
use alloc::sync::Arc;
use core::ops::Deref;

/// Counted by the address space: with the last one it is taken down. Drop it only once the
/// thread has left the page tables.
pub struct MmUser(Arc<Mm>);

impl MmUser {
    /// The first use of a new address space.
    pub fn of_new(mm: Arc<Mm>) -> Self {
        debug_assert!(mm.users() == 1);
        Self(mm)
    }

    /// One more thread in the same address space.
    pub fn again(&self) -> Self {
        self.0.get_user();
        Self(self.0.clone())
    }

    /// A copy for a forked process.
    pub fn fork(&self) -> Result<Self> {
        self.0.fork().map(Self::of_new)
    }

    pub fn mm(&self) -> &Arc<Mm> {
        &self.0
    }
}

impl Deref for MmUser {
    type Target = Mm;

    #[inline]
    fn deref(&self) -> &Mm {
        &self.0
    }
}

impl Drop for MmUser {
    fn drop(&mut self) {
        self.0.put_user();
    }
}
