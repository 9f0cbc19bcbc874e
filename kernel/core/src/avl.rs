//! A height-balanced tree whose nodes live in an [`Arena`] and sum up their subtrees.
//!
//! The caller finds the place of a node by its own order; the tree links, balances and keeps the
//! summaries (a largest gap, a largest interval end) true. Every walk up ends where neither
//! height nor summary changes any more. Nothing here allocates or recurses.

use crate::arena::{Arena, NIL};
use core::num::NonZeroU8;

/// Which child.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Side {
    Left = 0,
    Right = 1,
}

use Side::{Left, Right};

impl Side {
    pub const fn other(self) -> Self {
        match self {
            Left => Right,
            Right => Left,
        }
    }
}

/// A node's place in its tree.
#[derive(Clone, Copy, Debug)]
pub struct Links {
    parent: u32,
    child: [u32; 2],
    height: NonZeroU8,
}

impl Default for Links {
    fn default() -> Self {
        Self { parent: NIL, child: [NIL; 2], height: NonZeroU8::MIN }
    }
}

impl Links {
    pub const fn parent(&self) -> u32 {
        self.parent
    }

    pub const fn child(&self, side: Side) -> u32 {
        self.child[side as usize]
    }

    pub const fn left(&self) -> u32 {
        self.child[0]
    }

    pub const fn right(&self) -> u32 {
        self.child[1]
    }
}

/// What can be linked into a [`Tree`].
pub trait Node {
    /// What a whole subtree amounts to.
    type Summary: Copy;

    fn links(&self) -> &Links;
    fn links_mut(&mut self) -> &mut Links;
    fn summary(&self) -> Self::Summary;

    /// Computes the summary from the node's own value and its children's summaries. Says whether
    /// it changed.
    fn resummarize(&mut self, left: Option<Self::Summary>, right: Option<Self::Summary>) -> bool;
}

/// The root of a tree. Many trees may share an arena.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Tree {
    root: u32,
}

impl Default for Tree {
    fn default() -> Self {
        Self::new()
    }
}

impl Tree {
    pub const fn new() -> Self {
        Self { root: NIL }
    }

    pub const fn root(self) -> u32 {
        self.root
    }

    pub const fn is_empty(self) -> bool {
        self.root == NIL
    }

    /// Links `id` as the `side` child of `parent`, whose place there is free; under `NIL`, as the
    /// root of an empty tree.
    pub fn insert<T: Node, const N: usize>(
        &mut self,
        arena: &mut Arena<T, N>,
        parent: u32,
        side: Side,
        id: u32,
    ) {
        *arena[id].links_mut() = Links { parent, ..Links::default() };
        if parent == NIL {
            debug_assert!(self.root == NIL, "a second root");
            self.root = id;
        } else {
            let child = &mut arena[parent].links_mut().child[side as usize];
            debug_assert!(*child == NIL, "the place is taken");
            *child = id;
        }
        self.refresh(arena, id);
    }

    /// Unlinks `id`, which stays in the arena.
    pub fn remove<T: Node, const N: usize>(&mut self, arena: &mut Arena<T, N>, id: u32) {
        let Links { parent, child: [left, right], .. } = *arena[id].links();
        if left == NIL || right == NIL {
            let only = if left == NIL { right } else { left };
            self.replace(arena, parent, id, only);
            self.refresh(arena, parent);
            return;
        }
        // The next node in order takes the place; what it leaves has no left child.
        let mut heir = right;
        while arena[heir].links().left() != NIL {
            heir = arena[heir].links().left();
        }
        let Links { parent: heir_parent, child: [_, orphan], .. } = *arena[heir].links();
        if heir != right {
            self.replace(arena, heir_parent, heir, orphan);
            set_child(arena, heir, Right, right);
        }
        set_child(arena, heir, Left, left);
        self.replace(arena, parent, id, heir);
        if heir != right {
            self.refresh(arena, heir_parent);
        }
        self.refresh(arena, heir);
    }

