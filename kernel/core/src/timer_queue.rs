//! Which timer is due next: a pairing heap (Fredman, Sedgewick, Sleator, Tarjan, 1986).
//!
//! Timers are numbers; where a timer keeps its [`Node`] is its owner's affair, so that arming
//! one needs no memory. Inserting takes constant time, taking out O(log n) amortized.

use crate::arena::NIL;

/// A timer's place in the queue.
#[derive(Clone, Copy, Debug)]
pub struct Node {
    deadline: u64,
    /// The first of those that are due no earlier.
    child: u32,
    /// The next sibling.
    next: u32,
    /// The sibling before, or the parent of a first child.
    previous: u32,
    queued: bool,
}

impl Node {
    /// In no queue.
    pub const fn new() -> Self {
        Self { deadline: 0, child: NIL, next: NIL, previous: NIL, queued: false }
    }
}

impl Default for Node {
    fn default() -> Self {
        Self::new()
    }
}

/// Where the nodes are. `None` for [`NIL`], and for a number that is no timer.
pub trait Nodes {
    fn node(&self, timer: u32) -> Option<&Node>;
    fn node_mut(&mut self, timer: u32) -> Option<&mut Node>;
}

/// The timers that are armed.
#[derive(Debug)]
pub struct TimerQueue<N> {
    root: u32,
    nodes: N,
}

impl<N: Nodes> TimerQueue<N> {
    pub const fn new(nodes: N) -> Self {
        Self { root: NIL, nodes }
    }

    /// Arms a timer, anew if it is armed already.
    pub fn insert(&mut self, timer: u32, deadline: u64) {
        self.remove(timer);
        let Some(node) = self.nodes.node_mut(timer) else {
            debug_assert!(false, "no such timer");
            return;
        };
        *node = Node { deadline, queued: true, ..Node::new() };
        self.root = self.meld(self.root, timer);
    }

    /// Disarms a timer; `false` if it was not armed.
    pub fn remove(&mut self, timer: u32) -> bool {
        let Some(node) = self.nodes.node_mut(timer).filter(|node| node.queued) else {
            return false;
        };
        let Node { child, next, previous, .. } = core::mem::take(node);
        let below = self.meld_siblings(child);
        if timer == self.root {
            self.root = below;
            return true;
        }
        if let Some(node) = self.nodes.node_mut(previous) {
            let link = if node.child == timer { &mut node.child } else { &mut node.next };
            *link = next;
        }
        if let Some(node) = self.nodes.node_mut(next) {
            node.previous = previous;
        }
        self.root = self.meld(self.root, below);
        true
    }

    pub fn is_armed(&self, timer: u32) -> bool {
        self.nodes.node(timer).is_some_and(|node| node.queued)
    }

    /// When the next timer is due.
    #[inline]
    pub fn next_deadline(&self) -> Option<u64> {
        self.nodes.node(self.root).map(|node| node.deadline)
    }

    /// Takes the timer that has been due for longest, if one is due.
    #[inline]
    pub fn pop_expired(&mut self, now: u64) -> Option<u32> {
        let timer = self.root;
        if self.next_deadline()? > now {
            return None;
        }
        self.remove(timer);
        Some(timer)
    }

    /// Joins two heaps: the later root becomes the first child of the earlier one. The result's
    /// root has no siblings.
    fn meld(&mut self, one: u32, other: u32) -> u32 {
        let (Some(first), Some(second)) = (self.nodes.node(one), self.nodes.node(other)) else {
            return if one == NIL { other } else { one };
        };
        let (parent, child) =
            if second.deadline < first.deadline { (other, one) } else { (one, other) };
        let Some(node) = self.nodes.node_mut(parent) else { return child };
        let sibling = core::mem::replace(&mut node.child, child);
        (node.next, node.previous) = (NIL, NIL);
        if let Some(node) = self.nodes.node_mut(child) {
            (node.next, node.previous) = (sibling, parent);
        }
        if let Some(node) = self.nodes.node_mut(sibling) {
            node.previous = child;
        }
        parent
    }

