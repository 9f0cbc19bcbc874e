//! A height-balanced tree whose nodes live in an [`Arena`]; every node knows the largest weight
//! of its subtree.
//!
//! The caller finds the place of a node by its own order; the tree links and balances, and keeps
//! the largest weights (a largest gap, a last end) true. A walk up ends where nothing changes any
//! more, and looks at a sibling only if what was largest went. Nothing allocates or recurses.

use crate::arena::{Arena, NIL};

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

/// Which subtree is one level higher.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Balance {
    Left,
    Right,
    Even,
}

impl From<Side> for Balance {
    #[inline(always)]
    fn from(side: Side) -> Self {
        match side {
            Left => Self::Left,
            Right => Self::Right,
        }
    }
}

/// A node's place in its tree, and its weight.
#[derive(Clone, Copy, Debug)]
pub struct Links {
    parent: u32,
    child: [u32; 2],
    weight: u32,
    largest: u32,
    balance: Balance,
}

impl Links {
    /// Of a node outside of any tree.
    pub const fn new(weight: u32) -> Self {
        let (parent, child, balance) = (NIL, [NIL; 2], Balance::Even);
        Self { parent, child, weight, largest: weight, balance }
    }

    #[inline(always)]
    pub const fn parent(&self) -> u32 {
        self.parent
    }

    #[inline(always)]
    pub const fn child(&self, side: Side) -> u32 {
        self.child[side as usize]
    }

    #[inline(always)]
    pub const fn left(&self) -> u32 {
        self.child[0]
    }

    #[inline(always)]
    pub const fn right(&self) -> u32 {
        self.child[1]
    }

    #[inline(always)]
    pub const fn weight(&self) -> u32 {
        self.weight
    }

    /// The largest weight of the subtree.
    #[inline(always)]
    pub const fn largest(&self) -> u32 {
        self.largest
    }

    /// Changes the weight; the tree must hear of it by [`Tree::spread`].
    #[inline(always)]
    pub const fn weigh(&mut self, weight: u32) {
        self.weight = weight;
    }

    #[inline(always)]
    const fn side_of(&self, child: u32) -> Side {
        if self.child[0] == child { Left } else { Right }
    }
}

/// What can be linked into a [`Tree`].
pub trait Node {
    fn links(&self) -> &Links;
    fn links_mut(&mut self) -> &mut Links;
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

    #[inline(always)]
    pub const fn root(self) -> u32 {
        self.root
    }

    pub const fn is_empty(self) -> bool {
        self.root == NIL
    }

    /// Links `id` as the `side` child of `parent`, whose place there is free; under `NIL`, as the
    /// root of an empty tree. `weighed` is a node whose weight was changed just before, or `NIL`.
    pub fn insert<T: Node, const N: usize>(
        &mut self,
        arena: &mut Arena<T, N>,
        (parent, side): (u32, Side),
        id: u32,
        weighed: u32,
    ) {
        let links = arena[id].links_mut();
        *links = Links { parent, ..Links::new(links.weight) };
        if parent == NIL {
            debug_assert!(self.root == NIL, "a second root");
            self.root = id;
            return;
        }
        let child = &mut arena[parent].links_mut().child[side as usize];
        debug_assert!(*child == NIL, "the place is taken");
        *child = id;
        self.spread(arena, parent);
        if weighed != parent && weighed != NIL {
            self.spread(arena, weighed);
        }
        self.grown(arena, parent, id);
    }

    /// Unlinks `id`, which stays in the arena. `weighed` is another node whose weight was changed
    /// just before, or `NIL`.
    pub fn remove<T: Node, const N: usize>(
        &mut self,
        arena: &mut Arena<T, N>,
        id: u32,
        weighed: u32,
    ) {
        let Links { parent, child: [left, right], largest, balance, .. } = *arena[id].links();
        let (start, side);
        if left == NIL || right == NIL {
            let only = if left == NIL { right } else { left };
            side = self.replace(arena, parent, id, only);
            start = parent;
        } else {
            // The next node in order takes the place; what it leaves has no left child.
            let mut heir = right;
            while arena[heir].links().left() != NIL {
                heir = arena[heir].links().left();
            }
            let links = arena[heir].links_mut();
            (links.largest, links.balance) = (largest, balance);
            let Links { parent: heir_parent, child: [_, orphan], .. } = *links;
            if heir == right {
                (start, side) = (heir, Right);
            } else {
                side = self.replace(arena, heir_parent, heir, orphan);
                start = heir_parent;
                set_child(arena, heir, Right, right);
            }
            set_child(arena, heir, Left, left);
            self.replace(arena, parent, id, heir);
            if heir != start {
                self.spread(arena, heir);
            }
        }
        if start != NIL {
            self.spread(arena, start);
        }
        if weighed != start && weighed != NIL {
            self.spread(arena, weighed);
        }
        if start != NIL {
            self.shrunk(arena, start, side);
        }
    }

