//! The buddy allocator of one zone: blocks of 2^0 to 2^10 frames, each aligned to its size.
//!
//! A free block's head has [`PageFlags::BUDDY`] and its order in `private`. Zones may start and
//! end anywhere: a block's buddy counts only if it is a free head of the same order within the
//! zone, which frames outside of memory never are.

use crate::addr::{FrameRange, Pfn};
use crate::index_list::{IndexList, entry};
use crate::page::{Page, PageFlags};

#[cfg(test)]
mod tests;

/// The highest order: 4 MiB.
pub const MAX_ORDER: u32 = 10;
const ORDERS: usize = MAX_ORDER as usize + 1;

/// Free blocks by order. Guarded by the zone's lock.
#[derive(Debug)]
pub struct Buddy {
    zone: FrameRange,
    free: [IndexList; ORDERS],
    free_frames: u32,
}

impl Buddy {
    /// Without any free frame.
    pub const fn new(zone: FrameRange) -> Self {
        Self { zone, free: [const { IndexList::new() }; ORDERS], free_frames: 0 }
    }

    pub const fn zone(&self) -> FrameRange {
        self.zone
    }

    pub const fn free_frames(&self) -> u32 {
        self.free_frames
    }

    /// Number of free blocks of exactly this order.
    pub fn free_blocks(&self, order: u32) -> u32 {
        self.free.get(order as usize).map_or(0, IndexList::len)
    }

    /// `2^order` frames, or `None` if there is no block as large.
    #[inline]
    pub fn allocate(&mut self, pages: &[Page], order: u32) -> Option<Pfn> {
        let mut found = order;
        let head = loop {
            match self.free.get_mut(found as usize)?.pop_front(pages) {
                Some(head) => break head,
                None => found += 1,
            }
        };
        entry(pages, head).clear(PageFlags::BUDDY);
        while found > order {
            found -= 1;
            // The lower half is split further or given out, the upper half stays.
            self.put(pages, Pfn::new(head.as_u32() + (1 << found)), found);
        }
        self.free_frames -= 1 << order;
        Some(head)
    }

    /// Takes back a block that [`Buddy::allocate`] gave out at this order.
    #[inline]
    pub fn free(&mut self, pages: &[Page], block: Pfn, order: u32) {
        debug_assert!(order <= MAX_ORDER && block.as_u32().is_multiple_of(1 << order));
        debug_assert!(!entry(pages, block).has(PageFlags::BUDDY), "{block:?} freed twice");
        self.free_frames += 1 << order;
        let (mut head, mut order) = (block.as_u32(), order);
        while order < MAX_ORDER {
            let buddy = Pfn::new(head ^ 1 << order);
            if !self.zone.contains(buddy) {
                break;
            }
            let page = entry(pages, buddy);
            if !page.has(PageFlags::BUDDY) || page.private() != order {
                break;
            }
            page.clear(PageFlags::BUDDY);
            self.free[order as usize].remove(pages, buddy);
            head &= !(1 << order);
            order += 1;
        }
        self.put(pages, Pfn::new(head), order);
    }

    /// Frees a run of frames in blocks as large as they fit.
    pub fn free_range(&mut self, pages: &[Page], range: FrameRange) {
        let (mut head, end) = (range.start().as_u32(), range.end().as_u32());
        while head < end {
            let fits = (end - head).ilog2();
            let order = head.trailing_zeros().min(fits).min(MAX_ORDER);
            self.free(pages, Pfn::new(head), order);
            head += 1 << order;
        }
    }

    #[inline]
    fn put(&mut self, pages: &[Page], head: Pfn, order: u32) {
        let page = entry(pages, head);
        page.set(PageFlags::BUDDY);
        page.set_private(order);
        self.free[order as usize].push_front(pages, head);
    }

    /// What is wrong with the lists, if anything. For tests and `ktest`; visits every free block.
    pub fn check(&self, pages: &[Page]) -> Result<(), &'static str> {
        let mut frames = 0;
        for (order, list) in (0..).zip(&self.free) {
            if !list.check(pages) {
                return Err("a list is broken");
            }
            for head in list.iter(pages) {
                let page = entry(pages, head);
                let block = FrameRange::with_len(head, 1 << order).unwrap_or_default();
                if !page.has(PageFlags::BUDDY) || page.private() != order {
                    return Err("a free block is not marked");
                }
                if page.has(PageFlags::RESERVED) {
                    return Err("a reserved frame is free");
                }
                if !head.as_u32().is_multiple_of(1 << order) || !self.zone.contains_range(block) {
                    return Err("a free block lies wrong");
                }
                if block.frames().skip(1).any(|pfn| entry(pages, pfn).has(PageFlags::BUDDY)) {
                    return Err("free blocks overlap");
                }
                let buddy = Pfn::new(head.as_u32() ^ 1 << order);
                if order < MAX_ORDER && self.zone.contains(buddy) {
                    let page = entry(pages, buddy);
                    if page.has(PageFlags::BUDDY) && page.private() == order {
                        return Err("two buddies were not merged");
                    }
                }
                frames += block.len();
            }
        }
        if frames == self.free_frames { Ok(()) } else { Err("the count of free frames is wrong") }
    }
}
