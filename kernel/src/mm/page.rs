//! `mem_map`: one [`Page`] for every frame, memory or not, up to the last one.

use crate::sync::BootCell;
use kcore::addr::Pfn;
use kcore::page::Page;

static MEM_MAP: BootCell<&'static [Page]> = BootCell::with(&[]);

/// # Safety
/// Once, at boot, before the allocators start.
pub unsafe fn set_mem_map(pages: &'static [Page]) {
    // SAFETY: passed on to the caller.
    unsafe { MEM_MAP.set(pages) };
}

#[inline]
pub fn mem_map() -> &'static [Page] {
    MEM_MAP.get()
}

/// The entry of a frame. A frame beyond the last is the kernel's own mistake.
#[inline]
pub fn page(pfn: Pfn) -> &'static Page {
    &mem_map()[pfn.as_u32() as usize]
}
