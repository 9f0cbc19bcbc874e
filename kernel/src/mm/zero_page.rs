//! The page of zeros that everybody reads who has not written yet.

use crate::arch::paging::PAGE_OFFSET;
use kcore::addr::{PAGE_SHIFT, Pfn};

#[repr(C, align(4096))]
struct ZeroPage([u8; 4096]);

/// In the image's read-only part, so not even the kernel can write it.
#[unsafe(link_section = ".rodata.zero_page")]
static ZERO_PAGE: ZeroPage = ZeroPage([0; 4096]);

#[inline]
pub fn zero_pfn() -> Pfn {
    Pfn::new((&raw const ZERO_PAGE as u32 - PAGE_OFFSET) >> PAGE_SHIFT)
}
