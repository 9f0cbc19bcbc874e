//! mremap.

use super::Limits;
use super::limits::{mapped_pages, page_align};
use crate::addr::{PAGE_MASK, PAGE_SHIFT, PageRange, VirtAddr, Vpn};
use crate::vma::{Backing, MAX_MAP_COUNT, VmFlags, Vma, VmaId, VmaSet};
use abi::errno::Errno;
use abi::memory::{MREMAP_DONTUNMAP, MREMAP_FIXED, MREMAP_MAYMOVE};

/// What mremap does. Its result is the start of the area then.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Remap {
    /// Unmap `tail`, perhaps nothing.
    Shrink { tail: PageRange },
    /// Extend the area up to `end`.
    Grow { id: VmaId, end: Vpn, charge: u32 },
    /// Move `from` to `to`. `clear` and `tail` are unmapped first, which may split the area that
    /// `from` is part of.
    Move {
        from: PageRange,
        to: PageRange,
        clear: Option<PageRange>,
        tail: Option<PageRange>,
        /// `from` stays mapped, empty and unlocked (DONTUNMAP); or, if it is empty, is what a
        /// second mapping of the same object is made of.
        keep: bool,
        charge: u32,
    },
}

/// What the words ask for.
pub fn mremap<B: Backing>(
    address: u32,
    old_length: u32,
    new_length: u32,
    flags: u32,
    new_address: u32,
    set: &VmaSet<B>,
    limits: &Limits,
) -> Result<Remap, Errno> {
    let has = |flag| flags & flag != 0;
    if flags & !(MREMAP_MAYMOVE | MREMAP_FIXED | MREMAP_DONTUNMAP) != 0
        || has(MREMAP_FIXED) && !has(MREMAP_MAYMOVE)
        || has(MREMAP_DONTUNMAP) && (!has(MREMAP_MAYMOVE) || old_length != new_length)
        || address & !PAGE_MASK != 0
    {
        return Err(Errno::EINVAL);
    }
    let request = Request {
        address,
        old_length: page_align(old_length),
        new_length: page_align(new_length),
        flags,
        new_address,
    };
    if request.new_length == 0 {
        return Err(Errno::EINVAL);
    }
    let (id, vma) = set.containing(VirtAddr::new(address).vpn()).ok_or(Errno::EFAULT)?;
    if has(MREMAP_FIXED) || has(MREMAP_DONTUNMAP) {
        return request.move_to(vma, set, limits);
    }
    if request.old_length >= request.new_length {
        return request.shrink(limits).map(|tail| Remap::Shrink { tail });
    }
    request.check_resize(vma, set, limits, 0)?;
    let more = request.new_pages() - request.old_pages();
    let charge = if vma.flags().contains(VmFlags::ACCOUNT) { more } else { 0 };
    if request.from()?.end() == vma.end()
        && let Some(end) = expandable(set, id, vma, more, limits)
    {
        if charge > limits.commit {
            return Err(Errno::ENOMEM);
        }
        return Ok(Remap::Grow { id, end, charge });
    }
    if !has(MREMAP_MAYMOVE) {
        return Err(Errno::ENOMEM);
    }
    let to = limits.unmapped_area(set, 0, request.new_pages(), false)?;
    request.movement(vma, request.from()?, to, (None, None), set, limits.commit)
}

/// The words, lengths in whole pages.
struct Request {
    address: u32,
    old_length: u32,
    new_length: u32,
    flags: u32,
    new_address: u32,
}

impl Request {
    const fn old_pages(&self) -> u32 {
        self.old_length >> PAGE_SHIFT
    }

    const fn new_pages(&self) -> u32 {
        self.new_length >> PAGE_SHIFT
    }

    const fn keeps(&self) -> bool {
        self.flags & MREMAP_DONTUNMAP != 0
    }

    fn from(&self) -> Result<PageRange, Errno> {
        PageRange::with_len(VirtAddr::new(self.address).vpn(), self.old_pages())
            .ok_or(Errno::EFAULT)
    }

    /// What lies behind the new length, as munmap would take it.
    fn shrink(&self, limits: &Limits) -> Result<PageRange, Errno> {
        let start = self.address.wrapping_add(self.new_length);
        if self.old_length == self.new_length {
            return Ok(PageRange::default());
        }
        super::munmap(start, self.old_length - self.new_length, limits)
    }

