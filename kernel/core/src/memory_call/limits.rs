//! What a process may have.

use crate::addr::{PAGE_SHIFT, PAGE_SIZE, PageRange, VirtAddr};
use crate::vma::{Account, Backing, Placement, VmFlags, VmaSet};
use abi::errno::Errno;

/// The facts besides its areas. The rlimits are in bytes, as the user set them.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Limits {
    pub placement: Placement,
    /// RLIMIT_AS.
    pub address_space: u32,
    /// RLIMIT_DATA, soft and hard.
    pub data: u32,
    pub data_max: u32,
    /// RLIMIT_MEMLOCK.
    pub memlock: u32,
    /// CAP_IPC_LOCK.
    pub may_lock: bool,
    /// CAP_SYS_RAWIO: may map below mmap_min_addr.
    pub raw_io: bool,
    /// The personality READ_IMPLIES_EXEC.
    pub read_implies_exec: bool,
    /// Of every new area: LOCKED and LOCKONFAULT after mlockall(MCL_FUTURE).
    pub def_flags: VmFlags,
    /// Pages overcommit grants now.
    pub commit: u32,
    /// Overcommit is off, so MAP_NORESERVE means nothing.
    pub strict_commit: bool,
}

impl Limits {
    /// Pages below the user's end of the address space.
    pub(super) const fn task_pages(&self) -> u32 {
        self.placement.task_size.as_u32()
    }

    pub(super) fn task_size(&self) -> u32 {
        self.placement.task_size.address().map_or(0, VirtAddr::as_u32)
    }

    /// Whether `pages` more of the kind `flags` are allowed, after `credit` pages have gone.
    pub(super) fn may_expand(
        &self,
        account: &Account,
        flags: VmFlags,
        pages: u32,
        credit: u32,
    ) -> bool {
        let total = account.total.saturating_add(pages).saturating_sub(credit);
        if total > self.address_space >> PAGE_SHIFT {
            return false;
        }
        let data = account.data.saturating_add(pages).saturating_sub(credit);
        // A soft limit of 0 means the hard one: Valgrind sets it so.
        let limit = if self.data == 0 { self.data_max } else { self.data };
        !flags.is_data() || data <= limit >> PAGE_SHIFT
    }

    pub(super) const fn can_lock(&self) -> bool {
        self.memlock != 0 || self.may_lock
    }

    /// Whether `pages` more may exist if they are locked ones.
    pub(super) fn check_locked(
        &self,
        account: &Account,
        flags: VmFlags,
        pages: u32,
    ) -> Result<(), Errno> {
        let locked = account.locked.saturating_add(pages);
        let fits = locked <= self.memlock >> PAGE_SHIFT || self.may_lock;
        if flags.contains(VmFlags::LOCKED) && !fits { Err(Errno::EAGAIN) } else { Ok(()) }
    }

    /// Whether an address chosen by the caller or for it is one a program may use.
    pub(super) fn check_address(&self, address: u32, pages: u32) -> Result<PageRange, Errno> {
        let start = VirtAddr::new(address);
        let room = self.task_size().checked_sub(pages << PAGE_SHIFT);
        if room.is_none_or(|room| address > room) {
            return Err(Errno::ENOMEM);
        }
        if !start.is_page_aligned() {
            return Err(Errno::EINVAL);
        }
        if start.vpn() < self.placement.lowest && !self.raw_io {
            return Err(Errno::EPERM);
        }
        PageRange::with_len(start.vpn(), pages).ok_or(Errno::ENOMEM)
    }

    /// The place for `pages` pages at the address if `fixed`, near it else.
    pub(super) fn unmapped_area<B: Backing>(
        &self,
        set: &VmaSet<B>,
        address: u32,
        pages: u32,
        fixed: bool,
    ) -> Result<PageRange, Errno> {
        if pages > self.task_pages() - self.placement.lowest.as_u32() {
            return Err(Errno::ENOMEM);
        }
        if fixed {
            return self.check_address(address, pages);
        }
        let hint = (address != 0).then(|| VirtAddr::new(address).vpn());
        let range = set.place(pages, hint, self.placement).ok_or(Errno::ENOMEM)?;
        Ok(range)
    }
}

/// `bytes` in whole pages, modulo 2^32 bytes as Linux's PAGE_ALIGN: the last partial page wraps
/// to 0.
pub(super) const fn page_align(bytes: u32) -> u32 {
    bytes.wrapping_add(PAGE_SIZE - 1) & !(PAGE_SIZE - 1)
}

/// Pages of areas in `range`: all, and those charged to the commit limit.
pub(super) fn mapped_pages<B: Backing>(set: &VmaSet<B>, range: PageRange) -> (u32, u32) {
    set.overlapping(range).fold((0, 0), |(all, charged), (_, vma)| {
        let pages = vma.range().intersection(range).map_or(0, PageRange::len);
        let more = if vma.flags().contains(VmFlags::ACCOUNT) { pages } else { 0 };
        (all + pages, charged + more)
    })
}
