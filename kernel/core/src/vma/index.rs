//! Where areas start and how much is free in front of them: a B+ tree.
//!
//! ```text
//!  root   [ 08048 .. | b7f00 .. ]            start of the child, its largest gap
//!            |           |
//!  leaf   [ 08048 | 0804a | 0804c ] [ ... ]  start of the area, the gap in front of it
//! ```
//!
//! An entry of an inner node has the start of the first area below it. Up to 42 areas are one
//! node, which is most programs: no pointers to follow and nothing to balance. Nodes that became
//! small are merged, so the tree stays low.

use crate::arena::{Arena, NIL, NoMemory};
use alloc::vec::Vec;

/// Entries of a node of a [`VmaSet`](super::VmaSet)'s index: 504 bytes.
pub(super) const FANOUT: usize = 42;
/// Two neighbours have more entries than half a node, so that a node has 11 on average; and 65,531
/// areas are fewer than 11^5.
const MAX_HEIGHT: usize = 6;

#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub(super) struct Entry {
    pub start: u32,
    /// Of the area, or of the node below.
    pub id: u32,
    /// In front of the area, or the largest below.
    pub gap: u32,
}

struct Node {
    /// Room for a full node is there from the beginning.
    entries: Vec<Entry>,
    /// The next spare node, if it is one.
    next: u32,
}

impl Node {
    #[inline(always)]
    fn len(&self) -> u32 {
        self.entries.len() as u32
    }

    /// The number of entries that start at `start` or below.
    #[inline(always)]
    fn up_to(&self, start: u32) -> u32 {
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
    fn insert(&mut self, at: usize, entry: Entry) {
        // Entries are few and short: a loop needs fewer instructions than a call to move them.
        self.entries.push(entry);
        let mut carried = entry;
        for place in &mut self.entries[at..] {
            carried = core::mem::replace(place, carried);
        }
    }

    #[inline]
    fn remove(&mut self, at: usize) -> Option<Entry> {
        let mut carried = self.entries.pop()?;
        for place in self.entries[at..].iter_mut().rev() {
            carried = core::mem::replace(place, carried);
        }
        Some(carried)
    }

    /// The area of the last of the first `count` entries, or else the first above.
    #[inline(always)]
    fn area_at(&self, count: u32) -> Result<u32, u32> {
        match count.checked_sub(1) {
            Some(at) => Ok(self.entries[at as usize].id),
            None => Err(self.entries[0].id),
        }
    }

    fn largest_gap(&self) -> u32 {
        self.entries.iter().fold(0, |largest, entry| largest.max(entry.gap))
    }
}

/// A place in the tree: from the leaf up, each node and the entry in it. In the leaf it is the
/// number of entries up to what was sought.
#[derive(Clone, Copy)]
pub(super) struct Path {
    steps: [(u32, u32); MAX_HEIGHT],
    /// The area that starts up to there; or, if the leaf has none, the first above.
    pub area: Result<u32, u32>,
}

/// The area above a place, and its gap from now on.
#[derive(Clone, Copy)]
pub(super) struct Above {
    pub start: u32,
    pub gap: u32,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Towards {
    Lower,
    Higher,
}

pub(super) struct Index<const F: usize> {
    nodes: Arena<Node, 32>,
    root: u32,
    height: usize,
    /// Nodes with room and without entries.
    spare: u32,
    spare_count: u32,
}

/// What happened to the gaps of a node: the largest that went, the largest that came.
#[derive(Clone, Copy)]
struct Gaps {
    went: u32,
    came: u32,
}

impl<const F: usize> Index<F> {
    /// Neighbours of together so many entries or fewer are merged.
    const MERGED: u32 = F as u32 * 3 / 4;

    pub const fn new() -> Self {
        Self { nodes: Arena::new(), root: NIL, height: 0, spare: NIL, spare_count: 0 }
    }

    /// The place behind all that starts at `start` or below.
    #[inline]
    pub fn seek(&self, start: u32) -> Path {
        let mut path = Path { steps: [(NIL, 0); MAX_HEIGHT], area: Err(NIL) };
        let mut id = self.root;
        for level in (1..self.height).rev() {
            let node = &self.nodes[id];
            let at = node.up_to(start).saturating_sub(1);
            path.steps[level] = (id, at);
            id = node.entries[at as usize].id;
        }
        if id != NIL {
            let leaf = &self.nodes[id];
            let at = leaf.up_to(start);
            path.steps[0] = (id, at);
            path.area = leaf.area_at(at);
        }
        path
    }