    /// Makes the largest weights true from `id` upwards, whose own weight or children changed.
    /// Only what is true can be balanced: several nodes may be changed, but all are spread before.
    pub fn spread<T: Node, const N: usize>(self, arena: &mut Arena<T, N>, id: u32) {
        let Links { parent, child: [left, right], weight, largest: was, .. } = *arena[id].links();
        let now = weight.max(largest(arena, left)).max(largest(arena, right));
        if now == was {
            return;
        }
        arena[id].links_mut().largest = now;
        let (mut child, mut child_was, mut child_now, mut id) = (id, was, now, parent);
        while id != NIL {
            let links = arena[id].links_mut();
            let (parent, was, mut now) = (links.parent, links.largest, child_now);
            if child_now < was {
                if child_was < was {
                    return;
                }
                // It was the child's that was the largest.
                let sibling = links.child(links.side_of(child).other());
                now = now.max(links.weight).max(largest(arena, sibling));
            }
            if now == was {
                return;
            }
            arena[id].links_mut().largest = now;
            (child, child_was, child_now, id) = (id, was, now, parent);
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

    /// Balances from `id` upwards, whose subtree `child` has become one level higher.
    fn grown<T: Node, const N: usize>(&mut self, arena: &mut Arena<T, N>, id: u32, child: u32) {
        let (mut id, mut child) = (id, child);
        while id != NIL {
            let links = arena[id].links_mut();
            let side = links.side_of(child);
            if links.balance != Balance::Even {
                if links.balance == side.into() {
                    self.rotate(arena, id, side);
                } else {
                    links.balance = Balance::Even;
                }
                return;
            }
            links.balance = side.into();
            (child, id) = (id, links.parent);
        }
    }

    /// Balances from `id` upwards, whose subtree on `side` has become one level lower.
    fn shrunk<T: Node, const N: usize>(&mut self, arena: &mut Arena<T, N>, id: u32, side: Side) {
        let (mut id, mut side) = (id, side);
        loop {
            let links = arena[id].links_mut();
            let mut top = id;
            let parent = links.parent;
            if links.balance == Balance::Even {
                links.balance = side.other().into();
                return;
            } else if links.balance == side.into() {
                links.balance = Balance::Even;
            } else {
                let lower;
                (top, lower) = self.rotate(arena, id, side.other());
                if !lower {
                    return;
                }
            }
            if parent == NIL {
                return;
            }
            side = arena[parent].links().side_of(top);
            id = parent;
        }
    }

    /// Lifts the `heavy` side of `id`, two levels higher than the other. Returns the new root of
    /// this subtree and whether it is lower than before.
    fn rotate<T: Node, const N: usize>(
        &mut self,
        arena: &mut Arena<T, N>,
        id: u32,
        heavy: Side,
    ) -> (u32, bool) {
        let light = heavy.other();
        let child = arena[id].links().child(heavy);
        let child_balance = arena[child].links().balance;
        let (of_id, of_child, of_top, top, lower);
        if child_balance == light.into() {
            top = self.lift(arena, child, light);
            let inner = arena[top].links().balance;
            self.lift(arena, id, heavy);
            of_id = if inner == heavy.into() { light.into() } else { Balance::Even };
            of_child = if inner == light.into() { heavy.into() } else { Balance::Even };
            (of_top, lower) = (Balance::Even, true);
            arena[child].links_mut().balance = of_child;
        } else {
            top = self.lift(arena, id, heavy);
            lower = child_balance != Balance::Even;
            (of_id, of_top) =
                if lower { (Balance::Even, Balance::Even) } else { (heavy.into(), light.into()) };
        }
        arena[id].links_mut().balance = of_id;
        arena[top].links_mut().balance = of_top;
        (top, lower)
    }

    /// Lifts the child of `id` on `side` over it.
    fn lift<T: Node, const N: usize>(
        &mut self,
        arena: &mut Arena<T, N>,
        id: u32,
        side: Side,
    ) -> u32 {
        let Links { parent, child, weight, largest: all, .. } = *arena[id].links();
        let lifted = child[side as usize];
        let links = arena[lifted].links_mut();
        let inner = links.child(side.other());
        links.child[side.other() as usize] = id;
        links.parent = parent;
        links.largest = all;
        if parent == NIL {
            self.root = lifted;
        } else {
            let links = arena[parent].links_mut();
            links.child[links.side_of(id) as usize] = lifted;
        }
        let mut below = weight.max(largest(arena, child[side.other() as usize]));
        if inner != NIL {
            let links = arena[inner].links_mut();
            links.parent = id;
            below = below.max(links.largest);
        }
        let links = arena[id].links_mut();
        (links.parent, links.child[side as usize], links.largest) = (lifted, inner, below);
        lifted
    }

    /// Puts `new` (or nothing) where `parent` has `old`; returns the side.
    fn replace<T: Node, const N: usize>(
        &mut self,
        arena: &mut Arena<T, N>,
        parent: u32,
        old: u32,
        new: u32,
    ) -> Side {
        if new != NIL {
            arena[new].links_mut().parent = parent;
        }
        if parent == NIL {
            self.root = new;
            return Left;
        }
        let links = arena[parent].links_mut();
        let side = links.side_of(old);
        links.child[side as usize] = new;
        side
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

#[inline(always)]
fn largest<T: Node, const N: usize>(arena: &Arena<T, N>, id: u32) -> u32 {
    if id == NIL { 0 } else { arena[id].links().largest }
}

/// Asserts that links, balance and largest weights agree; returns the number of nodes. For tests;
/// recurses as deep as the tree is high.
pub fn check<T: Node, const N: usize>(arena: &Arena<T, N>, tree: Tree) -> u32 {
    subtree(arena, tree.root, NIL).1
}

/// Height and number of nodes.
fn subtree<T: Node, const N: usize>(arena: &Arena<T, N>, id: u32, parent: u32) -> (u32, u32) {
    if id == NIL {
        return (0, 0);
    }
    let links = arena[id].links();
    assert_eq!(links.parent, parent, "parent link of {id}");
    let [(left, nodes_left), (right, nodes_right)] =
        links.child.map(|child| subtree(arena, child, id));
    let balance = match (left, right) {
        _ if left == right => Balance::Even,
        _ if left == right + 1 => Balance::Left,
        _ if right == left + 1 => Balance::Right,
        _ => panic!("{id} leans too far"),
    };
    assert_eq!(links.balance, balance, "balance of {id}");
    let below = links.child.map(|child| largest(arena, child));
    assert_eq!(links.largest, links.weight.max(below[0]).max(below[1]), "largest of {id}");
    (left.max(right) + 1, nodes_left + nodes_right + 1)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::vec::Vec;

    struct Number {
        links: Links,
        value: u32,
    }

    impl Node for Number {
        fn links(&self) -> &Links {
            &self.links
        }

        fn links_mut(&mut self) -> &mut Links {
            &mut self.links
        }
    }

    #[derive(Default)]
    struct Numbers {
        arena: Arena<Number, 8>,
        tree: Tree,
    }

    impl Numbers {
        fn insert(&mut self, value: u32, weight: u32) {
            let (mut parent, mut side, mut id) = (NIL, Left, self.tree.root());
            while id != NIL {
                parent = id;
                side = if value < self.arena[id].value { Left } else { Right };
                id = self.arena[id].links.child(side);
            }
            self.arena.reserve(1).unwrap();
            let id = self.arena.insert(Number { links: Links::new(weight), value });
            self.tree.insert(&mut self.arena, (parent, side), id, NIL);
        }

        fn nth(&self, nth: usize) -> u32 {
            let first = self.tree.first(&self.arena);
            (0..nth).fold(first, |id, _| self.tree.next(&self.arena, id))
        }

        fn remove(&mut self, nth: usize) -> (u32, u32) {
            let id = self.nth(nth);
            self.tree.remove(&mut self.arena, id, NIL);
            let node = self.arena.remove(id).unwrap();
            (node.value, node.links.weight)
        }

        fn weigh(&mut self, nth: usize, weight: u32) {
            let id = self.nth(nth);
            self.arena[id].links.weigh(weight);
            self.tree.spread(&mut self.arena, id);
        }

        fn check(&self) -> Vec<(u32, u32)> {
            assert_eq!(check(&self.arena, self.tree), self.arena.len());
            let mut values = Vec::new();
            let mut id = self.tree.first(&self.arena);
            while id != NIL {
                values.push((self.arena[id].value, self.arena[id].links.weight));
                id = self.tree.next(&self.arena, id);
            }
            values
        }
    }

    #[test]
    fn sorted_insertion_stays_low() {
        let mut numbers = Numbers::default();
        (0..1000).for_each(|value| numbers.insert(value, 0));
        assert_eq!(numbers.check().len(), 1000);
        assert_eq!(subtree(&numbers.arena, numbers.tree.root(), NIL).0, 10);
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(96))]
        #[test]
        fn a_tree_is_a_sorted_list(
            steps in prop::collection::vec((0..7u32, 0..1000u32, 0..20u32), 1..150),
        ) {
            let (mut numbers, mut model) = (Numbers::default(), Vec::new());
            for (kind, value, weight) in steps {
                let nth = value as usize % model.len().max(1);
                if kind < 4 || model.is_empty() {
                    numbers.insert(value, weight);
                    let at = model.partition_point(|&(other, _)| other <= value);
                    model.insert(at, (value, weight));
                } else if kind == 4 {
                    numbers.weigh(nth, weight);
                    model[nth].1 = weight;
                } else {
                    prop_assert_eq!(numbers.remove(nth), model.remove(nth));
                }
                prop_assert_eq!(&numbers.check(), &model);
            }
        }
    }
}
