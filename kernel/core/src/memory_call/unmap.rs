//! munmap.

use super::Limits;
use super::limits::page_align;
use crate::addr::{PAGE_SHIFT, PageRange, VirtAddr};
use abi::errno::Errno;

/// The range to unmap; holes in it are fine.
pub fn munmap(start: u32, length: u32, limits: &Limits) -> Result<PageRange, Errno> {
    let address = VirtAddr::new(start);
    let room = limits.task_size().checked_sub(start);
    if !address.is_page_aligned() || room.is_none_or(|room| length > room) || length == 0 {
        return Err(Errno::EINVAL);
    }
    PageRange::with_len(address.vpn(), page_align(length) >> PAGE_SHIFT).ok_or(Errno::EINVAL)
}
