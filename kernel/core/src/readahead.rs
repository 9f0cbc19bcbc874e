//! Which pages of an object to fetch, and to map, beyond the one that is needed.
//!
//! ```text
//!  reads          ► ►          (sequential)
//!  windows   |0 1 2 3|4 5 6 7 8 9 10 11|12 ...      4, 8, 16, 32, 32 pages
//!  marker       ^     ^                 ^           reading it fetches the next window
//! ```

use crate::addr::{PageRange, Vpn};
use crate::vma::VmFlags;

/// First window of a sequence.
pub const MIN_WINDOW: u32 = 4;
/// Largest window: 128 KiB.
pub const MAX_WINDOW: u32 = 32;
/// Pages one fault may map: 64 KiB, aligned.
pub const FAULT_AROUND: u32 = 16;

const NO_MARKER: u32 = u32::MAX;

/// Consecutive pages of an object.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Span {
    pub first: u32,
    pub count: u32,
}

impl Span {
    /// `count` pages from `first`, as far as an object of `size` pages has them.
    const fn within(first: u32, count: u32, size: u32) -> Self {
        let rest = size.saturating_sub(first);
        Self { first, count: if count < rest { count } else { rest } }
    }

    pub const fn end(self) -> u32 {
        self.first + self.count
    }

    pub const fn contains(self, index: u32) -> bool {
        self.first <= index && index - self.first < self.count
    }
}

/// What a descriptor's reader said of its intentions (fadvise).
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Advice {
    #[default]
    Normal,
    /// Twice the window.
    Sequential,
    /// Only what is read.
    Random,
}

/// The reading habit of one open-file description.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Readahead {
    window: Span,
    marker: u32,
    /// The page after the last one read.
    next: u32,
    pub advice: Advice,
}

impl Default for Readahead {
    fn default() -> Self {
        Self::new()
    }
}

impl Readahead {
    /// Of a description nobody has read.
    pub const fn new() -> Self {
        let window = Span { first: 0, count: 0 };
        Self { window, marker: NO_MARKER, next: 0, advice: Advice::Normal }
    }

    /// Notes that the pages before `next` have been read.
    #[inline]
    pub fn read_up_to(&mut self, next: u32) {
        self.next = next;
    }

    /// Page `index` is not there and `wanted` pages from it are: what to fetch now. `size` is the
    /// object's length in pages, more than `index`.
    pub fn miss(&mut self, index: u32, wanted: u32, size: u32) -> Span {
        let wanted = wanted.clamp(1, self.limit());
        let in_sequence = index == self.next || index.checked_add(1) == Some(self.next);
        let count = if self.advice == Advice::Random || !in_sequence {
            wanted
        } else if self.window.count != 0 && index == self.window.end() {
            self.doubled().max(wanted)
        } else {
            (wanted.next_power_of_two() * 2).clamp(MIN_WINDOW, self.limit())
        };
        self.window = Span::within(index, count, size);
        self.marker = if count > wanted { index + wanted } else { NO_MARKER };
        self.window
    }

    /// Page `index` is there. At the marker, what to fetch before anybody asks.
    #[inline]
    pub fn hit(&mut self, index: u32, size: u32) -> Option<Span> {
        if index == self.marker { self.advance(size) } else { None }
    }

    #[inline(never)]
    fn advance(&mut self, size: u32) -> Option<Span> {
        let next = Span::within(self.window.end(), self.doubled(), size);
        self.marker = NO_MARKER;
        if next.count == 0 {
            return None;
        }
        self.window = next;
        self.marker = next.first;
        Some(next)
    }

    fn doubled(&self) -> u32 {
        (self.window.count * 2).clamp(MIN_WINDOW, self.limit())
    }

    const fn limit(&self) -> u32 {
        match self.advice {
            Advice::Sequential => 2 * MAX_WINDOW,
            Advice::Normal | Advice::Random => MAX_WINDOW,
        }
    }
}

/// What to fetch for a page fault at `index` of an object of `size` pages: around it, or as
/// madvise said.
pub const fn around(index: u32, size: u32, flags: VmFlags) -> Span {
    if flags.contains(VmFlags::RAND_READ) {
        Span::within(index, 1, size)
    } else if flags.contains(VmFlags::SEQ_READ) {
        Span::within(index, MAX_WINDOW, size)
    } else {
        Span::within(index.saturating_sub(MAX_WINDOW / 2), MAX_WINDOW, size)
    }
}

