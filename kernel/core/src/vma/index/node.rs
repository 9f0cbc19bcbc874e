//! A node: entries in order of their starts.

use core::ops::Range;

#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub(in crate::vma) struct Entry {
    pub start: u32,
    /// Of the area, or of the node below.
    pub id: u32,
    /// In front of the area, or the largest below.
    pub gap: u32,
}

/// At most `F` entries, a power of two. Starts lie side by side, because they are searched.
pub(super) struct Node<const F: usize> {
    len: u32,
    /// The next spare node, if it is one.
    pub next: u32,
    /// Behind the last entry the largest number.
    starts: [u32; F],
    ids: [u32; F],
    gaps: [u32; F],
}

impl<const F: usize> Node<F> {
    pub const fn new(next: u32) -> Self {
        const { assert!(F.is_power_of_two()) };
        Self { len: 0, next, starts: [u32::MAX; F], ids: [0; F], gaps: [0; F] }
    }

    #[inline(always)]
    pub fn len(&self) -> usize {
        self.len as usize
    }

    pub fn is_full(&self) -> bool {
        self.len() == F
    }

    /// The last entry that starts at `start` or below, or else the first: one comparison for each
    /// bit of its number.
    #[inline(always)]
    pub fn seek(&self, start: u32) -> usize {
        let mut at = 0;
        for bit in (0..F.ilog2()).rev() {
            // Not `|`: that the compiler takes for a value to keep, a sum for part of an address.
            if self.starts[at + (1 << bit)] <= start {
                at += 1 << bit;
            }
        }
        at
    }

    /// The number of entries that start at `start` or below.
    #[inline(always)]
    pub fn up_to(&self, start: u32) -> usize {
        let at = self.seek(start);
        if self.starts[at] <= start { at + 1 } else { at }
    }

    #[inline(always)]
    pub fn id(&self, at: usize) -> u32 {
        self.ids[at]
    }

    pub fn entry(&self, at: usize) -> Entry {
        Entry { start: self.starts[at], id: self.ids[at], gap: self.gaps[at] }
    }

    pub fn first_start(&self) -> u32 {
        self.starts[0]
    }

    #[inline]
    pub fn gap_mut(&mut self, at: usize) -> Option<&mut u32> {
        let len = self.len();
        self.gaps.get_mut(..len)?.get_mut(at)
    }

    #[inline]
    pub fn set(&mut self, at: usize, entry: Entry) {
        (self.starts[at], self.ids[at], self.gaps[at]) = (entry.start, entry.id, entry.gap);
    }

    /// Puts an entry in. There is room.
    #[inline]
    pub fn insert(&mut self, at: usize, entry: Entry) {
        let behind = at..self.len();
        if !behind.is_empty() {
            self.starts.copy_within(behind.clone(), at + 1);
            self.ids.copy_within(behind.clone(), at + 1);
            self.gaps.copy_within(behind, at + 1);
        }
        self.set(at, entry);
        self.len += 1;
    }

    #[inline]
    pub fn remove(&mut self, at: usize) -> Entry {
        let gone = self.entry(at);
        let behind = at + 1..self.len();
        if !behind.is_empty() {
            self.starts.copy_within(behind.clone(), at);
            self.ids.copy_within(behind.clone(), at);
            self.gaps.copy_within(behind, at);
        }
        self.len -= 1;
        self.starts[self.len as usize] = u32::MAX;
        gone
    }

    /// Moves the entries from `at` on behind those of `to`. There is room.
    pub fn move_tail(&mut self, at: usize, to: &mut Self) {
        for from in at..self.len() {
            to.insert(to.len(), self.entry(from));
        }
        self.starts[at..].fill(u32::MAX);
        self.len = at as u32;
    }

    /// The area of the last of the first `count` entries, or else the first above.
    #[inline(always)]
    pub fn area_at(&self, count: usize) -> Result<u32, u32> {
        match count.checked_sub(1) {
            Some(at) => Ok(self.ids[at]),
            None => Err(self.ids[0]),
        }
    }

    /// The lowest entry of `among` with a gap of `pages`.
    pub fn first_gap(&self, among: Range<usize>, pages: u32) -> Option<usize> {
        let start = among.start;
        self.gaps.get(among)?.iter().position(|gap| *gap >= pages).map(|at| start + at)
    }

    /// The highest entry of `among` with a gap of `pages`.
    pub fn last_gap(&self, among: Range<usize>, pages: u32) -> Option<usize> {
        let start = among.start;
        self.gaps.get(among)?.iter().rposition(|gap| *gap >= pages).map(|at| start + at)
    }

    pub fn largest_gap(&self) -> u32 {
        self.gaps[..self.len()].iter().fold(0, |largest, gap| largest.max(*gap))
    }
}
