//! What a change of present entries owes: a TLB flush first, then the frames.
//!
//! A frame that an entry mapped may be given away only when no TLB holds the entry any more. A
//! [`Gather`] therefore owns both, and its only way to let go of the frames is through the flush.

use crate::addr::{PageRange, Pfn, Vpn};
use crate::page::Page;
use crate::page_lists::{FreeChain, Taken};

/// Above this many pages the whole TLB is flushed instead (Linux's figure since 3.16).
pub const MAX_SINGLE_FLUSHES: u32 = 33;

/// What has to be done to the TLBs of the CPUs that run the address space.
#[must_use = "a stale TLB entry lets a program use a frame that is no longer its own"]
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Flush {
    Nothing,
    /// One `invlpg` each; also drops what the CPU caches of upper tables.
    Pages(PageRange),
    /// Everything that is not global: reload CR3. A change of PAE's top entries needs it, too.
    All,
}

/// What a [`Gather`] lets go of after the flush.
#[derive(Debug)]
pub enum Released {
    /// Frames that only the removed entries held.
    Free(FreeChain),
    /// The reference that an entry held to a frame others may have, too.
    Frame(Pfn),
    /// A page table without entries.
    Table(Pfn),
}

/// See the module's description. It holds references, so the page-table lock may be dropped before
/// the flush; its owner must not sleep before it.
#[derive(Debug)]
pub struct Gather<'a> {
    free: FreeChain,
    frames: &'a mut [Pfn],
    len: usize,
    /// Tables, linked by `Page::next`.
    tables: Option<Pfn>,
    /// From the lowest to behind the highest page whose entry changed; empty if `start > end`.
    start: u32,
    end: u32,
}

impl<'a> Gather<'a> {
    /// `frames` is room for frames, usually one CPU's.
    #[inline]
    pub fn new(frames: &'a mut [Pfn]) -> Self {
        let free = FreeChain::new();
        Self { free, frames, len: 0, tables: None, start: u32::MAX, end: 0 }
    }

    /// The entry of `page` was present and has been removed or tightened.
    #[inline]
    pub fn note(&mut self, page: Vpn) {
        self.start = self.start.min(page.as_u32());
        self.end = self.end.max(page.as_u32() + 1);
    }

    /// Entries in a range, which is not empty, were present and have been removed.
    #[inline]
    pub fn note_range(&mut self, range: PageRange) {
        self.start = self.start.min(range.start().as_u32());
        self.end = self.end.max(range.end().as_u32());
    }

    /// How many frames can still be held.
    #[inline]
    pub fn room(&self) -> u32 {
        (self.frames.len() - self.len) as u32
    }

    /// Holds the reference an entry had until the flush. Panics without [`Gather::room`].
    #[inline]
    pub fn hold(&mut self, pfn: Pfn) {
        self.frames[self.len] = pfn;
        self.len += 1;
    }

    /// Frees a private page, `pages[pfn]`, if the removed entry was all that held it, and keeps
    /// it until the flush.
    #[inline(always)]
    pub fn take(&mut self, page: &Page, pfn: Pfn) -> Taken {
        self.free.take(page, pfn)
    }

    /// How many frames it holds.
    #[inline]
    pub fn held(&self) -> u32 {
        self.free.len() + self.len as u32
    }

    /// Holds a table that nothing points to any more.
    pub fn hold_table(&mut self, pages: &[Page], table: Pfn) {
        if let Some(page) = pages.get(table.as_u32() as usize) {
            page.set_next(self.tables);
            self.tables = Some(table);
        }
    }

    pub fn is_empty(&self) -> bool {
        self.holds_nothing() && self.start > self.end
    }

    fn holds_nothing(&self) -> bool {
        self.held() == 0 && self.tables.is_none()
    }

    /// Has the TLBs flushed by `invalidate`, then lets go of everything.
    #[inline]
    pub fn flush(
        &mut self,
        pages: &[Page],
        invalidate: impl FnOnce(Flush),
        mut release: impl FnMut(Released),
    ) {
        let flush = self.take_flush();
        if flush != Flush::Nothing {
            invalidate(flush);
        }
        if !self.free.is_empty() {
            release(Released::Free(core::mem::take(&mut self.free)));
        }
        let held = core::mem::take(&mut self.len);
        for &pfn in self.frames.iter().take(held) {
            release(Released::Frame(pfn));
        }
        while let Some(table) = self.tables {
            self.tables = pages.get(table.as_u32() as usize).and_then(Page::next);
            release(Released::Table(table));
        }
    }

