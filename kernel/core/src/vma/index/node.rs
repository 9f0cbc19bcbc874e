//! A node: entries in order of their starts.

use alloc::vec::Vec;

#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub(in crate::vma) struct Entry {
    pub start: u32,
    /// Of the area, or of the node below.
    pub id: u32,
    /// In front of the area, or the largest below.
    pub gap: u32,
}

pub(super) struct Node {
    /// Room for a full node is there from the beginning.
    pub entries: Vec<Entry>,
    /// The next spare node, if it is one.
    pub next: u32,
}

impl Node {
    #[inline(always)]
    pub fn len(&self) -> u32 {
        self.entries.len() as u32
    }

    /// The number of entries that start at `start` or below.
    #[inline(always)]
    pub fn up_to(&self, start: u32) -> u32 {
        // A few steps of eight and a few of one: fewer instructions than halving.
        let entries = self.entries.as_slice();
        let mut n = 0;
        while let Some(entry) = entries.get(n + 7)
            && entry.start <= start
        {
            n += 8;
        }
        while let Some(entry) = entries.get(n)
            && entry.start <= start
        {
            n += 1;
        }
        n as u32
    }

    /// Puts an entry in. There is room.
    #[inline]
    pub fn insert(&mut self, at: usize, entry: Entry) {
        // Entries are few and short: a loop needs fewer instructions than a call to move them.
        self.entries.push(entry);
        let mut carried = entry;
        for place in &mut self.entries[at..] {
            carried = core::mem::replace(place, carried);
        }
    }

    #[inline]
    pub fn remove(&mut self, at: usize) -> Option<Entry> {
        let mut carried = self.entries.pop()?;
        for place in self.entries[at..].iter_mut().rev() {
            carried = core::mem::replace(place, carried);
        }
        Some(carried)
    }

    /// The area of the last of the first `count` entries, or else the first above.
    #[inline(always)]
    pub fn area_at(&self, count: u32) -> Result<u32, u32> {
        match count.checked_sub(1) {
            Some(at) => Ok(self.entries[at as usize].id),
            None => Err(self.entries[0].id),
        }
    }

    pub fn largest_gap(&self) -> u32 {
        self.entries.iter().fold(0, |largest, entry| largest.max(entry.gap))
    }
}
