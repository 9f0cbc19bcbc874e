//! The invariants of the set, for tests on the host and in the kernel.

use super::{Account, Backing, MAX_MAP_COUNT, VmaSet};
use crate::arena::NIL;
use crate::avl::{self, Node as _};

impl<B: Backing> VmaSet<B> {
    /// Asserts everything the set promises of itself. For tests.
    pub fn check(&self) {
        assert_eq!(avl::check(&self.arena, self.tree), self.len());
        assert!(self.len() <= MAX_MAP_COUNT + 1);
        let (mut id, mut prev, mut count) = (self.first, NIL, 0);
        let mut account = Account::default();
        while id != NIL {
            let node = &self.arena[id];
            assert!(!node.vma.range.is_empty());
            assert!(prev == NIL || self.arena[prev].vma.end() <= node.vma.start(), "order");
            assert_eq!(node.prev, prev);
            assert_eq!(node.links().weight(), self.gap_after(prev, &node.vma), "gap");
            account.add(node.vma.flags, node.vma.range.len());
            count += 1;
            (id, prev) = (node.next, id);
        }
        assert_eq!((self.last, self.len()), (prev, count));
        assert_eq!(self.account, account);
        let mut in_order = self.tree.first(&self.arena);
        for (id, _) in self.iter() {
            assert_eq!(in_order, id.0, "list and tree");
            in_order = self.tree.next(&self.arena, in_order);
        }
    }
}