/// The pages of an area that a fault at `page` may map if they are cached. They lie in one page
/// table.
pub fn fault_around(page: Vpn, area: PageRange) -> PageRange {
    let first = Vpn::new(page.as_u32() / FAULT_AROUND * FAULT_AROUND);
    PageRange::with_len(first, FAULT_AROUND)
        .and_then(|window| window.intersection(area))
        .unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::collections::BTreeSet;
    use std::vec::Vec;

    /// A reader with a cache that never forgets; returns what was fetched, in order.
    struct Reader {
        state: Readahead,
        cached: BTreeSet<u32>,
        size: u32,
    }

    impl Reader {
        fn read(&mut self, index: u32, count: u32) -> Vec<Span> {
            let mut spans = Vec::new();
            for page in index..(index + count).min(self.size) {
                let span = if self.cached.contains(&page) {
                    self.state.hit(page, self.size)
                } else {
                    Some(self.state.miss(page, (index + count).min(self.size) - page, self.size))
                };
                self.cached.extend(span.iter().flat_map(|span| span.first..span.end()));
                spans.extend(span);
                self.state.read_up_to(page + 1);
            }
            spans
        }
    }

    fn reader(size: u32) -> Reader {
        Reader { state: Readahead::new(), cached: BTreeSet::new(), size }
    }

    #[test]
    fn a_sequence_fetches_every_page_once_in_growing_windows() {
        let mut reader = reader(150);
        let spans: Vec<_> = (0..150).flat_map(|page| reader.read(page, 1)).collect();
        let counts: Vec<_> = spans.iter().map(|span| span.count).collect();
        assert_eq!(counts, [4, 8, 16, 32, 32, 32, 26]);
        assert!(spans.windows(2).all(|pair| pair[0].end() == pair[1].first));
    }

    #[test]
    fn random_reads_fetch_what_is_read() {
        let mut reader = reader(1000);
        for page in [500, 30, 700, 100] {
            assert_eq!(reader.read(page, 2), [Span { first: page, count: 2 }]);
        }
        reader.state.advice = Advice::Random;
        assert_eq!(reader.read(102, 1), [Span { first: 102, count: 1 }]);
    }

    #[test]
    fn large_reads_start_large() {
        assert_eq!(reader(1000).read(0, 8)[0], Span { first: 0, count: 16 });
        assert_eq!(reader(1000).read(0, 100)[0], Span { first: 0, count: 32 });
    }

    #[test]
    fn faults_fetch_around_and_map_aligned() {
        let span = |first, count| Span { first, count };
        assert_eq!(around(100, 1000, VmFlags::empty()), span(84, 32));
        assert_eq!(around(3, 10, VmFlags::empty()), span(0, 10));
        assert_eq!(around(3, 10, VmFlags::RAND_READ), span(3, 1));
        assert_eq!(around(3, 100, VmFlags::SEQ_READ), span(3, 32));
        let area = PageRange::new(Vpn::new(20), Vpn::new(100)).unwrap();
        let pages = |page| {
            let range = fault_around(Vpn::new(page), area);
            (range.start().as_u32(), range.end().as_u32())
        };
        assert_eq!(pages(25), (20, 32));
        assert_eq!(pages(32), (32, 48));
        assert_eq!(pages(99), (96, 100));
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]
        #[test]
        fn whatever_is_read_was_fetched_and_nothing_is_outside(
            size in 1..200u32,
            advice in prop::sample::select([Advice::Normal, Advice::Sequential, Advice::Random].as_slice()),
            reads in prop::collection::vec((0..200u32, 1..50u32, any::<bool>()), 1..50),
        ) {
            let mut reader = reader(size);
            reader.state.advice = advice;
            let mut at = 0;
            for (to, count, seek) in reads {
                if seek || at >= size {
                    at = to % size;
                }
                for span in reader.read(at, count) {
                    prop_assert!(span.count > 0 && span.end() <= size);
                    prop_assert!(span.count <= 2 * MAX_WINDOW);
                    prop_assert!(advice != Advice::Random || span.end() <= at + count);
                }
                prop_assert!((at..(at + count).min(size)).all(|page| reader.cached.contains(&page)));
                at += count;
            }
        }
    }
}
