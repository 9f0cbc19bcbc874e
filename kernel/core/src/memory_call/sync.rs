//! msync and mincore.

use super::Limits;
use super::limits::page_align;
use crate::addr::{PAGE_SHIFT, PAGE_SIZE, PageRange, VirtAddr};
use crate::vma::VmFlags;
use abi::errno::Errno;
use abi::memory::{MS_ASYNC, MS_INVALIDATE, MS_SYNC};

/// A range to write back.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Sync {
    pub range: PageRange,
    flags: u32,
}

/// What one area's piece needs.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum SyncStep {
    Nothing,
    /// Write the object's pages and wait.
    Write,
}

impl Sync {
    /// Whether the first hole ends the call with ENOMEM; else that is the result at the end.
    pub const fn stops_at_holes(&self) -> bool {
        self.flags == MS_ASYNC
    }
}

/// The range; `None` if there is nothing to do.
pub fn msync(start: u32, length: u32, flags: u32) -> Result<Option<Sync>, Errno> {
    let address = VirtAddr::new(start);
    if flags & !(MS_ASYNC | MS_INVALIDATE | MS_SYNC) != 0
        || !address.is_page_aligned()
        || flags & (MS_ASYNC | MS_SYNC) == MS_ASYNC | MS_SYNC
    {
        return Err(Errno::EINVAL);
    }
    let bytes = page_align(length);
    if start.checked_add(bytes).is_none() {
        return Err(Errno::ENOMEM);
    }
    if bytes == 0 {
        return Ok(None);
    }
    let range = PageRange::with_len(address.vpn(), bytes >> PAGE_SHIFT).ok_or(Errno::ENOMEM)?;
    Ok(Some(Sync { range, flags }))
}

/// What a piece of an area with `flags` needs.
pub fn sync_piece(sync: &Sync, flags: VmFlags, has_file: bool) -> Result<SyncStep, Errno> {
    if sync.flags & MS_INVALIDATE != 0 && flags.contains(VmFlags::LOCKED) {
        return Err(Errno::EBUSY);
    }
    let writes = sync.flags & MS_SYNC != 0 && has_file && flags.contains(VmFlags::SHARED);
    Ok(if writes { SyncStep::Write } else { SyncStep::Nothing })
}

/// The range of mincore, whose first hole is ENOMEM. `vector` gets a byte a page.
pub fn mincore(start: u32, length: u32, vector: u32, limits: &Limits) -> Result<PageRange, Errno> {
    let address = VirtAddr::new(start);
    if !address.is_page_aligned() {
        return Err(Errno::EINVAL);
    }
    let inside = |start: u32, length: u32| {
        start.checked_add(length).is_some_and(|end| end <= limits.task_size())
    };
    if !inside(start, length) {
        return Err(Errno::ENOMEM);
    }
    let pages = length.div_ceil(PAGE_SIZE);
    if !inside(vector, pages) {
        return Err(Errno::EFAULT);
    }
    PageRange::with_len(address.vpn(), pages).ok_or(Errno::ENOMEM)
}
