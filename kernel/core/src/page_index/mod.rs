//! Which frame holds which page of an object: a radix tree from page offset to a word.
//!
//! Levels of 64; the tree is as high as its largest offset needs, and an object of one page has no
//! node at all. A link to a node also says how many of the node's slots are in use, so a node is
//! given up with its last entry without looking through it. All trees take their nodes from one
//! [`Nodes`], whose lock guards them.

mod nodes;

#[cfg(test)]
mod tests;

pub use nodes::Nodes;

use crate::arena::NoMemory;
use nodes::{BITS, EMPTY, Link, MASK, SLOTS};

/// Levels that 32 bits of offset take.
const MAX_HEIGHT: u32 = u32::BITS.div_ceil(BITS);
/// Nodes one insertion takes at most: new levels above, and a new path below.
const MAX_NEW: u32 = 2 * MAX_HEIGHT;

/// One object's tree. Must be emptied before it is dropped, or its nodes are lost.
#[derive(Debug)]
pub struct PageIndex {
    /// The link to the top node, or the entry of offset 0 if there are no levels.
    root: u32,
    height: u32,
    len: u32,
}

impl Default for PageIndex {
    fn default() -> Self {
        Self::new()
    }
}

impl PageIndex {
    /// The largest word an entry can be.
    pub const MAX_VALUE: u32 = nodes::MAX_VALUE;

    pub const fn new() -> Self {
        Self { root: EMPTY, height: 0, len: 0 }
    }

    /// Number of entries.
    pub const fn len(&self) -> u32 {
        self.len
    }

    pub const fn is_empty(&self) -> bool {
        self.len == 0
    }

    #[inline]
    pub fn get(&self, nodes: &Nodes, index: u32) -> Option<u32> {
        let value =
            if index == 0 && self.height == 0 { self.root } else { self.find(nodes, index) };
        (value != EMPTY).then_some(value)
    }

    #[inline]
    fn find(&self, nodes: &Nodes, index: u32) -> u32 {
        if self.too_low(index) {
            return EMPTY;
        }
        let mut at = self.root;
        for level in (0..self.height).rev() {
            if at == EMPTY {
                break;
            }
            at = nodes.slot(Link(at), digit(index, level));
        }
        at
    }

    /// Whether offset `index` lies beyond what the levels reach.
    #[inline]
    fn too_low(&self, index: u32) -> bool {
        let bits = self.height * BITS;
        bits < u32::BITS && index >> bits != 0
    }

    /// Sets the entry of `index` and returns what was there. After a [`Nodes::reserve`] under the
    /// same lock it cannot fail.
    pub fn insert(
        &mut self,
        nodes: &mut Nodes,
        index: u32,
        value: u32,
    ) -> Result<Option<u32>, NoMemory> {
        debug_assert!(value <= Self::MAX_VALUE);
        nodes.reserve()?;
        while self.too_low(index) {
            if self.root != EMPTY {
                let mut top = nodes.take();
                nodes.set_slot(top, 0, self.root);
                top.set_used(1);
                self.root = top.0;
            }
            self.height += 1;
        }
        // Where the link to the current node is kept: a slot of the node above, or the root.
        let mut above: Option<(Link, u32)> = None;
        let mut at = self.root;
        for level in (0..self.height).rev() {
            let mut link = if at == EMPTY { nodes.take() } else { Link(at) };
            let slot = digit(index, level);
            let child = nodes.slot(link, slot);
            // An empty slot is about to be filled: nothing can fail any more.
            link.set_used(link.used() + u32::from(child == EMPTY));
            self.put(nodes, above, link.0);
            above = Some((link, slot));
            at = child;
        }
        self.put(nodes, above, value);
        self.len += u32::from(at == EMPTY);
        Ok((at != EMPTY).then_some(at))
    }

    /// Changes an entry that is there and returns what it was. Needs no memory.
    pub fn replace(&mut self, nodes: &mut Nodes, index: u32, value: u32) -> Option<u32> {
        debug_assert!(value <= Self::MAX_VALUE);
        if self.too_low(index) {
            return None;
        }
        let mut above = None;
        let mut at = self.root;
        for level in (0..self.height).rev() {
            if at == EMPTY {
                return None;
            }
            let slot = digit(index, level);
            above = Some((Link(at), slot));
            at = nodes.slot(Link(at), slot);
        }
        if at == EMPTY {
            return None;
        }
        self.put(nodes, above, value);
        Some(at)
    }