    fn move_to<B: Backing>(
        &self,
        vma: &Vma<B>,
        set: &VmaSet<B>,
        limits: &Limits,
    ) -> Result<Remap, Errno> {
        let target = VirtAddr::new(self.new_address);
        let room = limits.task_size().checked_sub(self.new_length);
        if !target.is_page_aligned() || room.is_none_or(|room| self.new_address > room) {
            return Err(Errno::EINVAL);
        }
        // Sums wrap here as they do in Linux; what wraps is refused below.
        if self.address.wrapping_add(self.old_length) > self.new_address
            && self.new_address.wrapping_add(self.new_length) > self.address
        {
            return Err(Errno::EINVAL);
        }
        if set.len() + 2 >= MAX_MAP_COUNT - 3 {
            return Err(Errno::ENOMEM);
        }
        let fixed = self.flags & MREMAP_FIXED != 0;
        let clear = if fixed {
            Some(super::munmap(self.new_address, self.new_length, limits)?)
        } else {
            None
        };
        // The rest works on an area that ends at the new length already.
        let tail =
            if self.old_length > self.new_length { Some(self.shrink(limits)?) } else { None };
        let request = Self { old_length: self.old_length.min(self.new_length), ..*self };
        let (credit, charged) = clear.map_or((0, 0), |clear| mapped_pages(set, clear));
        request.check_resize(vma, set, limits, credit)?;
        let kept = request.old_pages();
        if self.keeps() && !limits.may_expand(set.account(), vma.flags(), kept, credit) {
            return Err(Errno::ENOMEM);
        }
        let pages = request.new_pages();
        let to = match clear {
            Some(_) => limits.check_address(self.new_address, pages)?,
            None => {
                let hint = self.new_address & PAGE_MASK;
                limits.unmapped_area(set, hint, pages, false)?
            }
        };
        let commit = limits.commit.saturating_add(charged);
        request.movement(vma, request.from()?, to, (clear, tail), set, commit)
    }

    /// Whether the area has the old length from the address on and may have the new one.
    fn check_resize<B: Backing>(
        &self,
        vma: &Vma<B>,
        set: &VmaSet<B>,
        limits: &Limits,
        credit: u32,
    ) -> Result<(), Errno> {
        let flags = vma.flags();
        let fixed_size = flags.intersects(VmFlags::DONTEXPAND | VmFlags::PFNMAP);
        if self.old_length == 0 && !flags.intersects(VmFlags::SHARED | VmFlags::MAYSHARE) {
            return Err(Errno::EINVAL);
        }
        if self.keeps() && fixed_size {
            return Err(Errno::EINVAL);
        }
        let start = VirtAddr::new(self.address).vpn();
        if self.old_pages() > vma.end().as_u32() - start.as_u32() {
            return Err(Errno::EFAULT);
        }
        if self.old_length == self.new_length {
            return Ok(());
        }
        let reaches = |first: u32| first.checked_add(self.new_pages()).is_some();
        if !reaches(vma.index_of(start)) || !reaches(vma.home_of(start)) {
            return Err(Errno::EINVAL);
        }
        if fixed_size {
            return Err(Errno::EFAULT);
        }
        let more = self.new_pages() - self.old_pages();
        limits.check_locked(set.account(), flags, more)?;
        if !limits.may_expand(set.account(), flags, more, credit) {
            return Err(Errno::ENOMEM);
        }
        Ok(())
    }

    fn movement<B: Backing>(
        &self,
        vma: &Vma<B>,
        from: PageRange,
        to: PageRange,
        (clear, tail): (Option<PageRange>, Option<PageRange>),
        set: &VmaSet<B>,
        commit: u32,
    ) -> Result<Remap, Errno> {
        if set.len() >= MAX_MAP_COUNT - 3 {
            return Err(Errno::ENOMEM);
        }
        // Both copies exist while pages move, so the new one is charged in full.
        let pages = to.len();
        let charge = if vma.flags().contains(VmFlags::ACCOUNT) { pages } else { 0 };
        if charge > commit {
            return Err(Errno::ENOMEM);
        }
        let keep = self.keeps() || from.is_empty();
        Ok(Remap::Move { from, to, clear, tail, keep, charge })
    }
}

/// Where the area would end with `more` pages, if nothing is in the way.
fn expandable<B: Backing>(
    set: &VmaSet<B>,
    id: VmaId,
    vma: &Vma<B>,
    more: u32,
    limits: &Limits,
) -> Option<Vpn> {
    let end = vma.end().checked_add(more).filter(|end| *end <= limits.placement.task_size)?;
    set.next(id).is_none_or(|(_, next)| end <= next.start()).then_some(end)
}
