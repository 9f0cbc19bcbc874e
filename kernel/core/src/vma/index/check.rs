//! The invariants of the tree, for tests.

use super::node::Entry;
use super::tree::Index;
use crate::arena::NIL;

impl<const F: usize> Index<F> {
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
