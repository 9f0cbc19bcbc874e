//! Who maps which pages of an object: an interval tree of areas by the pages of the object they
//! show.
//!
//! Most objects have few mappings; those are kept without any node.

#[cfg(test)]
mod follow_tests;
#[cfg(test)]
mod tests;

use crate::addr::{PageRange, Vpn};
use crate::arena::{Arena, NIL, NoMemory};
use crate::avl::{self, Links, Side, Tree};
use crate::vma::{Edit, Extent, VmaId};

/// Entries an edit of an area may add to one map: a piece is cut out of its middle.
pub const MOST_ADDED: u32 = 2;

/// An area that shows the pages `first..=last`, the first of them at `start`.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Mapping {
    /// The kernel's word for the address space.
    pub space: u32,
    /// The area in it.
    pub area: u32,
    pub start: Vpn,
    pub first: u32,
    pub last: u32,
}

impl Mapping {
    /// An area of an object.
    pub fn of_object(space: u32, id: VmaId, extent: Extent) -> Self {
        Self::at(space, id, extent.range, extent.pgoff)
    }

    /// `range` shows the pages from `first` on.
    pub(crate) fn at(space: u32, id: VmaId, range: PageRange, first: u32) -> Self {
        let last = first.saturating_add(range.len() - 1);
        Self { space, area: id.as_u32(), start: range.start(), first, last }
    }

    /// The order of mappings: by first page, then by whose it is.
    pub fn key(&self) -> (u32, u32, u32) {
        (self.first, self.space, self.area)
    }

    const NONE: Self = Self { space: 0, area: 0, start: Vpn::new(0), first: 1, last: 0 };

    fn overlaps(&self, first: u32, last: u32) -> bool {
        self.first <= last && first <= self.last
    }

    /// Where the pages `first..=last` of the object appear in the address space, as far as this
    /// mapping shows them.
    pub fn pages(&self, first: u32, last: u32) -> PageRange {
        let from = first.max(self.first);
        let to = last.min(self.last);
        if from > to {
            return PageRange::default();
        }
        let start = self.start.checked_add(from - self.first).unwrap_or(self.start);
        PageRange::with_len(start, to - from + 1).unwrap_or_default()
    }
}

struct Node {
    mapping: Mapping,
    /// The weight is the mapping's `last`.
    links: Links,
}

impl avl::Node for Node {
    fn links(&self) -> &Links {
        &self.links
    }

    fn links_mut(&mut self) -> &mut Links {
        &mut self.links
    }
}

/// Nodes a chunk of memory holds; one in tests, so that they notice what was not reserved.
const CHUNK: usize = if cfg!(test) { 1 } else { 16 };

/// Mappings without a node: those of a process and two children.
const FEW: usize = 3;

/// See the module's description.
pub struct ReverseMap {
    /// In any order; the first `few_len` count.
    few: [Mapping; FEW],
    few_len: u32,
    arena: Arena<Node, CHUNK>,
    tree: Tree,
    moves: u32,
}

impl Default for ReverseMap {
    fn default() -> Self {
        Self::new()
    }
}

impl ReverseMap {
    pub const fn new() -> Self {
        let few = [Mapping::NONE; FEW];
        Self { few, few_len: 0, arena: Arena::new(), tree: Tree::new(), moves: 0 }
    }

    pub fn len(&self) -> u32 {
        self.arena.len() + self.few_len
    }

    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Changes whenever pages may have come under another mapping. A loop by [`next`](Self::next)
    /// has seen all pages if it is the same before and after.
    #[inline]
    pub fn edits(&self) -> u32 {
        self.moves
    }

    /// Pages are about to come under another mapping.
    #[inline]
    pub fn note_move(&mut self) {
        self.moves = self.moves.wrapping_add(1);
    }

    /// Makes the next `count` insertions succeed.
    #[inline]
    pub fn reserve(&mut self, count: u32) -> Result<(), NoMemory> {
        match (self.few_len + count).checked_sub(FEW as u32) {
            None | Some(0) => Ok(()),
            Some(nodes) => self.arena.reserve(nodes),
        }
    }

    /// Gives back what was reserved and not needed, if that is all there is. An edit that is being
    /// followed adds nothing more than finds room without a node.
    #[inline]
    pub fn shrink(&mut self) {
        if self.arena.is_empty() && self.arena.slots() != 0 {
            self.arena.clear();
        }
    }

    /// Adds a mapping. Panics if it needs a node and none was reserved.
    #[inline]
    pub fn insert(&mut self, mapping: Mapping) {
        match self.few.get_mut(self.few_len as usize) {
            Some(place) => {
                *place = mapping;
                self.few_len += 1;
            }
            None => self.link(mapping),
        }
    }

    #[inline]
    fn few(&self) -> &[Mapping] {
        self.few.get(..self.few_len as usize).unwrap_or(&self.few)
    }

    #[inline]
    fn position(&self, key: (u32, u32, u32)) -> Option<usize> {
        self.few().iter().position(|mapping| mapping.key() == key)
    }

    fn link(&mut self, mapping: Mapping) {
        let (mut parent, mut side, mut at) = (NIL, Side::Left, self.tree.root());
        while let Some(node) = self.arena.get(at) {
            parent = at;
            side = if mapping.key() < node.mapping.key() { Side::Left } else { Side::Right };
            at = node.links.child(side);
        }
        let id = self.arena.insert(Node { mapping, links: Links::new(mapping.last) });
        self.tree.insert(&mut self.arena, (parent, side), id, NIL);
    }

