//! Free address space: the classical search downwards from `mmap_base`.

use super::{Backing, STACK_GUARD_GAP, VmaSet};
use crate::addr::{PAGE_SIZE, PageRange, VirtAddr, Vpn};
use crate::arena::NIL;

/// Where new mappings may go.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Placement {
    /// mmap_min_addr, and at least page 1.
    pub lowest: Vpn,
    /// End of the space searched downwards.
    pub mmap_base: Vpn,
    /// End of the user's address space.
    pub task_size: Vpn,
}

impl Placement {
    /// Where the search upwards starts when nothing is free below `mmap_base`.
    pub const fn fallback(self) -> Vpn {
        Vpn::new(self.task_size.as_u32().div_ceil(3))
    }
}

/// The `mmap_base` under a stack that may become `stack_limit` bytes long: below it, its guard
/// gap and the `stack_random` bytes it may start lower, but at least 128 MiB and at most five
/// sixths of the address space from the top; then `random` pages lower.
pub fn mmap_base(task_size: VirtAddr, stack_limit: u32, stack_random: u32, random: u32) -> Vpn {
    let size = task_size.as_u32();
    let gap = stack_limit.saturating_add(stack_random).saturating_add(STACK_GUARD_GAP * PAGE_SIZE);
    let gap = gap.clamp(128 << 20, size / 6 * 5);
    Vpn::new((size - gap).div_ceil(PAGE_SIZE).saturating_sub(random))
}

impl<B: Backing> VmaSet<B> {
    /// The place for `pages` new pages: at `hint` if that is free, else the highest below
    /// `mmap_base`, else the lowest from `fallback` on.
    pub fn place(&self, pages: u32, hint: Option<Vpn>, within: Placement) -> Option<PageRange> {
        if let Some(range) = hint.and_then(|hint| PageRange::with_len(hint, pages))
            && within.lowest <= range.start()
            && range.end() <= within.task_size
            && self.is_free(range)
        {
            return Some(range);
        }
        self.highest_gap(pages, within.lowest, within.mmap_base)
            .or_else(|| self.lowest_gap(pages, within.fallback(), within.task_size))
    }

    /// Whether `range` touches neither areas nor guard gaps.
    pub fn is_free(&self, range: PageRange) -> bool {
        match self.find(range.start()) {
            Some((_, vma)) => range.end().as_u32() <= vma.guarded_start(),
            None => true,
        }
    }

    /// The highest `pages` free pages in `low..high`.
    pub fn highest_gap(&self, pages: u32, low: Vpn, high: Vpn) -> Option<PageRange> {
        let (low, high) = (low.as_u32(), high.as_u32());
        let top = |(start, end): (u32, u32)| {
            let (start, end) = (start.max(low), end.min(high));
            let fits = start < end && pages <= end - start;
            if fits { PageRange::with_len(Vpn::new(end - pages), pages) } else { None }
        };
        // The gap that holds `high`, which may count only in part; then those below.
        let path = self.index.seek(high.checked_sub(1)?);
        let (prev, next) = self.around(&path);
        top((self.end_of(prev), self.guarded_start_of(next)))
            .or_else(|| top(self.gap_before(self.index.gap_below(&path, pages)?)))
    }

    /// The lowest `pages` free pages in `low..high`.
    pub fn lowest_gap(&self, pages: u32, low: Vpn, high: Vpn) -> Option<PageRange> {
        let (low, high) = (low.as_u32(), high.as_u32());
        let bottom = |(start, end): (u32, u32)| {
            let (start, end) = (start.max(low), end.min(high));
            let fits = start < end && pages <= end - start;
            if fits { PageRange::with_len(Vpn::new(start), pages) } else { None }
        };
        // The gap that holds `low`, or begins next above; then those above.
        let mut path = self.index.seek(low);
        let (prev, mut next) = self.around(&path);
        if bottom((self.end_of(prev), self.guarded_start_of(next))).is_none() && next != NIL {
            path = self.index.seek(self.arena[next].vma.start().as_u32());
            next = self.index.gap_above(&path, pages).unwrap_or(NIL);
        }
        let below = if next == NIL { self.last } else { self.arena[next].prev };
        bottom((self.end_of(below), self.guarded_start_of(next)))
    }

    fn end_of(&self, id: u32) -> u32 {
        if id == NIL { 0 } else { self.arena[id].vma.end().as_u32() }
    }

    fn guarded_start_of(&self, id: u32) -> u32 {
        if id == NIL { u32::MAX } else { self.arena[id].vma.guarded_start() }
    }

    fn gap_before(&self, id: u32) -> (u32, u32) {
        let node = &self.arena[id];
        (self.end_of(node.prev), node.vma.guarded_start())
    }
}
