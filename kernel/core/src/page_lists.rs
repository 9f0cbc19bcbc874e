//! Single frames in front of a zone's buddy allocator, one stack per CPU and zone.
//!
//! Most requests are for one frame, and most are served here by two loads and a store; marks are
//! looked at when a stack is filled again. A frame on a stack is neither free nor in use.

use crate::addr::Pfn;
use crate::buddy::Buddy;
use crate::index_list::entry;
use crate::page::{NO_PFN, Page};

/// One CPU's stack of one zone's frames, linked through `Page::next`.
#[derive(Debug)]
pub struct PageLists {
    top: u32,
    len: u32,
    /// Frames moved at a time.
    batch: u32,
    /// Above this many, a batch goes back.
    high: u32,
}

/// How many frames a CPU moves at a time, from the zone's size: a thousandth, at most 64, of which
/// a quarter, and then one less than a power of two, so that stacks do not march in step with
/// caches.
pub const fn batch(present: u32) -> u32 {
    let quarter = if present / 1024 < 64 { present / 4096 } else { 16 };
    let quarter = if quarter == 0 { 1 } else { quarter };
    // One less than the power of two above one and a half times as much.
    let wide = quarter + quarter / 2;
    (1 << wide.ilog2()) * 2 - 1
}

impl PageLists {
    pub const fn new(batch: u32) -> Self {
        Self { top: NO_PFN, len: 0, batch, high: 6 * batch }
    }

    pub const fn len(&self) -> u32 {
        self.len
    }

    pub const fn is_empty(&self) -> bool {
        self.len == 0
    }

    #[inline(always)]
    pub fn pop(&mut self, pages: &[Page]) -> Option<Pfn> {
        if self.top == NO_PFN {
            return None;
        }
        let pfn = Pfn::new(self.top);
        self.top = entry(pages, pfn).next().map_or(NO_PFN, Pfn::as_u32);
        self.len -= 1;
        Some(pfn)
    }

    /// Puts a frame nobody uses on the stack. `true` if it is time for [`PageLists::shrink`].
    #[inline]
    #[must_use]
    pub fn push(&mut self, pages: &[Page], pfn: Pfn) -> bool {
        entry(pages, pfn).set_next((self.top != NO_PFN).then_some(Pfn::new(self.top)));
        self.top = pfn.as_u32();
        self.len += 1;
        self.len > self.high
    }

    /// Takes about a batch from the zone, or as much of it as there is: one block if there is one
    /// so large, because taking frames one by one costs more than using them. `false` if the stack
    /// stays empty.
    pub fn fill(&mut self, pages: &[Page], buddy: &mut Buddy) -> bool {
        let mut order = (self.batch + 1).ilog2();
        let mut wanted = 1u32 << order;
        while wanted != 0 {
            let Some(block) = buddy.allocate(pages, order) else {
                if order == 0 {
                    break;
                }
                order -= 1;
                continue;
            };
            self.push_block(pages, block, 1 << order);
            wanted = wanted.saturating_sub(1 << order);
        }
        !self.is_empty()
    }

    /// Puts a block of frames nobody uses on the stack. Its lowest frame is used first.
    fn push_block(&mut self, pages: &[Page], block: Pfn, count: u32) {
        let first = block.as_u32();
        let frames = &pages[first as usize..(first + count) as usize];
        let mut next = first;
        for page in frames {
            next = next.wrapping_add(1);
            page.set_next(Some(Pfn::new(next)));
        }
        if let Some(last) = frames.last() {
            last.set_next((self.top != NO_PFN).then_some(Pfn::new(self.top)));
            self.top = first;
            self.len += count;
        }
    }

    /// Gives a batch back.
    pub fn shrink(&mut self, pages: &[Page], buddy: &mut Buddy) {
        self.give_back(pages, buddy, self.batch);
    }

    /// Gives everything back: when memory is short, and before leaks are counted.
    pub fn drain(&mut self, pages: &[Page], buddy: &mut Buddy) {
        self.give_back(pages, buddy, u32::MAX);
    }

    fn give_back(&mut self, pages: &[Page], buddy: &mut Buddy, at_most: u32) {
        for _ in 0..at_most {
            let Some(pfn) = self.pop(pages) else { return };
            buddy.free(pages, pfn, 0);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::addr::FrameRange;
    use crate::page::PageFlags;
    use proptest::prelude::*;
    use std::vec::Vec;

    #[test]
    fn batches_grow_with_the_zone_up_to_31() {
        assert_eq!(
            [0, 4096, 8192, 65535, 65536, 225_280, u32::MAX].map(batch),
            [1, 1, 3, 31, 31, 31, 31]
        );
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]

        #[test]
        fn every_frame_is_in_one_place(
            frames in 1u32..200,
            batch in 1u32..8,
            steps in prop::collection::vec((0u8..8, any::<prop::sample::Index>()), 0..200),
        ) {
            let pages: Vec<Page> = (0..frames).map(|_| Page::reserved()).collect();
            pages.iter().for_each(|page| page.reset(PageFlags::empty()));
            let zone = FrameRange::with_len(Pfn::new(0), frames).unwrap();
            let mut buddy = Buddy::new(zone);
            buddy.free_range(&pages, zone);
            let mut lists = PageLists::new(batch);
            let mut held: Vec<Pfn> = Vec::new();
            for (step, index) in steps {
                match step {
                    0..4 => {
                        let free = buddy.free_frames() + lists.len();
                        let filled = !lists.is_empty() || lists.fill(&pages, &mut buddy);
                        prop_assert_eq!(filled, free != 0);
                        if let Some(pfn) = lists.pop(&pages) {
                            prop_assert!(!held.contains(&pfn));
                            held.push(pfn);
                        }
                    }
                    4..7 if !held.is_empty() => {
                        let pfn = held.swap_remove(index.index(held.len()));
                        if lists.push(&pages, pfn) {
                            lists.shrink(&pages, &mut buddy);
                        }
                        prop_assert!(lists.len() <= 6 * batch);
                    }
                    7 => {
                        lists.drain(&pages, &mut buddy);
                        prop_assert!(lists.is_empty());
                    }
                    _ => {}
                }
                prop_assert_eq!(buddy.free_frames() + lists.len() + held.len() as u32, frames);
                prop_assert_eq!(buddy.check(&pages), Ok(()));
            }
        }
    }
}
