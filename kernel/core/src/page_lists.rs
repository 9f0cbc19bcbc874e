//! Single frames in front of a zone's buddy allocator, one stack per CPU and zone.
//!
//! Most requests are for one frame, and most are served here by two loads and a store; marks are
//! looked at when a stack is filled again. A frame on a stack is neither free nor in use.

mod free_chain;
#[cfg(test)]
mod tests;

pub use free_chain::{FreeChain, Taken};

use crate::addr::{FrameRange, Pfn};
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

    /// Above how many a batch goes back, and how many that are.
    pub const fn limits(&self) -> (u32, u32) {
        (self.high, self.batch)
    }

    pub const fn is_empty(&self) -> bool {
        self.len == 0
    }

    #[inline(always)]
    pub fn pop(&mut self, pages: &[Page]) -> Option<Pfn> {
        let rest = self.len.checked_sub(1)?;
        let pfn = Pfn::new(self.top);
        self.top = entry(pages, pfn).next().map_or(NO_PFN, Pfn::as_u32);
        self.len = rest;
        Some(pfn)
    }

    /// Puts a frame nobody uses on the stack. `true` if it is time for [`PageLists::shrink`].
    #[inline]
    #[must_use]
    pub fn push(&mut self, pages: &[Page], pfn: Pfn) -> bool {
        self.link(pages, pfn, pfn, 1);
        self.is_full()
    }

    /// Puts a chain of frames nobody uses on the stack. `true` if it is time for
    /// [`PageLists::shrink`].
    #[inline]
    #[must_use]
    pub fn push_chain(&mut self, pages: &[Page], chain: FreeChain) -> bool {
        if let Some((first, last, count)) = chain.into_parts() {
            self.link(pages, first, last, count);
        }
        self.is_full()
    }

    /// Puts frames on the stack that are linked to each other from `first` to `last`.
    #[inline]
    fn link(&mut self, pages: &[Page], first: Pfn, last: Pfn, count: u32) {
        entry(pages, last).set_next((self.top != NO_PFN).then_some(Pfn::new(self.top)));
        self.top = first.as_u32();
        self.len += count;
    }

    const fn is_full(&self) -> bool {
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
        self.link(pages, block, Pfn::new(first + count - 1), count);
    }

    /// Gives back what is too much, about a batch at a time.
    pub fn shrink(&mut self, pages: &[Page], buddy: &mut Buddy) {
        while self.is_full() {
            self.give_back(pages, buddy, self.batch);
        }
    }

    /// Gives everything back: when memory is short, and before leaks are counted.
    pub fn drain(&mut self, pages: &[Page], buddy: &mut Buddy) {
        self.give_back(pages, buddy, u32::MAX);
    }

    /// What was freed together often lies together, and goes back as the blocks it came from:
    /// merging frame by frame costs far more.
    fn give_back(&mut self, pages: &[Page], buddy: &mut Buddy, at_least: u32) {
        let (mut start, mut end) = (0, 0);
        let mut given = 0;
        while given < at_least || self.continues_block(start) {
            let Some(pfn) = self.pop(pages) else { break };
            let pfn = pfn.as_u32();
            if pfn + 1 == start {
                start = pfn;
            } else if pfn == end {
                end += 1;
            } else {
                free_run(pages, buddy, start, end);
                (start, end) = (pfn, pfn + 1);
            }
            given += 1;
        }
        free_run(pages, buddy, start, end);
    }

    /// Whether the next frame lies right below `start` in the same block. A batch is one less than
    /// a block.
    fn continues_block(&self, start: u32) -> bool {
        start & self.batch != 0 && self.top == start - 1
    }
}

fn free_run(pages: &[Page], buddy: &mut Buddy, start: u32, end: u32) {
    if let Some(run) = FrameRange::new(Pfn::new(start), Pfn::new(end)) {
        buddy.free_range(pages, run);
    }
}
