//! Lists of frames, linked through `mem_map` by frame number.
//!
//! A frame is on one list at a time; which lock guards its links is in the table of [`crate::page`].

use crate::addr::Pfn;
use crate::page::Page;

/// A doubly linked list. Adding, removing and popping take constant time.
#[derive(Debug)]
pub struct IndexList {
    first: Option<Pfn>,
    last: Option<Pfn>,
    len: u32,
}

impl Default for IndexList {
    fn default() -> Self {
        Self::new()
    }
}

impl IndexList {
    pub const fn new() -> Self {
        Self { first: None, last: None, len: 0 }
    }

    pub const fn len(&self) -> u32 {
        self.len
    }

    pub const fn is_empty(&self) -> bool {
        self.len == 0
    }

    pub const fn first(&self) -> Option<Pfn> {
        self.first
    }

    pub const fn last(&self) -> Option<Pfn> {
        self.last
    }

    /// `pfn` must not be on any list.
    #[inline]
    pub fn push_front(&mut self, pages: &[Page], pfn: Pfn) {
        let page = entry(pages, pfn);
        page.set_prev(None);
        page.set_next(self.first);
        match self.first {
            Some(next) => entry(pages, next).set_prev(Some(pfn)),
            None => self.last = Some(pfn),
        }
        self.first = Some(pfn);
        self.len += 1;
    }

    /// `pfn` must not be on any list.
    #[inline]
    pub fn push_back(&mut self, pages: &[Page], pfn: Pfn) {
        let page = entry(pages, pfn);
        page.set_next(None);
        page.set_prev(self.last);
        match self.last {
            Some(prev) => entry(pages, prev).set_next(Some(pfn)),
            None => self.first = Some(pfn),
        }
        self.last = Some(pfn);
        self.len += 1;
    }

    #[inline]
    pub fn pop_front(&mut self, pages: &[Page]) -> Option<Pfn> {
        let pfn = self.first?;
        self.remove(pages, pfn);
        Some(pfn)
    }

    #[inline]
    pub fn pop_back(&mut self, pages: &[Page]) -> Option<Pfn> {
        let pfn = self.last?;
        self.remove(pages, pfn);
        Some(pfn)
    }

    /// `pfn` must be on this list.
    #[inline]
    pub fn remove(&mut self, pages: &[Page], pfn: Pfn) {
        let page = entry(pages, pfn);
        let (prev, next) = (page.prev(), page.next());
        match prev {
            Some(prev) => entry(pages, prev).set_next(next),
            None => self.first = next,
        }
        match next {
            Some(next) => entry(pages, next).set_prev(prev),
            None => self.last = prev,
        }
        self.len -= 1;
    }

    /// From the first to the last. The list must not change meanwhile.
    pub fn iter<'a>(&self, pages: &'a [Page]) -> impl Iterator<Item = Pfn> + use<'a> {
        let mut next = self.first;
        core::iter::from_fn(move || {
            let pfn = next?;
            next = entry(pages, pfn).next();
            Some(pfn)
        })
    }

    /// Whether links and length agree.
    pub fn check(&self, pages: &[Page]) -> bool {
        let mut prev = None;
        let mut seen = 0;
        for pfn in self.iter(pages) {
            if seen == self.len || entry(pages, pfn).prev() != prev {
                return false;
            }
            prev = Some(pfn);
            seen += 1;
        }
        seen == self.len && prev == self.last
    }
}

/// A frame the kernel handles is always in `mem_map`; if not, the kernel is broken.
#[inline]
pub(crate) fn entry(pages: &[Page], pfn: Pfn) -> &Page {
    &pages[pfn.as_u32() as usize]
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::collections::VecDeque;
    use std::vec::Vec;

    proptest! {
        #[test]
        fn agrees_with_a_deque(steps in prop::collection::vec((0u8..5, 0u32..12), 0..80)) {
            let pages: Vec<Page> = (0..12).map(|_| Page::reserved()).collect();
            let mut list = IndexList::new();
            let mut model: VecDeque<Pfn> = VecDeque::new();
            for (step, number) in steps {
                let pfn = Pfn::new(number);
                let on_list = model.contains(&pfn);
                match step {
                    0 if !on_list => {
                        list.push_front(&pages, pfn);
                        model.push_front(pfn);
                    }
                    1 if !on_list => {
                        list.push_back(&pages, pfn);
                        model.push_back(pfn);
                    }
                    2 if on_list => {
                        list.remove(&pages, pfn);
                        model.retain(|&other| other != pfn);
                    }
                    3 => prop_assert_eq!(list.pop_front(&pages), model.pop_front()),
                    4 => prop_assert_eq!(list.pop_back(&pages), model.pop_back()),
                    _ => {}
                }
                prop_assert!(list.check(&pages));
                prop_assert!(list.iter(&pages).eq(model.iter().copied()));
                prop_assert_eq!(list.first(), model.front().copied());
                prop_assert_eq!(list.last(), model.back().copied());
            }
        }
    }
}
