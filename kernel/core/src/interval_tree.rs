//! Which intervals hold a point: a tree ordered by start that knows the largest end below.
//!
//! Many trees share one arena of entries: each mapped object and each anon chain has one.

use crate::arena::{Arena, NIL};
use crate::avl::{self, Links, Node, Side, Tree};

/// `first..=last`.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct Interval {
    pub first: u32,
    pub last: u32,
}

/// An interval and what lies there. Equal starts are told apart by `what`.
#[derive(Debug)]
pub struct Entry<P> {
    pub interval: Interval,
    pub what: P,
    links: Links,
    /// The largest `last` of this subtree.
    max_last: u32,
}

impl<P> Node for Entry<P> {
    type Summary = u32;

    #[inline(always)]
    fn links(&self) -> &Links {
        &self.links
    }

    #[inline(always)]
    fn links_mut(&mut self) -> &mut Links {
        &mut self.links
    }

    #[inline(always)]
    fn summary(&self) -> u32 {
        self.max_last
    }

    #[inline(always)]
    fn resummarize(&mut self, left: Option<u32>, right: Option<u32>) -> bool {
        let max = self.interval.last.max(left.unwrap_or(0)).max(right.unwrap_or(0));
        core::mem::replace(&mut self.max_last, max) != max
    }
}

/// A tree of entries of one arena.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct IntervalTree {
    tree: Tree,
}

impl IntervalTree {
    pub const fn new() -> Self {
        Self { tree: Tree::new() }
    }

    pub const fn is_empty(self) -> bool {
        self.tree.is_empty()
    }

    /// Adds an entry, into a slot reserved before.
    pub fn insert<P: Copy + Ord, const N: usize>(
        &mut self,
        entries: &mut Arena<Entry<P>, N>,
        interval: Interval,
        what: P,
    ) {
        let links = Links::default();
        let id = entries.insert(Entry { interval, what, links, max_last: interval.last });
        self.link(entries, id, interval.first, what);
    }

    /// Removes the entry of `what` that starts at `first`. Says whether there was one.
    pub fn remove<P: Copy + Ord, const N: usize>(
        &mut self,
        entries: &mut Arena<Entry<P>, N>,
        first: u32,
        what: P,
    ) -> bool {
        let Some(id) = self.find(entries, first, what) else { return false };
        self.tree.remove(entries, id);
        entries.remove(id).is_some()
    }

    /// Gives the entry of `what` that starts at `first` another interval and name. Says whether
    /// there was one.
    pub fn change<P: Copy + Ord, const N: usize>(
        &mut self,
        entries: &mut Arena<Entry<P>, N>,
        (first, what): (u32, P),
        (interval, new): (Interval, P),
    ) -> bool {
        let Some(id) = self.find(entries, first, what) else { return false };
        let stays = first == interval.first && what == new;
        if !stays {
            self.tree.remove(entries, id);
        }
        let entry = &mut entries[id];
        (entry.interval, entry.what) = (interval, new);
        if stays {
            self.tree.refresh(entries, id);
        } else {
            self.link(entries, id, interval.first, new);
        }
        true
    }

    /// The entries that overlap `interval`, by start.
    pub fn overlapping<P, const N: usize>(
        self,
        entries: &Arena<Entry<P>, N>,
        interval: Interval,
    ) -> impl Iterator<Item = &Entry<P>> {
        let mut next = first_overlap(entries, self.tree.root(), interval);
        core::iter::from_fn(move || {
            let id = next?;
            next = next_overlap(entries, id, interval);
            Some(&entries[id])
        })
    }

    fn find<P: Copy + Ord, const N: usize>(
        self,
        entries: &Arena<Entry<P>, N>,
        first: u32,
        what: P,
    ) -> Option<u32> {
        let mut id = self.tree.root();
        while id != NIL {
            let entry = &entries[id];
            let key = (entry.interval.first, entry.what);
            if key == (first, what) {
                return Some(id);
            }
            let side = if (first, what) < key { Side::Left } else { Side::Right };
            id = entry.links.child(side);
        }
        None
    }

    fn link<P: Copy + Ord, const N: usize>(
        &mut self,
        entries: &mut Arena<Entry<P>, N>,
        id: u32,
        first: u32,
        what: P,
    ) {
        let (mut parent, mut side) = (NIL, Side::Left);
        let mut next = self.tree.root();
        while next != NIL {
            let entry = &entries[next];
            let before = (first, what) < (entry.interval.first, entry.what);
            (parent, side) = (next, if before { Side::Left } else { Side::Right });
            next = entry.links.child(side);
        }
        self.tree.insert(entries, parent, side, id);
    }

