//! Page tables as the kernel reaches them.

use super::kmap::{AtomicMapping, kmap_atomic};
use crate::arch::paging::Active;
use core::ops::Deref;
use kcore::addr::Pfn;
use kcore::paging::Format;

/// A leaf table, mapped atomically: it may be in high memory.
pub struct LeafTable(AtomicMapping);

impl LeafTable {
    #[inline]
    pub fn new(table: Pfn) -> Self {
        Self(kmap_atomic(table))
    }
}

impl Deref for LeafTable {
    type Target = <Active as Format>::Table;

    #[inline]
    fn deref(&self) -> &Self::Target {
        // SAFETY: the mapping covers the frame, and a page table is a page of atomic cells.
        unsafe { &*self.0.as_ptr() }
    }
}