    /// The area that starts at `start` or nearest below; or, if the leaf has none, the first
    /// above.
    #[inline]
    pub fn find(&self, start: u32) -> Result<u32, u32> {
        let mut id = self.root;
        if id == NIL {
            return Err(NIL);
        }
        for _ in 1..self.height {
            let node = &self.nodes[id];
            id = node.entries[node.up_to(start).saturating_sub(1) as usize].id;
        }
        let leaf = &self.nodes[id];
        leaf.area_at(leaf.up_to(start))
    }

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

    /// Removes the area that starts last up to the place.
    pub fn remove(&mut self, path: &Path, above: Option<Above>) {
        let (leaf, behind) = path.steps[0];
        let at = behind as usize - 1;
        let node = &mut self.nodes[leaf];
        let gone = node.remove(at).map_or(0, |entry| entry.gap);
        let (mut apart, mut gaps) = (above, Gaps { went: gone, came: 0 });
        if let Some(above) = above
            && let Some(behind) = node.entries.get_mut(at)
        {
            gaps = Gaps { went: gone.max(behind.gap), came: above.gap };
            behind.gap = above.gap;
            apart = None;
        }
        if self.height == 1 {
            self.lower_root();
        } else {
            self.thin_out(path, gaps);
        }
        if let Some(above) = apart {
            self.set_gap(above.start, above.gap);
        }
    }

    /// Changes the gap in front of the area that starts at `start`.
    pub fn set_gap(&mut self, start: u32, gap: u32) {
        self.change(start, start, gap);
    }

    /// Changes the start of an area, between the same neighbours, and the gap in front of it.
    pub fn change(&mut self, start: u32, to: u32, gap: u32) {
        let path = self.seek(start);
        let (leaf, behind) = path.steps[0];
        let entry = &mut self.nodes[leaf].entries[behind as usize - 1];
        debug_assert!(entry.start == start, "an area is not where it should be");
        let gaps = Gaps { went: entry.gap, came: gap };
        (entry.start, entry.gap) = (to, gap);
        self.settle(&path, 0, gaps);
    }

    /// The nearest area before the place with `pages` free in front of it.
    pub fn gap_below(&self, path: &Path, pages: u32) -> Option<u32> {
        self.gap(path, pages, Towards::Lower)
    }

    /// The nearest area behind the place with `pages` free in front of it.
    pub fn gap_above(&self, path: &Path, pages: u32) -> Option<u32> {
        self.gap(path, pages, Towards::Higher)
    }

