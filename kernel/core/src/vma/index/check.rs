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
            let start = self.nodes[self.root].first_start();
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
        let node = &self.nodes[id];
        let entries = || (0..node.len()).map(|at| node.entry(at));
        assert_eq!(entries().next().map(|entry| entry.start), Some(start), "start of a node");
        assert!(entries().is_sorted_by(|a, b| a.start < b.start), "order of starts");
        assert_eq!(node.up_to(u32::MAX - 1), node.len(), "a start behind the last");
        if level == 0 {
            return entries().for_each(each);
        }
        let len = |entry: &Entry| self.nodes[entry.id].len();
        for (lower, upper) in entries().zip(entries().skip(1)) {
            let last = self.last_start(lower.id, level - 1);
            assert!(last < upper.start, "a start left of its node");
            assert!(len(&lower) + len(&upper) > F / 2, "nodes too empty");
        }
        for entry in entries() {
            assert_eq!(entry.gap, self.nodes[entry.id].largest_gap(), "largest gap");
            self.check_node(entry.id, level - 1, entry.start, seen, each);
        }
    }

    fn last_start(&self, id: u32, level: usize) -> u32 {
        let node = &self.nodes[id];
        let last = node.entry(node.len() - 1);
        if level == 0 { last.start } else { self.last_start(last.id, level - 1) }
    }
}
