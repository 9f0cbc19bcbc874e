//! The slabs of one cache.

use super::Shape;
use crate::addr::Pfn;
use crate::index_list::{IndexList, entry};
use crate::page::{Page, PageFlags};
use core::sync::atomic::{AtomicU32, Ordering::Relaxed};

/// How the kernel shows a slab's memory.
pub trait Slabs {
    /// The first [`Shape::words`] words of a slab that [`Cache::add_slab`] was given.
    fn words(&self, slab: Pfn, words: u32) -> &[AtomicU32];
}

/// What to do after [`Cache::free`].
#[must_use]
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Freed {
    Kept,
    /// The slab is no longer part of the cache; its frame is to be freed.
    Slab(Pfn),
}

/// Something was freed that this cache has not given out: the kernel is broken.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct BadFree;

/// Objects of one shape. Guarded by the cache's lock.
#[derive(Debug)]
pub struct Cache {
    id: u32,
    shape: Shape,
    /// Slabs with free objects and used ones.
    partial: IndexList,
    /// Slabs without used objects; at most one is kept when objects are freed.
    empty: IndexList,
    slabs: u32,
    in_use: u32,
}

impl Cache {
    /// `id` is what the slabs' pages say they belong to; not 0.
    pub const fn new(id: u32, shape: Shape) -> Self {
        let (partial, empty) = (IndexList::new(), IndexList::new());
        Self { id, shape, partial, empty, slabs: 0, in_use: 0 }
    }

    pub const fn shape(&self) -> &Shape {
        &self.shape
    }

    pub const fn slabs(&self) -> u32 {
        self.slabs
    }

    /// Objects given out, those in magazines included.
    pub const fn in_use(&self) -> u32 {
        self.in_use
    }

    /// Makes a frame that nobody uses a slab.
    pub fn add_slab(&mut self, pages: &[Page], slabs: &impl Slabs, slab: Pfn) {
        let page = entry(pages, slab);
        page.reset(PageFlags::SLAB);
        page.set_mapping(self.id, 0);
        if self.shape.words() == 0 {
            page.set_private(self.shape.all_free(0));
        } else {
            page.set_private(self.shape.objects());
            for (index, word) in (0..).zip(slabs.words(slab, self.shape.words())) {
                word.store(self.shape.all_free(index), Relaxed);
            }
        }
        self.slabs += 1;
        self.empty.push_front(pages, slab);
    }

    /// A free object: its slab and its offset there. `None` if a slab must be added first.
    pub fn allocate(&mut self, pages: &[Page], slabs: &impl Slabs) -> Option<(Pfn, u32)> {
        let slab = match self.partial.first() {
            Some(slab) => slab,
            None => {
                let slab = self.empty.pop_front(pages)?;
                self.partial.push_front(pages, slab);
                slab
            }
        };
        let page = entry(pages, slab);
        let (number, left) = if self.shape.words() == 0 {
            let free = page.private();
            (free.trailing_zeros(), free & free.wrapping_sub(1))
        } else {
            let mut words = (0..).zip(slabs.words(slab, self.shape.words()));
            let (index, word) = words.find(|(_, word)| word.load(Relaxed) != 0)?;
            let free = word.load(Relaxed);
            word.store(free & (free - 1), Relaxed);
            (index * 32 + free.trailing_zeros(), page.private() - 1)
        };
        page.set_private(left);
        if left == 0 {
            self.partial.remove(pages, slab);
        }
        self.in_use += 1;
        Some((slab, self.shape.offset(number)))
    }

    /// Takes back the object at `offset` of `slab`.
    pub fn free(
        &mut self,
        pages: &[Page],
        slabs: &impl Slabs,
        slab: Pfn,
        offset: u32,
    ) -> Result<Freed, BadFree> {
        let page = pages.get(slab.as_u32() as usize).ok_or(BadFree)?;
        if !page.has(PageFlags::SLAB) || page.mapping() != self.id {
            return Err(BadFree);
        }
        let number = self.shape.number(offset).ok_or(BadFree)?;
        let before = page.private();
        let all_free = if self.shape.words() == 0 {
            let bit = 1 << number;
            if before & bit != 0 {
                return Err(BadFree);
            }
            page.set_private(before | bit);
            before | bit == self.shape.all_free(0)
        } else {
            let words = slabs.words(slab, self.shape.words());
            let word = words.get((number / 32) as usize).ok_or(BadFree)?;
            let (free, bit) = (word.load(Relaxed), 1 << (number % 32));
            if free & bit != 0 {
                return Err(BadFree);
            }
            word.store(free | bit, Relaxed);
            page.set_private(before + 1);
            before + 1 == self.shape.objects()
        };
        self.in_use -= 1;
        // A slab that was full was on no list.
        match (before == 0, all_free) {
            (true, true) => Ok(self.emptied(pages, slab)),
            (true, false) => {
                self.partial.push_front(pages, slab);
                Ok(Freed::Kept)
            }
            (false, true) => {
                self.partial.remove(pages, slab);
                Ok(self.emptied(pages, slab))
            }
            (false, false) => Ok(Freed::Kept),
        }
    }

    /// Gives up one slab without used objects: when memory is short, and before leaks are counted.
    pub fn shrink(&mut self, pages: &[Page]) -> Option<Pfn> {
        let slab = self.empty.pop_front(pages)?;
        self.give_up(pages, slab);
        Some(slab)
    }

    fn emptied(&mut self, pages: &[Page], slab: Pfn) -> Freed {
        if self.empty.is_empty() {
            self.empty.push_front(pages, slab);
            Freed::Kept
        } else {
            self.give_up(pages, slab);
            Freed::Slab(slab)
        }
    }

    fn give_up(&mut self, pages: &[Page], slab: Pfn) {
        let page = entry(pages, slab);
        page.reset(PageFlags::empty());
        page.set_mapping(0, 0);
        self.slabs -= 1;
    }

    /// What is wrong with lists and counts, if anything. For tests and `ktest`.
    pub fn check(&self, pages: &[Page], slabs: &impl Slabs) -> Result<(), &'static str> {
        if !self.partial.check(pages) || !self.empty.check(pages) {
            return Err("a list is broken");
        }
        let mut free = 0;
        for slab in self.partial.iter(pages).chain(self.empty.iter(pages)) {
            let page = entry(pages, slab);
            if !page.has(PageFlags::SLAB) || page.mapping() != self.id {
                return Err("a listed slab is not marked");
            }
            free += self.free_in(pages, slabs, slab)?;
        }
        for slab in self.empty.iter(pages) {
            if self.free_in(pages, slabs, slab)? != self.shape.objects() {
                return Err("an empty slab is in use");
            }
        }
        if self.slabs * self.shape.objects() == self.in_use + free {
            Ok(())
        } else {
            Err("the count of objects is wrong")
        }
    }

    fn free_in(&self, pages: &[Page], slabs: &impl Slabs, slab: Pfn) -> Result<u32, &'static str> {
        let private = entry(pages, slab).private();
        if self.shape.words() == 0 {
            return Ok(private.count_ones());
        }
        let words = slabs.words(slab, self.shape.words()).iter();
        let free: u32 = words.map(|word| word.load(Relaxed).count_ones()).sum();
        if free == private { Ok(free) } else { Err("bits and count of a slab differ") }
    }
}