    /// Asserts order, balance and summaries; returns the number of entries. For tests.
    pub fn check<P: Copy + Ord, const N: usize>(self, entries: &Arena<Entry<P>, N>) -> u32 {
        let mut id = self.tree.first(entries);
        let mut last = None;
        while id != NIL {
            let entry = &entries[id];
            let key = (entry.interval.first, entry.what);
            assert!(last.is_none_or(|last| last < key), "order of intervals");
            let below = |child| entries.get(child).map_or(0, |entry| entry.max_last);
            let below = below(entry.links.left()).max(below(entry.links.right()));
            assert_eq!(entry.max_last, entry.interval.last.max(below), "largest end");
            last = Some(key);
            id = self.tree.next(entries, id);
        }
        avl::check(entries, self.tree)
    }
}

/// The first entry of the subtree `root` that overlaps.
fn first_overlap<P, const N: usize>(
    entries: &Arena<Entry<P>, N>,
    root: u32,
    interval: Interval,
) -> Option<u32> {
    let reaches = |id: u32| id != NIL && entries[id].max_last >= interval.first;
    if !reaches(root) {
        return None;
    }
    let mut id = root;
    loop {
        let entry = &entries[id];
        // What reaches the interval on the left overlaps it, or nothing further right does.
        if reaches(entry.links.left()) {
            id = entry.links.left();
        } else if entry.interval.first > interval.last {
            return None;
        } else if entry.interval.last >= interval.first {
            return Some(id);
        } else if reaches(entry.links.right()) {
            id = entry.links.right();
        } else {
            return None;
        }
    }
}

/// The entry after `id` that overlaps.
fn next_overlap<P, const N: usize>(
    entries: &Arena<Entry<P>, N>,
    id: u32,
    interval: Interval,
) -> Option<u32> {
    let mut id = id;
    loop {
        if let Some(found) = first_overlap(entries, entries[id].links.right(), interval) {
            return Some(found);
        }
        let mut child = id;
        id = entries[id].links.parent();
        while id != NIL && entries[id].links.right() == child {
            child = id;
            id = entries[id].links.parent();
        }
        if id == NIL {
            return None;
        }
        let Interval { first, last } = entries[id].interval;
        if first > interval.last {
            return None;
        }
        if last >= interval.first {
            return Some(id);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::vec::Vec;

    #[test]
    fn one_arena_serves_many_trees() {
        let mut entries = Arena::<Entry<u32>, 4>::new();
        entries.reserve(3).unwrap();
        let (mut one, mut two) = (IntervalTree::new(), IntervalTree::new());
        one.insert(&mut entries, Interval { first: 1, last: 5 }, 1);
        two.insert(&mut entries, Interval { first: 3, last: 3 }, 2);
        one.insert(&mut entries, Interval { first: 1, last: 2 }, 0);
        let at = |tree: IntervalTree, page| {
            let point = Interval { first: page, last: page };
            tree.overlapping(&entries, point).map(|entry| entry.what).collect::<Vec<_>>()
        };
        assert_eq!((at(one, 1), at(one, 3)), (std::vec![0, 1], std::vec![1]));
        assert_eq!((at(two, 3), at(two, 4)), (std::vec![2], std::vec![]));
        assert!(!two.remove(&mut entries, 1, 1));
        assert!(two.remove(&mut entries, 3, 2) && two.is_empty());
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(96))]
        #[test]
        fn a_tree_is_a_list_of_intervals(
            steps in prop::collection::vec((0..6u32, 0..60u32, 0..20u32, 0..4u32), 1..120),
        ) {
            let mut entries = Arena::<Entry<u32>, 8>::new();
            let mut tree = IntervalTree::new();
            let mut model: Vec<(Interval, u32)> = Vec::new();
            for (kind, first, length, what) in steps {
                let interval = Interval { first, last: first + length };
                let same = |&(other, name): &(Interval, u32)| (other.first, name) == (first, what);
                let known = model.iter().position(same);
                match (kind, known) {
                    (0..3, None) => {
                        entries.reserve(1).unwrap();
                        tree.insert(&mut entries, interval, what);
                        model.push((interval, what));
                    }
                    (3, _) => {
                        prop_assert_eq!(tree.remove(&mut entries, first, what), known.is_some());
                        model.extract_if(.., |entry| same(entry)).for_each(drop);
                    }
                    (4, _) if !model.is_empty() && known.is_none_or(|n| n == 0) => {
                        let (old, name) = model[0];
                        let to = (interval, what);
                        prop_assert!(tree.change(&mut entries, (old.first, name), to));
                        model[0] = to;
                    }
                    _ => {
                        let mut found: Vec<_> = tree
                            .overlapping(&entries, interval)
                            .map(|entry| (entry.interval.first, entry.what, entry.interval.last))
                            .collect();
                        prop_assert!(found.is_sorted());
                        let mut expected: Vec<_> = model
                            .iter()
                            .filter(|(other, _)| other.first <= interval.last && first <= other.last)
                            .map(|(other, name)| (other.first, *name, other.last))
                            .collect();
                        expected.sort();
                        found.dedup();
                        prop_assert_eq!(found, expected);
                    }
                }
                prop_assert_eq!(tree.check(&entries) as usize, model.len());
                prop_assert_eq!(entries.len() as usize, model.len());
            }
        }
    }
}
