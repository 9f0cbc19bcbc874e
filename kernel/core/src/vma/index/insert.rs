//! A new entry: memory first, then the leaf, then what splits.

use super::node::{Entry, Node};
use super::tree::{Above, Gaps, Index, MAX_HEIGHT, Path};
use crate::arena::{NIL, NoMemory};
use alloc::vec::Vec;

impl<const F: usize> Index<F> {
    /// Makes `more` insertions at a place succeed.
    #[inline]
    pub fn reserve(&mut self, path: &Path, more: u32) -> Result<(), NoMemory> {
        let leaf = path.steps[0].0;
        if leaf != NIL && self.nodes[leaf].len() + more <= F as u32 {
            return Ok(());
        }
        self.reserve_nodes(self.nodes_for(path, more))
    }

    /// Makes two insertions, each at one of two places, succeed.
    pub fn reserve_both(&mut self, one: &Path, two: &Path) -> Result<(), NoMemory> {
        self.reserve_nodes(self.nodes_for(one, 2) + self.nodes_for(two, 2))
    }

    fn nodes_for(&self, path: &Path, more: u32) -> u32 {
        let full = |&(id, _): &(u32, u32)| self.nodes[id].len() + more > F as u32;
        let splits = path.steps[..self.height].iter().take_while(|step| full(step)).count();
        splits as u32 + u32::from(splits == self.height)
    }

    #[cold]
    fn reserve_nodes(&mut self, nodes: u32) -> Result<(), NoMemory> {
        while self.spare_count < nodes {
            self.nodes.reserve(1)?;
            let mut entries = Vec::new();
            entries.try_reserve_exact(F).map_err(|_| NoMemory)?;
            self.spare = self.nodes.insert(Node { entries, next: self.spare });
            self.spare_count += 1;
        }
        Ok(())
    }

    fn take_spare(&mut self) -> u32 {
        let id = self.spare;
        self.spare = self.nodes[id].next;
        self.spare_count -= 1;
        id
    }

    /// Adds an area at the place of its start. Says whether the place is still where it was.
    pub fn insert(&mut self, path: &Path, entry: Entry, above: Option<Above>) -> bool {
        let (leaf, at) = path.steps[0];
        if leaf == NIL {
            self.root = self.take_spare();
            self.nodes[self.root].entries.push(entry);
            self.height = 1;
            return false;
        }
        let (mut apart, mut gaps) = (above, Gaps { went: 0, came: entry.gap });
        let node = &mut self.nodes[leaf];
        if let Some(above) = above
            && let Some(behind) = node.entries.get_mut(at as usize)
        {
            gaps = Gaps { went: behind.gap, came: entry.gap.max(above.gap) };
            behind.gap = above.gap;
            apart = None;
        }
        let fits = node.len() < F as u32;
        if fits {
            node.insert(at as usize, entry);
            self.settle(path, 0, gaps);
        } else {
            self.put(path, entry, gaps);
        }
        if let Some(above) = apart {
            self.set_gap(above.start, above.gap);
        }
        fits
    }

    /// Puts an entry into a full leaf, which splits and puts the new leaf above; and so on.
    #[cold]
    fn put(&mut self, path: &Path, entry: Entry, gaps: Gaps) {
        let (mut entry, mut gaps) = (entry, gaps);
        for level in 0..self.height {
            let (id, at) = path.steps[level];
            // Above the leaf the new entry follows the one that split.
            let at = if level > 0 { at as usize + 1 } else { at as usize };
            let node = &mut self.nodes[id];
            if node.len() < F as u32 {
                node.insert(at, entry);
                self.settle(path, level, gaps);
                return;
            }
            let (lower, upper) = self.split(id, at, entry);
            entry = upper;
            let Some(&(parent, at)) = path.steps[..self.height].get(level + 1) else {
                self.root = self.take_spare();
                self.nodes[self.root].entries.extend_from_slice(&[lower, upper]);
                self.height += 1;
                return;
            };
            let above = &mut self.nodes[parent].entries[at as usize];
            gaps = Gaps { went: above.gap, came: lower.gap.max(upper.gap) };
            *above = lower;
        }
    }

    /// Splits a full node while putting `entry` in. Returns the entries of both halves.
    #[cold]
    fn split(&mut self, id: u32, at: usize, entry: Entry) -> (Entry, Entry) {
        let half = F / 2;
        let upper_id = self.take_spare();
        let mut room = core::mem::take(&mut self.nodes[upper_id].entries);
        let entries = &mut self.nodes[id].entries;
        room.extend_from_slice(&entries[half..]);
        entries.truncate(half);
        if at <= half {
            entries.insert(at, entry);
        } else {
            room.insert(at - half, entry);
        }
        self.nodes[upper_id].entries = room;
        (self.summary(id), self.summary(upper_id))
    }

    /// The entry for a node.
    pub(super) fn summary(&self, id: u32) -> Entry {
        let node = &self.nodes[id];
        Entry { start: node.entries[0].start, id, gap: node.largest_gap() }
    }

    /// Adds an area behind all others.
    pub fn push(&mut self, entry: Entry) -> Result<(), NoMemory> {
        if self.height == 1 {
            let leaf = &mut self.nodes[self.root];
            if leaf.entries.len() < F {
                leaf.entries.push(entry);
                return Ok(());
            }
        }
        let path = self.end();
        self.reserve(&path, 1)?;
        self.insert(&path, entry, None);
        Ok(())
    }

    /// The place behind all areas.
    fn end(&self) -> Path {
        let mut path = Path { steps: [(NIL, 0); MAX_HEIGHT], area: Err(NIL) };
        let mut id = self.root;
        for level in (1..self.height).rev() {
            let node = &self.nodes[id];
            path.steps[level] = (id, node.len() - 1);
            id = node.entries[node.entries.len() - 1].id;
        }
        if id != NIL {
            path.steps[0] = (id, self.nodes[id].len());
        }
        path
    }
}