    /// Takes an entry away, and the nodes that held nothing else.
    pub fn remove(&mut self, nodes: &mut Nodes, index: u32) -> Option<u32> {
        if self.too_low(index) {
            return None;
        }
        let mut path = [(Link(EMPTY), 0); MAX_HEIGHT as usize];
        let mut at = self.root;
        for level in (0..self.height).rev() {
            if at == EMPTY {
                return None;
            }
            let slot = digit(index, level);
            path[level as usize] = (Link(at), slot);
            at = nodes.slot(Link(at), slot);
        }
        if at == EMPTY {
            return None;
        }
        self.len -= 1;
        let mut replacement = EMPTY;
        for &(mut link, slot) in path.iter().take(self.height as usize) {
            nodes.set_slot(link, slot, replacement);
            if replacement == EMPTY {
                link.set_used(link.used() - 1);
                if link.used() == 0 {
                    nodes.give(link);
                    continue;
                }
            }
            replacement = link.0;
        }
        self.root = replacement;
        self.lower(nodes);
        Some(at)
    }

    /// Gives up levels that only offsets which are gone had needed.
    fn lower(&mut self, nodes: &mut Nodes) {
        while self.height != 0 && self.root != EMPTY {
            let top = Link(self.root);
            let first = nodes.slot(top, 0);
            if top.used() != 1 || first == EMPTY {
                return;
            }
            self.root = first;
            self.height -= 1;
            nodes.give(top);
        }
        if self.root == EMPTY {
            self.height = 0;
        }
    }

    /// The first entry at `from` or behind.
    pub fn next(&self, nodes: &Nodes, from: u32) -> Option<(u32, u32)> {
        let mut index = from;
        loop {
            if self.too_low(index) {
                return None;
            }
            let mut at = self.root;
            let mut level = self.height;
            while level != 0 && at != EMPTY {
                level -= 1;
                let slot = digit(index, level);
                let Some((used, child)) = nodes.next_used(Link(at), slot) else {
                    // Nothing more in this node: go on behind it.
                    at = EMPTY;
                    level += 1;
                    break;
                };
                if used != slot {
                    let shift = level * BITS;
                    // Everything below this digit starts again at 0.
                    index = (index >> shift & !MASK | used) << shift;
                }
                at = child;
            }
            if at != EMPTY {
                return Some((index, at));
            }
            let shift = level * BITS;
            if shift >= u32::BITS || self.root == EMPTY {
                return None;
            }
            index = (index >> shift).checked_add(1)?;
            index = index.checked_mul(1 << shift)?;
        }
    }

    /// The entries from `start` to before `end`, lowest first.
    pub fn range<'a>(
        &'a self,
        nodes: &'a Nodes,
        start: u32,
        end: u32,
    ) -> impl Iterator<Item = (u32, u32)> + 'a {
        let mut from = Some(start);
        core::iter::from_fn(move || {
            let found = self.next(nodes, from?).filter(|&(index, _)| index < end);
            from = found.and_then(|(index, _)| index.checked_add(1));
            found
        })
    }

    /// The first offset from `start` to before `end` that has no entry.
    pub fn first_absent(&self, nodes: &Nodes, start: u32, end: u32) -> Option<u32> {
        (start..end).find(|&index| self.get(nodes, index).is_none())
    }

    /// Takes away at most `limit` entries at `from` or behind and says whether there are more.
    pub fn truncate(
        &mut self,
        nodes: &mut Nodes,
        from: u32,
        limit: u32,
        mut removed: impl FnMut(u32, u32),
    ) -> bool {
        for _ in 0..limit {
            let Some((index, value)) = self.next(nodes, from) else { return false };
            self.remove(nodes, index);
            removed(index, value);
        }
        self.next(nodes, from).is_some()
    }

    #[inline]
    fn put(&mut self, nodes: &mut Nodes, place: Option<(Link, u32)>, word: u32) {
        match place {
            Some((link, slot)) => nodes.set_slot(link, slot, word),
            None => self.root = word,
        }
    }
}

/// The slot of `index` in a node at `level`, the lowest being 0.
#[inline]
fn digit(index: u32, level: u32) -> u32 {
    index >> (level * BITS) & MASK
}

const _: () = assert!(SLOTS == 1 << BITS);
