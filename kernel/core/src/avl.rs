//! A height-balanced tree whose nodes live in an [`Arena`]; every node knows the largest weight
//! of its subtree.
//!
//! The caller finds the place of a node by its own order; the tree links and balances, and keeps
//! the largest weights (a largest gap, a last end) true. A walk up ends where nothing changes any
//! more, and looks at a sibling only if what was largest went. Nothing allocates or recurses.

mod check;
mod links;
#[cfg(test)]
mod tests;

pub use check::check;
pub use links::{Links, Node, Side};

use crate::arena::{Arena, NIL};
use Side::{Left, Right};
use links::Balance;

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
