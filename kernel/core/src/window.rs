//! Addresses of the vmalloc window: areas of pages, each with an unmapped guard page behind it.
//!
//! One bit per page of the window (3.5 KiB for 112 MiB), so that giving out an area needs no
//! memory. The lowest fitting place is taken; nothing below the hint is free.

use crate::addr::{PageRange, Vpn};
use crate::bitmap::Bitmap;

/// See the module's description. Guarded by one lock.
#[derive(Debug)]
pub struct Window<'a> {
    start: Vpn,
    used: Bitmap<'a>,
    /// No page below this one is free.
    hint: u32,
}

/// An area was freed that had not been given out: the kernel is broken.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct BadFree;

impl<'a> Window<'a> {
    /// `words` must have [`bitmap_words`](crate::bitmap::bitmap_words) of the window's length.
    pub fn new(words: &'a mut [u32], window: PageRange) -> Option<Self> {
        let mut used = Bitmap::new(words, window.len())?;
        used.write(0, window.len(), false);
        Some(Self { start: window.start(), used, hint: 0 })
    }

    /// `pages` pages, the first at a multiple of `align` pages. The guard page is not part of the
    /// range.
    pub fn allocate(&mut self, pages: u32, align: u32) -> Option<PageRange> {
        if pages == 0 || align == 0 {
            return None;
        }
        let with_guard = pages.checked_add(1)?;
        // Alignment is that of addresses, whatever the window starts with.
        let skew = self.start.as_u32() % align;
        let mut from = self.hint;
        let first = loop {
            let found = self.used.next_clear_run(from, with_guard, 1)?;
            let aligned = found.checked_add(skew)?.checked_next_multiple_of(align)? - skew;
            if aligned == found {
                break found;
            }
            from = aligned;
        };
        let end = first + with_guard;
        self.used.write(first, end, true);
        if let Some(free) = self.used.next(self.hint, false) {
            self.hint = free;
        }
        PageRange::with_len(Vpn::new(self.start.as_u32() + first), pages)
    }

    /// Takes an area back whose pages are unmapped and flushed.
    pub fn free(&mut self, area: PageRange) -> Result<(), BadFree> {
        let first = area.start().as_u32().checked_sub(self.start.as_u32()).ok_or(BadFree)?;
        let end = first.checked_add(area.len() + 1).ok_or(BadFree)?;
        let all_used = self.used.next(first, false).is_none_or(|free| free >= end);
        if area.is_empty() || end > self.used.len() || !all_used {
            return Err(BadFree);
        }
        self.used.write(first, end, false);
        self.hint = self.hint.min(first);
        Ok(())
    }

    /// Pages that are neither in an area nor a guard.
    pub fn free_pages(&self) -> u32 {
        self.used.count_clear()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::vec::Vec;

    fn window(words: &mut [u32], start: u32, len: u32) -> Window<'_> {
        let range = PageRange::with_len(Vpn::new(start), len).unwrap();
        Window::new(words, range).unwrap()
    }

    #[test]
    fn areas_have_a_guard_between_them() {
        let mut words = [u32::MAX; 2];
        let mut window = window(&mut words, 0xf8800, 64);
        let first = window.allocate(2, 1).unwrap();
        let second = window.allocate(2, 1).unwrap();
        assert_eq!(second.start().as_u32() - first.end().as_u32(), 1);
        assert_eq!(window.free(first), Ok(()));
        assert_eq!(window.free(first), Err(BadFree));
        assert_eq!(window.allocate(2, 1), Some(first));
        assert_eq!(window.allocate(64, 1), None);
        assert_eq!(window.allocate(0, 1), None);
        assert_eq!(window.allocate(u32::MAX, 1), None);
    }

    #[test]
    fn alignment_is_that_of_addresses() {
        let mut words = [0; 2];
        let mut window = window(&mut words, 0xf8803, 64);
        assert_eq!(window.allocate(2, 8).unwrap().start().as_u32(), 0xf8808);
        assert_eq!(window.allocate(1, 1).unwrap().start().as_u32(), 0xf8803);
    }

    #[test]
    fn what_is_not_an_area_cannot_be_freed() {
        let mut words = [0; 2];
        let mut window = window(&mut words, 100, 64);
        let range = |start, len| PageRange::with_len(Vpn::new(start), len).unwrap();
        for wrong in [range(99, 1), range(100, 1), range(163, 1), range(0, 0), range(300, 2)] {
            assert_eq!(window.free(wrong), Err(BadFree));
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]

        #[test]
        fn areas_never_touch(
            start in 0u32..40,
            steps in prop::collection::vec((any::<bool>(), 1u32..12, 0u32..4, any::<prop::sample::Index>()), 0..80),
        ) {
            let mut words = [0; 4];
            let mut window = window(&mut words, start, 120);
            let mut held: Vec<PageRange> = Vec::new();
            for (allocate, pages, shift, index) in steps {
                if allocate {
                    let fits = |first: u32| {
                        let range = PageRange::with_len(Vpn::new(first), pages + 1).unwrap();
                        let guarded = |area: &PageRange| {
                            PageRange::with_len(area.start(), area.len() + 1).unwrap()
                        };
                        first.is_multiple_of(1 << shift)
                            && first + pages < start + 120
                            && held.iter().all(|area| !guarded(area).overlaps(range))
                    };
                    let first = (start..start + 120).find(|&first| fits(first));
                    let area = window.allocate(pages, 1 << shift);
                    prop_assert_eq!(area.map(|area| area.start().as_u32()), first);
                    held.extend(area);
                } else if !held.is_empty() {
                    let area = held.swap_remove(index.index(held.len()));
                    prop_assert_eq!(window.free(area), Ok(()));
                }
                let used: u32 = held.iter().map(|area| area.len() + 1).sum();
                prop_assert_eq!(window.free_pages(), 120 - used);
            }
        }
    }
}