    /// Makes heights and summaries true from `id`, whose own value or children changed, upwards.
    pub fn refresh<T: Node, const N: usize>(&mut self, arena: &mut Arena<T, N>, id: u32) {
        let mut id = id;
        let mut first = true;
        while id != NIL {
            let (changed, balance) = sum_up(arena, id);
            if balance.unsigned_abs() > 1 {
                let heavy = if balance < 0 { Left } else { Right };
                id = self.rebalance(arena, id, heavy);
            } else if !changed && !first {
                return;
            }
            first = false;
            id = arena[id].links().parent;
        }
    }

    /// The first node in order, or `NIL`.
    pub fn first<T: Node, const N: usize>(self, arena: &Arena<T, N>) -> u32 {
        leftmost(arena, self.root)
    }

    /// The node after `id` in order, or `NIL`.
    pub fn next<T: Node, const N: usize>(self, arena: &Arena<T, N>, id: u32) -> u32 {
        let links = arena[id].links();
        if links.right() != NIL {
            return leftmost(arena, links.right());
        }
        let (mut from, mut id) = (id, links.parent);
        while id != NIL && arena[id].links().right() == from {
            (from, id) = (id, arena[id].links().parent);
        }
        id
    }

    /// Lifts the higher child of `id` over it; returns the new root of this subtree.
    fn rebalance<T: Node, const N: usize>(
        &mut self,
        arena: &mut Arena<T, N>,
        id: u32,
        heavy: Side,
    ) -> u32 {
        let child = arena[id].links().child(heavy);
        let links = arena[child].links();
        let (outer, inner) = (links.child(heavy), links.child(heavy.other()));
        if height(arena, inner) > height(arena, outer) {
            self.lift(arena, child, heavy.other());
        }
        self.lift(arena, id, heavy)
    }

    fn lift<T: Node, const N: usize>(
        &mut self,
        arena: &mut Arena<T, N>,
        id: u32,
        side: Side,
    ) -> u32 {
        let Links { parent, child, .. } = *arena[id].links();
        let lifted = child[side as usize];
        let inner = arena[lifted].links().child(side.other());
        self.replace(arena, parent, id, lifted);
        set_child(arena, lifted, side.other(), id);
        arena[id].links_mut().child[side as usize] = inner;
        if inner != NIL {
            arena[inner].links_mut().parent = id;
        }
        sum_up(arena, id);
        sum_up(arena, lifted);
        lifted
    }

    /// Puts `new` (or nothing) where `parent` has `old`.
    fn replace<T: Node, const N: usize>(
        &mut self,
        arena: &mut Arena<T, N>,
        parent: u32,
        old: u32,
        new: u32,
    ) {
        if new != NIL {
            arena[new].links_mut().parent = parent;
        }
        if parent == NIL {
            self.root = new;
        } else {
            let child = &mut arena[parent].links_mut().child;
            child[usize::from(child[0] != old)] = new;
        }
    }
}

fn set_child<T: Node, const N: usize>(arena: &mut Arena<T, N>, id: u32, side: Side, child: u32) {
    arena[id].links_mut().child[side as usize] = child;
    arena[child].links_mut().parent = id;
}

fn leftmost<T: Node, const N: usize>(arena: &Arena<T, N>, id: u32) -> u32 {
    let mut id = id;
    while id != NIL && arena[id].links().left() != NIL {
        id = arena[id].links().left();
    }
    id
}

fn height<T: Node, const N: usize>(arena: &Arena<T, N>, id: u32) -> u8 {
    if id == NIL { 0 } else { arena[id].links().height.get() }
}

/// Height and summary of `id` from its children. Returns whether either changed, and by how much
/// the right side is higher.
fn sum_up<T: Node, const N: usize>(arena: &mut Arena<T, N>, id: u32) -> (bool, i32) {
    let [left, right] = arena[id].links().child;
    let look = |child: u32| match child {
        NIL => (0, None),
        child => {
            let node = &arena[child];
            (node.links().height.get(), Some(node.summary()))
        }
    };
    let ((left_height, left), (right_height, right)) = (look(left), look(right));
    let height = NonZeroU8::MIN.saturating_add(left_height.max(right_height));
    let node = &mut arena[id];
    let changed = node.resummarize(left, right) | (node.links().height != height);
    node.links_mut().height = height;
    (changed, i32::from(right_height) - i32::from(left_height))
}