    /// The flush alone, of a gather that holds nothing: entries moved or changed.
    #[inline]
    pub fn into_flush(mut self) -> Flush {
        assert!(self.holds_nothing(), "a flush forgets what was held");
        self.take_flush()
    }

    #[inline]
    fn take_flush(&mut self) -> Flush {
        let (start, end) = (self.start, self.end);
        (self.start, self.end) = (u32::MAX, 0);
        if self.tables.is_some() {
            return Flush::All;
        }
        match PageRange::new(Vpn::new(start), Vpn::new(end)) {
            Some(range) if end != 0 && range.len() <= MAX_SINGLE_FLUSHES => Flush::Pages(range),
            Some(_) if end != 0 => Flush::All,
            _ => Flush::Nothing,
        }
    }
}

impl Drop for Gather<'_> {
    fn drop(&mut self) {
        debug_assert!(self.is_empty(), "a gather was dropped before its flush");
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::page::PageFlags;
    use std::vec::Vec;

    /// What [`Released`] says, as something to compare.
    #[derive(PartialEq, Eq, Debug)]
    enum Let {
        Free(Vec<u32>),
        Frame(u32),
        Table(u32),
    }

    fn flush(gather: &mut Gather<'_>, pages: &[Page]) -> (Option<Flush>, Vec<Let>) {
        let (mut flush, mut released) = (None, Vec::new());
        let release = |what| {
            released.push(match what {
                Released::Free(chain) => Let::Free(chain.iter(pages).map(Pfn::as_u32).collect()),
                Released::Frame(pfn) => Let::Frame(pfn.as_u32()),
                Released::Table(pfn) => Let::Table(pfn.as_u32()),
            });
        };
        gather.flush(pages, |what| flush = Some(what), release);
        assert!(gather.is_empty());
        (flush, released)
    }

    #[test]
    fn few_pages_one_by_one_and_many_at_once() {
        let mut room = [Pfn::new(0); 4];
        let mut gather = Gather::new(&mut room);
        assert_eq!(flush(&mut gather, &[]), (None, Vec::new()));
        gather.note(Vpn::new(100));
        gather.note(Vpn::new(132));
        let range = PageRange::with_len(Vpn::new(100), 33).unwrap();
        assert_eq!(flush(&mut gather, &[]).0, Some(Flush::Pages(range)));
        gather.note(Vpn::new(100));
        gather.note(Vpn::new(133));
        assert_eq!(flush(&mut gather, &[]).0, Some(Flush::All));
        gather.note(Vpn::new(0));
        let first = PageRange::with_len(Vpn::new(0), 1).unwrap();
        assert_eq!(flush(&mut gather, &[]).0, Some(Flush::Pages(first)));
    }

    #[test]
    fn frames_and_tables_come_back_after_the_flush() {
        let pages: Vec<Page> = (0..4).map(|_| Page::reserved()).collect();
        pages[2].reset(PageFlags::empty());
        pages[2].set_refcount(1);
        pages[2].become_private(1, 0);
        let mut room = [Pfn::new(0); 2];
        let mut gather = Gather::new(&mut room);
        gather.note(Vpn::new(7));
        assert_eq!(gather.take(&pages[0], Pfn::new(0)), Taken::Not);
        gather.hold(Pfn::new(0));
        assert_eq!(gather.room(), 1);
        assert_eq!(gather.take(&pages[2], Pfn::new(2)), Taken::Freed);
        assert_eq!((gather.room(), gather.held()), (1, 2));
        gather.hold_table(&pages, Pfn::new(1));
        gather.hold_table(&pages, Pfn::new(3));
        let (flush, released) = flush(&mut gather, &pages);
        assert_eq!(flush, Some(Flush::All));
        let expected = [Let::Free([2].into()), Let::Frame(0), Let::Table(3), Let::Table(1)];
        assert_eq!(released, expected);
        assert_eq!(gather.room(), 2);
    }

    #[test]
    #[should_panic(expected = "before its flush")]
    fn a_gather_cannot_be_forgotten() {
        let mut room = [Pfn::new(0); 1];
        Gather::new(&mut room).note(Vpn::new(1));
    }
}
