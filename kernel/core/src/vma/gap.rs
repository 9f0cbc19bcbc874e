//! Free address space: the classical search downwards from `mmap_base`.

use super::set::Node;
use super::{Backing, STACK_GUARD_GAP, VmaSet};
use crate::addr::{PAGE_SIZE, PageRange, VirtAddr, Vpn};
use crate::arena::NIL;
use crate::avl::{Node as _, Side};

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
        let top = |start: u32, end: u32| {
            let (start, end) = (start.max(low), end.min(high));
            (start < end && pages <= end - start)
                .then(|| PageRange::with_len(Vpn::new(end - pages), pages))
                .flatten()
        };
        // The gap that holds `high`, which may count only in part, lies before the first area
        // that ends at `high` or above.
        let mut above = NIL;
        let mut id = self.tree.root();
        while id != NIL {
            let node = &self.arena[id];
            if node.vma.end().as_u32() >= high {
                above = id;
                id = node.links().left();
            } else {
                id = node.links().right();
            }
        }
        let (start, end) =
            if above == NIL { (self.end_of(self.last), u32::MAX) } else { self.gap_before(above) };
        top(start, end).or_else(|| {
            let id = self.next_with_gap(above, pages, Side::Left)?;
            let (start, end) = self.gap_before(id);
            top(start, end)
        })
    }

    /// The lowest `pages` free pages in `low..high`.
    pub fn lowest_gap(&self, pages: u32, low: Vpn, high: Vpn) -> Option<PageRange> {
        let (low_page, high) = (low.as_u32(), high.as_u32());
        let bottom = |start: u32, end: u32| {
            let (start, end) = (start.max(low_page), end.min(high));
            (start < end && pages <= end - start)
                .then(|| PageRange::with_len(Vpn::new(start), pages))
                .flatten()
        };
        let mut found = None;
        if let Some((id, _)) = self.find(low) {
            let (start, end) = self.gap_before(id.0);
            found = bottom(start, end).or_else(|| {
                let id = self.next_with_gap(id.0, pages, Side::Right)?;
                let (start, end) = self.gap_before(id);
                bottom(start, end)
            });
        }
        found.or_else(|| bottom(self.end_of(self.last), u32::MAX))
    }

    fn end_of(&self, id: u32) -> u32 {
        if id == NIL { 0 } else { self.arena[id].vma.end().as_u32() }
    }

    fn gap_before(&self, id: u32) -> (u32, u32) {
        let node = &self.arena[id];
        (self.end_of(node.prev), node.vma.guarded_start())
    }

    /// The nearest area on one side of `from` (of the end, if `NIL`) with `pages` free before it.
    fn next_with_gap(&self, from: u32, pages: u32, side: Side) -> Option<u32> {
        let fits = |id: u32| id != NIL && self.arena[id].links().largest() >= pages;
        let mut subtree =
            if from == NIL { self.tree.root() } else { self.arena[from].links().child(side) };
        let mut from = from;
        // Up, until a subtree on this side, or an area between, has the gap.
        while !fits(subtree) {
            if from == NIL {
                return None;
            }
            let parent = self.arena[from].links().parent();
            if parent == NIL {
                return None;
            }
            let up = &self.arena[parent];
            subtree = NIL;
            if up.links().child(side.other()) == from {
                if up.links().weight() >= pages {
                    return Some(parent);
                }
                subtree = up.links().child(side);
            }
            from = parent;
        }
        // Down, to the nearest in it.
        loop {
            let node: &Node<B> = &self.arena[subtree];
            let near = node.links().child(side.other());
            if fits(near) {
                subtree = near;
            } else if node.links().weight() >= pages {
                return Some(subtree);
            } else {
                subtree = node.links().child(side);
            }
        }
    }
}
