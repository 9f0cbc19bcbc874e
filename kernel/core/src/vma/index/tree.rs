//! The tree, places in it, and what an entry's change means above it.

use super::node::{Entry, Node};
use crate::arena::{Arena, NIL};

/// Entries of a node of a [`VmaSet`](super::VmaSet)'s index.
pub(in crate::vma) const FANOUT: usize = 64;
/// Two neighbours have more entries than half a node, so that a node has 16 on average; and 65,531
/// areas are fewer than 16^4. One more for nodes without neighbours.
pub(super) const MAX_HEIGHT: usize = 5;
/// Nodes a chunk of memory holds. One, so that a node's number leads straight to it.
const CHUNK: usize = 1;

/// A place in the tree: from the leaf up, each node and the entry in it. In the leaf it is the
/// number of entries up to what was sought.
#[derive(Clone, Copy)]
pub(in crate::vma) struct Path {
    pub(super) steps: [(u32, u32); MAX_HEIGHT],
    /// The area that starts up to there; or, if the leaf has none, the first above.
    pub area: Result<u32, u32>,
}

/// The area above a place, and its gap from now on.
#[derive(Clone, Copy)]
pub(in crate::vma) struct Above {
    pub start: u32,
    pub gap: u32,
}

pub(in crate::vma) struct Index<const F: usize> {
    pub(super) nodes: Arena<Node<F>, CHUNK>,
    pub(super) root: u32,
    pub(super) height: usize,
    /// Nodes with room and without entries.
    pub(super) spare: u32,
    pub(super) spare_count: u32,
}

/// What happened to the gaps of a node: the largest that went, the largest that came.
#[derive(Clone, Copy)]
pub(super) struct Gaps {
    pub went: u32,
    pub came: u32,
}

impl<const F: usize> Index<F> {
    /// Neighbours of together so many entries or fewer are merged.
    pub(super) const MERGED: usize = F * 3 / 4;

    pub const fn new() -> Self {
        Self { nodes: Arena::new(), root: NIL, height: 0, spare: NIL, spare_count: 0 }
    }

    /// The place behind all that starts at `start` or below.
    #[inline]
    pub fn seek(&self, start: u32) -> Path {
        let mut path = Path { steps: [(NIL, 0); MAX_HEIGHT], area: Err(NIL) };
        let mut id = self.root;
        for level in (1..self.height).rev() {
            let node = &self.nodes[id];
            let at = node.seek(start);
            path.steps[level] = (id, at as u32);
            id = node.id(at);
        }
        if id != NIL {
            let leaf = &self.nodes[id];
            let at = leaf.up_to(start);
            path.steps[0] = (id, at as u32);
            path.area = leaf.area_at(at);
        }
        path
    }

    /// The area that starts at `start` or nearest below; or, if there is none, the first above.
    #[inline(always)]
    pub fn find(&self, start: u32) -> u32 {
        let mut id = self.root;
        for _ in 0..self.height {
            let node = &self.nodes[id];
            id = node.id(node.seek(start));
        }
        id
    }

    /// Changes the gap in front of the area that starts at `start`.
    pub fn set_gap(&mut self, start: u32, gap: u32) {
        self.change(start, start, gap);
    }

    /// Changes the start of an area, between the same neighbours, and the gap in front of it.
    pub fn change(&mut self, start: u32, to: u32, gap: u32) {
        let path = self.seek(start);
        let (leaf, behind) = path.steps[0];
        let (node, at) = (&mut self.nodes[leaf], behind as usize - 1);
        let was = node.entry(at);
        debug_assert!(was.start == start, "an area is not where it should be");
        let gaps = Gaps { went: was.gap, came: gap };
        node.set(at, Entry { start: to, gap, ..was });
        self.settle(&path, 0, gaps);
    }

    /// Makes starts and largest gaps true above the node at `level`, whose gaps changed.
    #[inline]
    pub(super) fn settle(&mut self, path: &Path, level: usize, gaps: Gaps) {
        if level + 1 < self.height {
            self.settle_above(path, level, gaps);
        }
    }

    fn settle_above(&mut self, path: &Path, level: usize, gaps: Gaps) {
        let Gaps { mut went, mut came } = gaps;
        for level in level..self.height - 1 {
            let node = &self.nodes[path.steps[level].0];
            let start = node.first_start();
            let (parent, at) = path.steps[level + 1];
            let was = self.nodes[parent].entry(at as usize);
            let gap = if came >= was.gap {
                came
            } else if went < was.gap {
                was.gap
            } else {
                node.largest_gap()
            };
            if (start, gap) == (was.start, was.gap) {
                return;
            }
            self.nodes[parent].set(at as usize, Entry { start, gap, ..was });
            (went, came) = (was.gap, gap);
        }
    }
}