/// Asserts that links, heights and balance agree; returns the number of nodes. Summaries are the
/// caller's to check. For tests.
pub fn check<T: Node, const N: usize>(arena: &Arena<T, N>, tree: Tree) -> u32 {
    let mut count = 0;
    let mut id = tree.first(arena);
    while id != NIL {
        let links = arena[id].links();
        let heights = links.child.map(|child| {
            assert!(child == NIL || arena[child].links().parent == id, "parent link of {child}");
            height(arena, child)
        });
        assert!(heights[0].abs_diff(heights[1]) <= 1, "balance of {id}");
        assert_eq!(links.height.get(), heights[0].max(heights[1]) + 1, "height of {id}");
        count += 1;
        id = tree.next(arena, id);
    }
    count
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::vec::Vec;

    struct Number {
        links: Links,
        value: u32,
        sum: u64,
    }

    impl Node for Number {
        type Summary = u64;

        fn links(&self) -> &Links {
            &self.links
        }

        fn links_mut(&mut self) -> &mut Links {
            &mut self.links
        }

        fn summary(&self) -> u64 {
            self.sum
        }

        fn resummarize(&mut self, left: Option<u64>, right: Option<u64>) -> bool {
            let sum = u64::from(self.value) + left.unwrap_or(0) + right.unwrap_or(0);
            core::mem::replace(&mut self.sum, sum) != sum
        }
    }

    #[derive(Default)]
    struct Numbers {
        arena: Arena<Number, 8>,
        tree: Tree,
    }

    impl Numbers {
        fn insert(&mut self, value: u32) {
            let (mut parent, mut side, mut id) = (NIL, Left, self.tree.root());
            while id != NIL {
                parent = id;
                side = if value < self.arena[id].value { Left } else { Right };
                id = self.arena[id].links.child(side);
            }
            self.arena.reserve(1).unwrap();
            let id = self.arena.insert(Number { links: Links::default(), value, sum: 0 });
            self.tree.insert(&mut self.arena, parent, side, id);
        }

        fn remove(&mut self, nth: u32) -> u32 {
            let mut id = self.tree.first(&self.arena);
            for _ in 0..nth {
                id = self.tree.next(&self.arena, id);
            }
            self.tree.remove(&mut self.arena, id);
            self.arena.remove(id).unwrap().value
        }

        fn check(&self) -> Vec<u32> {
            assert_eq!(check(&self.arena, self.tree), self.arena.len());
            let mut values = Vec::new();
            let mut id = self.tree.first(&self.arena);
            while id != NIL {
                let node = &self.arena[id];
                let below = |child: u32| self.arena.get(child).map_or(0, |node| node.sum);
                let sum = below(node.links.left()) + below(node.links.right());
                assert_eq!(node.sum, sum + u64::from(node.value));
                values.push(node.value);
                id = self.tree.next(&self.arena, id);
            }
            values
        }
    }

    #[test]
    fn sorted_insertion_stays_low() {
        let mut numbers = Numbers::default();
        (0..1000).for_each(|value| numbers.insert(value));
        assert_eq!(numbers.check(), (0..1000).collect::<Vec<_>>());
        assert_eq!(height(&numbers.arena, numbers.tree.root()), 10);
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(96))]
        #[test]
        fn a_tree_is_a_sorted_list(
            steps in prop::collection::vec((0..5u32, 0..1000u32), 1..150),
        ) {
            let (mut numbers, mut model) = (Numbers::default(), Vec::new());
            for (kind, value) in steps {
                if kind < 3 || model.is_empty() {
                    numbers.insert(value);
                    model.push(value);
                    model.sort();
                } else {
                    let nth = value % model.len() as u32;
                    prop_assert_eq!(numbers.remove(nth), model.remove(nth as usize));
                }
                prop_assert_eq!(&numbers.check(), &model);
            }
        }
    }
}
