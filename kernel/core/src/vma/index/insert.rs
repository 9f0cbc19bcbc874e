//! A new entry: memory first, then the leaf, then what splits.

use super::node::{Entry, Node};
use super::tree::{Above, Gaps, Index, MAX_HEIGHT, Path};
use crate::arena::{NIL, NoMemory};

impl<const F: usize> Index<F> {
    /// Makes `more` insertions at a place succeed.
    #[inline]
    pub fn reserve(&mut self, path: &Path, more: u32) -> Result<(), NoMemory> {
        let leaf = path.steps[0].0;
        if leaf != NIL && self.nodes[leaf].len() + more as usize <= F {
            return Ok(());
        }
        self.reserve_nodes(self.nodes_for(path, more))
    }

    /// Makes two insertions, each at one of two places, succeed.
    pub fn reserve_both(&mut self, one: &Path, two: &Path) -> Result<(), NoMemory> {
        self.reserve_nodes(self.nodes_for(one, 2) + self.nodes_for(two, 2))
    }

    /// Makes it succeed to remove any entry and then insert one.
    #[inline]
    pub fn reserve_move(&mut self) -> Result<(), NoMemory> {
        // One leaf of several has room afterwards.
        if self.height == 1 && self.nodes[self.root].len() > 1 {
            return Ok(());
        }
        self.reserve_nodes(self.height as u32 + 1)
    }

    fn nodes_for(&self, path: &Path, more: u32) -> u32 {
        let full = |&(id, _): &(u32, u32)| self.nodes[id].len() + more as usize > F;
        let splits = path.steps[..self.height].iter().take_while(|step| full(step)).count();
        splits as u32 + u32::from(splits == self.height)
    }

    #[cold]
    fn reserve_nodes(&mut self, nodes: u32) -> Result<(), NoMemory> {
        while self.spare_count < nodes {
            self.nodes.reserve(1)?;
            self.spare = self.nodes.insert(Node::new(self.spare));
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
            self.nodes[self.root].insert(0, entry);
            self.height = 1;
            return false;
        }
        let (mut apart, mut gaps) = (above, Gaps { went: 0, came: entry.gap });
        let node = &mut self.nodes[leaf];
        if let Some(above) = above
            && let Some(behind) = node.gap_mut(at as usize)
        {
            gaps = Gaps { went: *behind, came: entry.gap.max(above.gap) };
            *behind = above.gap;
            apart = None;
        }
        let fits = !node.is_full();
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
            if !node.is_full() {
                node.insert(at, entry);
                self.settle(path, level, gaps);
                return;
            }
            let (lower, upper) = self.split(id, at, entry);
            entry = upper;
            let Some(&(parent, at)) = path.steps[..self.height].get(level + 1) else {
                self.root = self.take_spare();
                let root = &mut self.nodes[self.root];
                root.insert(0, lower);
                root.insert(1, upper);
                self.height += 1;
                return;
            };
            let above = &mut self.nodes[parent];
            let was = above.entry(at as usize);
            gaps = Gaps { went: was.gap, came: lower.gap.max(upper.gap) };
            above.set(at as usize, lower);
        }
    }

    /// Splits a full node while putting `entry` in. Returns the entries of both halves.
    #[cold]
    fn split(&mut self, id: u32, at: usize, entry: Entry) -> (Entry, Entry) {
        let half = F / 2;
        let upper_id = self.take_spare();
        let mut upper = Node::new(NIL);
        let lower = &mut self.nodes[id];
        lower.move_tail(half, &mut upper);
        if at <= half {
            lower.insert(at, entry);
        } else {
            upper.insert(at - half, entry);
        }
        self.nodes[upper_id] = upper;
        (self.summary(id), self.summary(upper_id))
    }

    /// The entry for a node.
    pub(super) fn summary(&self, id: u32) -> Entry {
        let node = &self.nodes[id];
        Entry { start: node.first_start(), id, gap: node.largest_gap() }
    }

    /// Adds an area behind all others.
    pub fn push(&mut self, entry: Entry) -> Result<(), NoMemory> {
        if self.height == 1 {
            let leaf = &mut self.nodes[self.root];
            if !leaf.is_full() {
                leaf.insert(leaf.len(), entry);
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
            let last = node.len() - 1;
            path.steps[level] = (id, last as u32);
            id = node.id(last);
        }
        if id != NIL {
            path.steps[0] = (id, self.nodes[id].len() as u32);
        }
        path
    }
}