    /// Takes away the mapping of an area whose pages begin with `first`. `false` if there is none.
    #[inline]
    pub fn remove(&mut self, space: u32, area: u32, first: u32) -> bool {
        let key = (first, space, area);
        if let Some(at) = self.position(key) {
            self.few_len -= 1;
            self.few[at] = self.few[self.few_len as usize];
            // What an edit may still add finds room without the nodes that were reserved for it.
            if self.few_len + MOST_ADDED <= FEW as u32 {
                self.shrink();
            }
            return true;
        }
        let mut at = self.tree.root();
        while let Some(node) = self.arena.get(at) {
            let found = node.mapping.key();
            if found == key {
                self.tree.remove(&mut self.arena, at, NIL);
                self.arena.remove(at);
                if self.arena.is_empty() {
                    self.arena.clear();
                }
                return true;
            }
            at = node.links.child(if key < found { Side::Left } else { Side::Right });
        }
        false
    }

    /// Replaces the mapping of an area whose pages began with `first`. Needs no memory. `false` if
    /// there was none.
    pub fn change(&mut self, first: u32, mapping: Mapping) -> bool {
        self.note_move();
        let old = (first, mapping.space, mapping.area);
        if let Some(at) = self.position(old) {
            self.few[at] = mapping;
            return true;
        }
        let mut at = self.tree.root();
        while let Some(node) = self.arena.get_mut(at) {
            let found = node.mapping.key();
            if found == old {
                // Unlinked and linked anew: its node stays, so no memory is needed.
                self.tree.remove(&mut self.arena, at, NIL);
                self.arena.remove(at);
                self.link(mapping);
                return true;
            }
            at = node.links.child(if old < found { Side::Left } else { Side::Right });
        }
        false
    }

    /// Follows an edit in the address space `space` of an area of the object this map is of.
    #[inline]
    pub fn follow<B>(&mut self, space: u32, edit: &Edit<'_, B>) {
        let known = match edit {
            Edit::Added { id, vma } => {
                self.insert(Mapping::of_object(space, *id, vma.extent()));
                true
            }
            // Of an area's flags a map knows nothing.
            Edit::Changed { was, vma, .. }
                if (was.range, was.pgoff) == (vma.range(), vma.pgoff()) =>
            {
                true
            }
            Edit::Changed { id, was, vma } => {
                self.change(was.pgoff, Mapping::of_object(space, *id, vma.extent()))
            }
            Edit::Removed { id, vma } => self.remove(space, id.as_u32(), vma.pgoff()),
        };
        debug_assert!(known, "an area was not in its reverse map");
    }

    /// Shows every mapping that shows one of the pages `first..=last`.
    pub fn for_each(&self, first: u32, last: u32, mut show: impl FnMut(&Mapping)) {
        self.few().iter().filter(|mapping| mapping.overlaps(first, last)).for_each(&mut show);
        let mut at = self.leftmost(self.tree.root(), first);
        while let Some(node) = self.arena.get(at) {
            if node.mapping.first > last {
                return;
            }
            if node.mapping.last >= first {
                show(&node.mapping);
            }
            at = self.successor(at, first);
        }
    }

    /// The mapping after the one with key `after` (the first of all for `None`) that shows one of
    /// the pages `first..=last`. For loops that let go of the map in between.
    pub fn next(&self, after: Option<(u32, u32, u32)>, first: u32, last: u32) -> Option<Mapping> {
        let behind = |mapping: &Mapping| after.is_none_or(|after| mapping.key() > after);
        let few = self.few().iter().filter(|few| few.overlaps(first, last) && behind(few));
        few.copied().chain(self.next_linked(after, first, last)).min_by_key(Mapping::key)
    }

    fn next_linked(
        &self,
        after: Option<(u32, u32, u32)>,
        first: u32,
        last: u32,
    ) -> Option<Mapping> {
        let mut at = match after {
            None => self.leftmost(self.tree.root(), first),
            Some(after) => {
                // The lowest node behind `after`; those to its left are not.
                let (mut found, mut at) = (NIL, self.tree.root());
                while let Some(node) = self.arena.get(at) {
                    if node.mapping.key() > after {
                        found = at;
                        at = node.links.left();
                    } else {
                        at = node.links.right();
                    }
                }
                found
            }
        };
        while let Some(node) = self.arena.get(at) {
            if node.mapping.first > last {
                return None;
            }
            if node.mapping.last >= first {
                return Some(node.mapping);
            }
            at = self.successor(at, first);
        }
        None
    }

    /// The first node below `at`, in order, whose subtree to the left may reach `first`.
    fn leftmost(&self, at: u32, first: u32) -> u32 {
        let mut at = at;
        while let Some(node) = self.arena.get(at) {
            match self.arena.get(node.links.left()) {
                Some(left) if left.links.largest() >= first => at = node.links.left(),
                _ => break,
            }
        }
        at
    }

    /// The next node in order, past subtrees that end before `first`.
    fn successor(&self, at: u32, first: u32) -> u32 {
        let Some(node) = self.arena.get(at) else { return NIL };
        let right = node.links.right();
        if self.arena.get(right).is_some_and(|right| right.links.largest() >= first) {
            return self.leftmost(right, first);
        }
        let (mut from, mut at) = (at, node.links.parent());
        while let Some(node) = self.arena.get(at) {
            if node.links.left() == from {
                return at;
            }
            (from, at) = (at, node.links.parent());
        }
        NIL
    }
}
