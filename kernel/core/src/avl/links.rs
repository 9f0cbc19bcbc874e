//! A node's place in its tree.

use crate::arena::NIL;

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
pub(super) enum Balance {
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
    pub(super) parent: u32,
    pub(super) child: [u32; 2],
    pub(super) weight: u32,
    pub(super) largest: u32,
    pub(super) balance: Balance,
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
    pub(super) const fn side_of(&self, child: u32) -> Side {
        if self.child[0] == child { Left } else { Right }
    }
}

/// What can be linked into a [`Tree`].
pub trait Node {
    fn links(&self) -> &Links;
    fn links_mut(&mut self) -> &mut Links;
}
