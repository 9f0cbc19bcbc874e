//! mlock, mlock2, munlock and mlockall.

use super::Limits;
use super::limits::page_align;
use crate::addr::{PAGE_SHIFT, PAGE_SIZE, PageRange, VirtAddr};
use crate::vma::{Backing, VmFlags, VmaSet};
use abi::errno::Errno;
use abi::memory::{MCL_CURRENT, MCL_FUTURE, MCL_ONFAULT, MLOCK_ONFAULT};

/// A range whose areas get `flags` (of LOCKED and LOCKONFAULT), up to the first hole, which is
/// ENOMEM. If it is then locked, and not on fault, it is populated: failure to read a page is
/// ENOMEM, lack of memory EAGAIN.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Lock {
    pub range: PageRange,
    pub flags: VmFlags,
}

/// What mlockall changes.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct LockAll {
    /// Of new areas.
    pub def_flags: VmFlags,
    /// Of all areas there are; errors of single ones do not count.
    pub current: Option<VmFlags>,
    pub populate: bool,
}

pub fn mlock2<B: Backing>(
    start: u32,
    length: u32,
    flags: u32,
    set: &VmaSet<B>,
    limits: &Limits,
) -> Result<Lock, Errno> {
    if flags & !MLOCK_ONFAULT != 0 {
        return Err(Errno::EINVAL);
    }
    let on_fault = flags & MLOCK_ONFAULT != 0;
    let flags = if on_fault { VmFlags::LOCKED | VmFlags::LOCKONFAULT } else { VmFlags::LOCKED };
    lock(start, length, flags, set, limits)
}

pub fn mlock<B: Backing>(
    start: u32,
    length: u32,
    set: &VmaSet<B>,
    limits: &Limits,
) -> Result<Lock, Errno> {
    lock(start, length, VmFlags::LOCKED, set, limits)
}

pub fn munlock(start: u32, length: u32) -> Result<Lock, Errno> {
    Ok(Lock { range: rounded(start, length)?, flags: VmFlags::empty() })
}

/// The lock flags of areas there are and will be.
pub fn mlockall(flags: u32, total: u32, limits: &Limits) -> Result<LockAll, Errno> {
    let has = |flag| flags & flag != 0;
    if flags == 0 || flags & !(MCL_CURRENT | MCL_FUTURE | MCL_ONFAULT) != 0 || flags == MCL_ONFAULT
    {
        return Err(Errno::EINVAL);
    }
    if !limits.can_lock() {
        return Err(Errno::EPERM);
    }
    if has(MCL_CURRENT) && total > limits.memlock >> PAGE_SHIFT && !limits.may_lock {
        return Err(Errno::ENOMEM);
    }
    let mut lock = VmFlags::LOCKED;
    lock.set(VmFlags::LOCKONFAULT, has(MCL_ONFAULT));
    Ok(LockAll {
        def_flags: if has(MCL_FUTURE) { lock } else { VmFlags::empty() },
        current: has(MCL_CURRENT).then_some(lock),
        populate: has(MCL_CURRENT) && !has(MCL_ONFAULT),
    })
}

/// The flags of an area with `old` ones when a lock sets `flags`; `None` if it stays as it is.
/// Areas of devices are never locked.
pub fn lock_flags(old: VmFlags, flags: VmFlags) -> Option<VmFlags> {
    let new = (old - (VmFlags::LOCKED | VmFlags::LOCKONFAULT)) | flags;
    (new != old && !old.intersects(VmFlags::SPECIAL | VmFlags::HUGETLB)).then_some(new)
}

fn lock<B: Backing>(
    start: u32,
    length: u32,
    flags: VmFlags,
    set: &VmaSet<B>,
    limits: &Limits,
) -> Result<Lock, Errno> {
    if !limits.can_lock() {
        return Err(Errno::EPERM);
    }
    let pages = bytes(start, length) >> PAGE_SHIFT;
    let limit = limits.memlock >> PAGE_SHIFT;
    let mut locked = set.account().locked.saturating_add(pages);
    if locked > limit && !limits.may_lock {
        // What is locked already does not count twice.
        let twice = rounded(start, length).map_or(0, |range| locked_pages(set, range));
        locked -= twice;
        if locked > limit {
            return Err(Errno::ENOMEM);
        }
    }
    Ok(Lock { range: rounded(start, length)?, flags })
}

/// The length from the start of the first page on.
fn bytes(start: u32, length: u32) -> u32 {
    page_align(length.wrapping_add(start % PAGE_SIZE))
}

fn rounded(start: u32, length: u32) -> Result<PageRange, Errno> {
    let (first, bytes) = (start & !(PAGE_SIZE - 1), bytes(start, length));
    if first.checked_add(bytes).is_none() {
        return Err(Errno::EINVAL);
    }
    PageRange::with_len(VirtAddr::new(first).vpn(), bytes >> PAGE_SHIFT).ok_or(Errno::EINVAL)
}

fn locked_pages<B: Backing>(set: &VmaSet<B>, range: PageRange) -> u32 {
    let locked = set.overlapping(range).filter(|(_, vma)| vma.flags().contains(VmFlags::LOCKED));
    locked.map(|(_, vma)| vma.range().intersection(range).map_or(0, PageRange::len)).sum()
}
