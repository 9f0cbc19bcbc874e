//! madvise.

use super::limits::page_align;
use crate::addr::{PAGE_SHIFT, PageRange, VirtAddr};
use crate::vma::VmFlags;
use abi::errno::Errno;
use abi::memory::*;

/// Advice that has been understood, for a range whose holes are ENOMEM.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Advice {
    pub range: PageRange,
    advice: i32,
}

impl Advice {
    /// Whether the first hole ends the call with ENOMEM; else that is the result at the end.
    pub const fn stops_at_holes(&self) -> bool {
        matches!(self.advice, MADV_POPULATE_READ | MADV_POPULATE_WRITE)
    }
}

/// What one area's piece needs.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum AdviceStep {
    Nothing,
    /// Other flags for the piece. Lack of memory is EAGAIN here.
    SetFlags(VmFlags),
    /// Drop the pages: anonymous ones are zero, others as in the object from now on.
    Zap,
    /// The pages' contents may be dropped as long as nobody writes them.
    Free,
    /// Drop the pages from the object, too.
    Remove,
    /// Begin to read the pages.
    WillNeed,
    /// Age the pages.
    Cold,
    /// Reclaim the pages.
    PageOut,
    /// Fault the pages in.
    Populate {
        write: bool,
    },
}

/// Introduced after `abi::memory` took its names from Linux 5.
const MADV_DONTNEED_LOCKED: i32 = 24;
const MADV_SOFT_OFFLINE: i32 = 101;

/// The range and the advice; `None` if there is nothing to do.
pub fn madvise(start: u32, length: u32, advice: i32, admin: bool) -> Result<Option<Advice>, Errno> {
    let known = matches!(
        advice,
        MADV_NORMAL..=MADV_DONTNEED
            | MADV_FREE..=MADV_DONTNEED_LOCKED
            | MADV_HWPOISON..=MADV_SOFT_OFFLINE
    );
    let address = VirtAddr::new(start);
    let bytes = page_align(length);
    if !known || !address.is_page_aligned() || (length != 0 && bytes == 0) {
        return Err(Errno::EINVAL);
    }
    if start.checked_add(bytes).is_none() {
        return Err(Errno::EINVAL);
    }
    if bytes == 0 {
        return Ok(None);
    }
    if advice >= MADV_HWPOISON {
        // The privileged call exists on machines that can lose memory.
        return Err(if admin { Errno::EINVAL } else { Errno::EPERM });
    }
    let range = PageRange::with_len(address.vpn(), bytes >> PAGE_SHIFT).ok_or(Errno::EINVAL)?;
    Ok(Some(Advice { range, advice }))
}

/// What a piece of an area with `flags` needs. `anonymous` is private memory without an object;
/// `has_file` is a mapping of a file or a memory object.
pub fn advise_piece(
    advice: Advice,
    flags: VmFlags,
    anonymous: bool,
    has_file: bool,
) -> Result<AdviceStep, Errno> {
    use AdviceStep::*;
    let reading = VmFlags::SEQ_READ | VmFlags::RAND_READ;
    let new = match advice.advice {
        MADV_NORMAL => flags - reading,
        MADV_SEQUENTIAL => (flags - VmFlags::RAND_READ) | VmFlags::SEQ_READ,
        MADV_RANDOM => (flags - VmFlags::SEQ_READ) | VmFlags::RAND_READ,
        MADV_DONTFORK => flags | VmFlags::DONTCOPY,
        MADV_DOFORK if flags.contains(VmFlags::IO) => return Err(Errno::EINVAL),
        MADV_DOFORK => flags - VmFlags::DONTCOPY,
        MADV_WIPEONFORK if has_file || flags.contains(VmFlags::SHARED) => {
            return Err(Errno::EINVAL);
        }
        MADV_WIPEONFORK => flags | VmFlags::WIPEONFORK,
        MADV_KEEPONFORK => flags - VmFlags::WIPEONFORK,
        MADV_DONTDUMP => flags | VmFlags::DONTDUMP,
        MADV_DODUMP if flags.intersects(VmFlags::SPECIAL) => return Err(Errno::EINVAL),
        MADV_DODUMP => flags - VmFlags::DONTDUMP,
        _ => return act(advice.advice, flags, anonymous, has_file),
    };
    Ok(if new == flags { Nothing } else { SetFlags(new) })
}

fn act(advice: i32, flags: VmFlags, anonymous: bool, has_file: bool) -> Result<AdviceStep, Errno> {
    use AdviceStep::*;
    let unevictable = VmFlags::LOCKED | VmFlags::PFNMAP | VmFlags::HUGETLB;
    let shared_writable = VmFlags::SHARED | VmFlags::WRITE;
    match advice {
        MADV_REMOVE if flags.contains(VmFlags::LOCKED) || !has_file => Err(Errno::EINVAL),
        MADV_REMOVE if !flags.contains(shared_writable) => Err(Errno::EACCES),
        MADV_REMOVE => Ok(Remove),
        MADV_WILLNEED => Ok(WillNeed),
        MADV_DONTNEED | MADV_FREE if flags.intersects(VmFlags::LOCKED | VmFlags::PFNMAP) => {
            Err(Errno::EINVAL)
        }
        MADV_DONTNEED_LOCKED if flags.contains(VmFlags::PFNMAP) => Err(Errno::EINVAL),
        MADV_DONTNEED | MADV_DONTNEED_LOCKED => Ok(Zap),
        MADV_FREE if anonymous => Ok(Free),
        MADV_FREE => Err(Errno::EINVAL),
        MADV_COLD | MADV_PAGEOUT if flags.intersects(unevictable) => Err(Errno::EINVAL),
        MADV_COLD => Ok(Cold),
        MADV_PAGEOUT => Ok(PageOut),
        MADV_POPULATE_READ | MADV_POPULATE_WRITE => {
            let write = advice == MADV_POPULATE_WRITE;
            let right = if write { VmFlags::WRITE } else { VmFlags::READ };
            let device = flags.intersects(VmFlags::IO | VmFlags::PFNMAP);
            if device || !flags.contains(right) {
                return Err(Errno::EINVAL);
            }
            Ok(Populate { write })
        }
        // Merging equal pages and huge pages are never done: advice without effect.
        MADV_MERGEABLE | MADV_UNMERGEABLE | MADV_NOHUGEPAGE => Ok(Nothing),
        MADV_HUGEPAGE if flags.intersects(VmFlags::SPECIAL) => Err(Errno::EINVAL),
        MADV_HUGEPAGE => Ok(Nothing),
        _ => Err(Errno::EINVAL),
    }
}