    /// Joins a list of heaps: neighbours in pairs, then the pairs from the last to the first.
    fn meld_siblings(&mut self, mut list: u32) -> u32 {
        let mut pairs = NIL;
        while list != NIL {
            let (one, other) = (list, self.detach(list));
            list = self.detach(other);
            let pair = self.meld(one, other);
            if let Some(node) = self.nodes.node_mut(pair) {
                node.next = pairs;
            }
            pairs = pair;
        }
        let mut heap = NIL;
        while pairs != NIL {
            let pair = pairs;
            pairs = self.detach(pair);
            heap = self.meld(heap, pair);
        }
        heap
    }

    /// Cuts a heap off its next sibling, which is returned.
    fn detach(&mut self, heap: u32) -> u32 {
        match self.nodes.node_mut(heap) {
            Some(node) => {
                node.previous = NIL;
                core::mem::replace(&mut node.next, NIL)
            }
            None => NIL,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::collections::BTreeMap;
    use std::vec::Vec;

    const TIMERS: usize = 64;

    struct Table([Node; TIMERS]);

    impl Nodes for Table {
        fn node(&self, timer: u32) -> Option<&Node> {
            self.0.get(timer as usize)
        }

        fn node_mut(&mut self, timer: u32) -> Option<&mut Node> {
            self.0.get_mut(timer as usize)
        }
    }

    fn queue() -> TimerQueue<Table> {
        TimerQueue::new(Table([Node::new(); TIMERS]))
    }

    impl TimerQueue<Table> {
        /// Asserts order and links; returns the number of timers.
        fn check(&self) -> usize {
            let mut open: Vec<u32> = self.root_list();
            let mut count = 0;
            while let Some(timer) = open.pop() {
                count += 1;
                let node = self.nodes.0[timer as usize];
                assert!(node.queued);
                let (mut child, mut previous) = (node.child, timer);
                while let Some(below) = self.nodes.node(child) {
                    assert!(below.deadline >= node.deadline);
                    assert_eq!(below.previous, previous);
                    open.push(child);
                    (previous, child) = (child, below.next);
                }
            }
            assert_eq!(self.nodes.0.iter().filter(|node| node.queued).count(), count);
            count
        }

        fn root_list(&self) -> Vec<u32> {
            let root = self.nodes.node(self.root);
            assert!(root.is_none_or(|node| (node.next, node.previous) == (NIL, NIL)));
            root.map(|_| self.root).into_iter().collect()
        }
    }

    #[test]
    fn timers_fire_in_the_order_of_their_deadlines_and_not_before() {
        let mut queue = queue();
        for (timer, deadline) in [(1, 30), (2, 10), (3, 20), (4, 10)] {
            queue.insert(timer, deadline);
        }
        assert_eq!((queue.next_deadline(), queue.pop_expired(9)), (Some(10), None));
        let mut early = [queue.pop_expired(20), queue.pop_expired(20)];
        early.sort();
        assert_eq!(early, [Some(2), Some(4)]);
        assert_eq!((queue.pop_expired(20), queue.pop_expired(20)), (Some(3), None));
        assert_eq!((queue.pop_expired(u64::MAX), queue.pop_expired(u64::MAX)), (Some(1), None));
    }

    #[test]
    fn arming_again_moves_the_deadline() {
        let mut queue = queue();
        queue.insert(5, 10);
        queue.insert(5, 20);
        assert_eq!((queue.check(), queue.next_deadline()), (1, Some(20)));
        assert!(queue.is_armed(5) && queue.remove(5) && !queue.remove(5));
        assert_eq!(queue.next_deadline(), None);
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]
        #[test]
        fn it_is_a_sorted_map(
            steps in prop::collection::vec((0u8..8, 0..TIMERS as u32, 0u64..50), 1..300),
        ) {
            let mut queue = queue();
            let mut model = BTreeMap::new();
            for (verb, timer, time) in steps {
                match verb {
                    0..5 => {
                        queue.insert(timer, time);
                        model.insert(timer, time);
                    }
                    5 | 6 => prop_assert_eq!(queue.remove(timer), model.remove(&timer).is_some()),
                    _ => match queue.pop_expired(time) {
                        Some(expired) => {
                            let least = model.values().copied().min();
                            let deadline = model.remove(&expired);
                            prop_assert!(deadline == least && deadline.unwrap() <= time);
                        }
                        None => prop_assert!(model.values().all(|deadline| *deadline > time)),
                    },
                }
                prop_assert_eq!(queue.check(), model.len());
                prop_assert_eq!(queue.next_deadline(), model.values().copied().min());
            }
        }
    }
}
