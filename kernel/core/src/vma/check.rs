//! The invariants of the set, for tests on the host and in the kernel.

use super::index::Entry;
use super::{Account, Backing, MAX_MAP_COUNT, VmaSet};
use crate::arena::NIL;

impl<B: Backing> VmaSet<B> {
    /// Asserts everything the set promises of itself. For tests.
    pub fn check(&self) {
        assert!(self.len() <= MAX_MAP_COUNT + 1);
        let (mut next, mut prev, mut count) = (self.first, NIL, 0);
        let mut account = Account::default();
        self.index.check(|Entry { start, id, gap }| {
            assert_eq!(id, next, "list and tree");
            let node = &self.arena[id];
            assert!(!node.vma.range.is_empty());
            assert!(prev == NIL || self.arena[prev].vma.end() <= node.vma.start(), "order");
            assert_eq!((node.prev, node.vma.start().as_u32()), (prev, start));
            assert_eq!(gap, self.gap_after(prev, &node.vma), "gap");
            account.add(node.vma.flags, node.vma.range.len());
            count += 1;
            (next, prev) = (node.next, id);
        });
        assert_eq!((next, self.last, self.len()), (NIL, prev, count));
        assert_eq!(self.account, account);
    }
}