    fn gap(&self, path: &Path, pages: u32, towards: Towards) -> Option<u32> {
        let nearest = |entries: &[Entry]| match towards {
            Towards::Lower => entries.iter().rev().find(|entry| entry.gap >= pages).copied(),
            Towards::Higher => entries.iter().find(|entry| entry.gap >= pages).copied(),
        };
        for (level, &(id, at)) in path.steps[..self.height].iter().enumerate() {
            let (entries, at) = (self.nodes[id].entries.as_slice(), at as usize);
            let beside = match towards {
                Towards::Lower => &entries[..at],
                // In an inner node the place is in the entry, in a leaf before it.
                Towards::Higher => &entries[at + usize::from(level > 0)..],
            };
            if let Some(mut entry) = nearest(beside) {
                for _ in 0..level {
                    entry = nearest(&self.nodes[entry.id].entries)?;
                }
                return Some(entry.id);
            }
        }
        None
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
    fn summary(&self, id: u32) -> Entry {
        let node = &self.nodes[id];
        Entry { start: node.entries[0].start, id, gap: node.largest_gap() }
    }

    /// Merges the leaf, from which an entry went, with a neighbour if they fit; and so on above.
    fn thin_out(&mut self, path: &Path, gaps: Gaps) {
        let (mut path, mut gaps) = (*path, gaps);
        for level in 0..self.height - 1 {
            let (id, _) = path.steps[level];
            let len = self.nodes[id].len();
            let (parent, at) = path.steps[level + 1];
            let above = &self.nodes[parent].entries;
            let at = at as usize;
            let fits = |n: usize| len + self.nodes[above[n].id].len() <= Self::MERGED;
            let lower = if len == 0 {
                gaps = Gaps { went: above[at].gap, came: 0 };
                self.nodes.remove(id);
                self.nodes[parent].remove(at);
                continue;
            } else if len > Self::MERGED {
                None
            } else if at + 1 < above.len() && fits(at + 1) {
                Some(at)
            } else if at > 0 && fits(at - 1) {
                Some(at - 1)
            } else {
                None
            };
            let Some(lower) = lower else {
                self.settle(&path, level, gaps);
                return;
            };
            let (into, from) = (above[lower], above[lower + 1]);
            if let Some(node) = self.nodes.remove(from.id) {
                self.nodes[into.id].entries.extend_from_slice(&node.entries);
            }
            let merged = self.summary(into.id);
            gaps = Gaps { went: into.gap.max(from.gap), came: merged.gap };
            let above = &mut self.nodes[parent];
            above.remove(lower + 1);
            above.entries[lower] = merged;
            path.steps[level + 1].1 = lower as u32;
        }
        self.lower_root();
    }

    fn lower_root(&mut self) {
        while self.height > 0 {
            let entries = &self.nodes[self.root].entries;
            let child = match (entries.len(), self.height) {
                (0, _) => NIL,
                (1, 2..) => entries[0].id,
                _ => return,
            };
            self.nodes.remove(self.root);
            self.root = child;
            self.height = if child == NIL { 0 } else { self.height - 1 };
        }
    }

    /// Makes starts and largest gaps true above the node at `level`, whose gaps changed.
    #[inline]
    fn settle(&mut self, path: &Path, level: usize, gaps: Gaps) {
        if level + 1 < self.height {
            self.settle_above(path, level, gaps);
        }
    }

    fn settle_above(&mut self, path: &Path, level: usize, gaps: Gaps) {
        let Gaps { mut went, mut came } = gaps;
        for level in level..self.height - 1 {
            let node = &self.nodes[path.steps[level].0];
            let start = node.entries[0].start;
            let (parent, at) = path.steps[level + 1];
            let was = self.nodes[parent].entries[at as usize];
            let gap = if came >= was.gap {
                came
            } else if went < was.gap {
                was.gap
            } else {
                node.largest_gap()
            };
            if (start, gap) == (was.start, was.gap) {
                return;
            }
            let above = &mut self.nodes[parent].entries[at as usize];
            (above.start, above.gap) = (start, gap);
            (went, came) = (was.gap, gap);
        }
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

    /// Asserts the order, the gaps above the leaves, and that nodes are not too empty. Shows the
    /// areas in order. For tests.
    pub fn check(&self, mut each: impl FnMut(Entry)) {
        let mut seen = 0;
        if self.root != NIL {
            let start = self.nodes[self.root].entries[0].start;
            self.check_node(self.root, self.height - 1, start, &mut seen, &mut each);
        }
        assert_eq!(seen + self.spare_count, self.nodes.len());
        assert_eq!(self.root == NIL, self.height == 0);
    }

    fn check_node(
        &self,
        id: u32,
        level: usize,
        start: u32,
        seen: &mut u32,
        each: &mut impl FnMut(Entry),
    ) {
        *seen += 1;
        let entries = &self.nodes[id].entries;
        assert_eq!(entries.first().map(|entry| entry.start), Some(start), "start of a node");
        assert!(entries.is_sorted_by(|a, b| a.start < b.start), "order of starts");
        if level == 0 {
            return entries.iter().for_each(|entry| each(*entry));
        }
        let len = |entry: &Entry| self.nodes[entry.id].len();
        for pair in entries.windows(2) {
            let last = self.last_start(pair[0].id, level - 1);
            assert!(last < pair[1].start, "a start left of its node");
            assert!(len(&pair[0]) + len(&pair[1]) > F as u32 / 2, "nodes too empty");
        }
        for entry in entries {
            assert_eq!(entry.gap, self.nodes[entry.id].largest_gap(), "largest gap");
            self.check_node(entry.id, level - 1, entry.start, seen, each);
        }
    }

    fn last_start(&self, id: u32, level: usize) -> u32 {
        let entries = &self.nodes[id].entries;
        match (entries.last(), level) {
            (Some(last), 0) => last.start,
            (Some(last), _) => self.last_start(last.id, level - 1),
            (None, _) => 0,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::collections::BTreeMap;

    #[derive(Clone, Debug)]
    enum Step {
        Insert(u32, u32),
        Remove(prop::sample::Index),
        Gap(prop::sample::Index, u32),
        Move(prop::sample::Index, u32),
        Ask(u32, u32),
    }

    fn step() -> impl Strategy<Value = Step> {
        let any = any::<prop::sample::Index>;
        prop_oneof![
            6 => (0..60u32, 0..50u32).prop_map(|(start, gap)| Step::Insert(start, gap)),
            4 => any().prop_map(Step::Remove),
            2 => (any(), 0..50u32).prop_map(|(nth, gap)| Step::Gap(nth, gap)),
            1 => (any(), 0..100u32).prop_map(|(nth, part)| Step::Move(nth, part)),
            3 => (0..1000u32, 0..50u32).prop_map(|(at, pages)| Step::Ask(at * 10, pages)),
        ]
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(128))]
        #[test]
        fn an_index_is_a_map_from_starts(steps in prop::collection::vec(step(), 1..300)) {
            // Small nodes make a high tree of few areas.
            let mut index = Index::<6>::new();
            let mut model: BTreeMap<u32, (u32, u32)> = BTreeMap::new();
            for (step, id) in steps.into_iter().zip(0..) {
                match step {
                    Step::Insert(start, gap) if !model.contains_key(&(start * 100)) => {
                        let start = start * 100;
                        let path = index.seek(start);
                        index.reserve(&path, 1).unwrap();
                        let above = model.range_mut(start..).next();
                        let above = above.map(|(start, (_, gap))| {
                            *gap /= 2;
                            Above { start: *start, gap: *gap }
                        });
                        index.insert(&path, Entry { start, id, gap }, above);
                        model.insert(start, (id, gap));
                    }
                    Step::Remove(nth) if !model.is_empty() => {
                        let start = *nth.get(&model.keys().copied().collect::<std::vec::Vec<_>>());
                        model.remove(&start);
                        let above = model.range_mut(start..).next();
                        let above = above.map(|(start, (_, gap))| {
                            *gap += 7;
                            Above { start: *start, gap: *gap }
                        });
                        index.remove(&index.seek(start), above);
                    }
                    Step::Gap(nth, gap) if !model.is_empty() => {
                        let start = *nth.get(&model.keys().copied().collect::<std::vec::Vec<_>>());
                        model.get_mut(&start).unwrap().1 = gap;
                        index.set_gap(start, gap);
                    }
                    Step::Move(nth, part) if !model.is_empty() => {
                        let start = *nth.get(&model.keys().copied().collect::<std::vec::Vec<_>>());
                        // Anywhere between the neighbours.
                        let low = model.range(..start).next_back().map_or(0, |(low, _)| low + 1);
                        let high = model.range(start + 1..).next().map_or(20_000, |(high, _)| *high);
                        let to = low + (high - 1 - low) * part / 100;
                        let (id, gap) = model.remove(&start).unwrap();
                        index.change(start, to, gap + 1);
                        model.insert(to, (id, gap + 1));
                    }
                    Step::Ask(at, pages) => {
                        let path = index.seek(at);
                        let found = model.range(..=at).next_back().map(|(_, (id, _))| *id);
                        prop_assert_eq!(index.find(at), path.area);
                        if let Ok(id) = index.find(at) {
                            prop_assert_eq!(Some(id), found);
                        } else if let Err(id) = index.find(at) && id != NIL {
                            let next = model.range(at..).next().map(|(_, (id, _))| *id);
                            prop_assert_eq!(Some(id), next);
                        }
                        let fits = |(_, (id, gap)): (&u32, &(u32, u32))| (*gap >= pages).then_some(*id);
                        let below = model.range(..=at).rev().find_map(fits);
                        prop_assert_eq!(index.gap_below(&path, pages), below);
                        let above = model.range(at + 1..).find_map(fits);
                        prop_assert_eq!(index.gap_above(&path, pages), above);
                    }
                    _ => {}
                }
                let mut seen = BTreeMap::new();
                index.check(|entry| _ = seen.insert(entry.start, (entry.id, entry.gap)));
                prop_assert_eq!(&seen, &model);
            }
        }
    }

    #[test]
    fn pushing_many_keeps_the_tree_low() {
        let mut index = Index::<FANOUT>::new();
        for n in 0..70_000 {
            index.push(Entry { start: n * 2, id: n, gap: n % 7 }).unwrap();
        }
        let mut count = 0;
        index.check(|entry| {
            assert_eq!(entry.id, count);
            count += 1;
        });
        assert_eq!((count, index.height), (70_000, 4));
    }
}
