//! The nodes of all trees, sixteen to a frame.

use super::MAX_NEW;
use crate::arena::NoMemory;
use crate::chunk_table::ChunkTable;

pub(super) const BITS: u32 = 6;
pub(super) const SLOTS: u32 = 1 << BITS;
pub(super) const MASK: u32 = SLOTS - 1;
/// A slot, link or entry that is not there.
pub(super) const EMPTY: u32 = u32::MAX;
/// In slot 1 of a node that no tree uses; slot 0 then is the next such node.
const FREE: u32 = u32::MAX - 1;
/// Entries stay below both.
pub(super) const MAX_VALUE: u32 = FREE - 1;

/// Nodes a frame holds.
const CHUNK: usize = 16;
const ID: u32 = (1 << 24) - 1;

/// A node and how many of its slots are in use.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Link(pub(super) u32);

impl Link {
    fn id(self) -> u32 {
        self.0 & ID
    }

    #[inline]
    pub(super) fn used(self) -> u32 {
        self.0 >> 24
    }

    #[inline]
    pub(super) fn set_used(&mut self, used: u32) {
        self.0 = self.id() | used << 24;
    }
}

#[derive(Debug)]
struct Node([u32; SLOTS as usize]);

impl Default for Node {
    fn default() -> Self {
        Self([EMPTY; SLOTS as usize])
    }
}

/// See the module's description.
#[derive(Debug)]
pub struct Nodes {
    table: ChunkTable<Node, CHUNK>,
    /// The first free node.
    free: u32,
    free_count: u32,
}

impl Default for Nodes {
    fn default() -> Self {
        Self::new()
    }
}

impl Nodes {
    pub const fn new() -> Self {
        Self { table: ChunkTable::new(), free: EMPTY, free_count: 0 }
    }

    /// Nodes that trees use.
    pub fn in_use(&self) -> u32 {
        self.table.len() - self.free_count
    }

    /// Frames held.
    pub fn frames(&self) -> u32 {
        self.table.len() / CHUNK as u32
    }

    /// Makes the next insertion into any tree succeed.
    #[inline]
    pub fn reserve(&mut self) -> Result<(), NoMemory> {
        if self.free_count < MAX_NEW { self.grow() } else { Ok(()) }
    }

    #[cold]
    fn grow(&mut self) -> Result<(), NoMemory> {
        while self.free_count < MAX_NEW {
            let first = self.table.len();
            if first > ID - CHUNK as u32 {
                return Err(NoMemory);
            }
            self.table.grow(first + 1)?;
            (first..self.table.len()).rev().for_each(|id| self.give(Link(id)));
        }
        Ok(())
    }

    /// Gives unused frames at the end back and prefers low nodes from now on. Visits every node.
    pub fn shrink(&mut self) {
        let is_free = |table: &ChunkTable<Node, CHUNK>, id| {
            table.get(id).is_none_or(|node: &Node| node.0[1] == FREE)
        };
        let mut len = self.table.len();
        while len != 0 && (len - CHUNK as u32..len).all(|id| is_free(&self.table, id)) {
            len -= CHUNK as u32;
        }
        self.table.shrink(len);
        (self.free, self.free_count) = (EMPTY, 0);
        for id in (0..len).rev() {
            if is_free(&self.table, id) {
                self.give(Link(id));
            }
        }
    }

    /// An empty node. There must be a reserved one.
    #[inline]
    pub(super) fn take(&mut self) -> Link {
        let link = Link(self.free);
        let node = self.node_mut(link);
        let next = core::mem::replace(&mut node.0[0], EMPTY);
        node.0[1] = EMPTY;
        self.free = next;
        self.free_count -= 1;
        link
    }

    /// Takes back a node whose slots are all empty, or hold only what does not count any more.
    #[inline]
    pub(super) fn give(&mut self, link: Link) {
        let next = self.free;
        let node = self.node_mut(link);
        node.0[0] = next;
        node.0[1] = FREE;
        self.free = link.id();
        self.free_count += 1;
    }

    #[inline]
    pub(super) fn slot(&self, link: Link, slot: u32) -> u32 {
        self.node(link).0[(slot & MASK) as usize]
    }

    #[inline]
    pub(super) fn set_slot(&mut self, link: Link, slot: u32, word: u32) {
        self.node_mut(link).0[(slot & MASK) as usize] = word;
    }

    /// The first slot at `from` or behind that is not empty.
    #[inline]
    pub(super) fn next_used(&self, link: Link, from: u32) -> Option<(u32, u32)> {
        let slots = self.node(link).0.iter().enumerate().skip(from as usize);
        let mut used = slots.filter(|&(_, &word)| word != EMPTY);
        used.next().map(|(slot, &word)| (slot as u32, word))
    }

    #[inline]
    fn node(&self, link: Link) -> &Node {
        self.table.get(link.id()).expect("a link to a node")
    }

    #[inline]
    fn node_mut(&mut self, link: Link) -> &mut Node {
        self.table.get_mut(link.id()).expect("a link to a node")
    }
}
