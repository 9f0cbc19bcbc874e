//! The set itself: tree, list, last hit, and the few steps every edit is made of.

use super::area::joins;
use super::{Account, Backing, Extent, VmFlags, Vma};
use crate::addr::PageRange;
use crate::arena::{Arena, NIL, NoMemory};
use crate::avl::{self, Links, Side, Tree};
use core::sync::atomic::AtomicU32;

/// Splits are refused from this many areas on, new areas above it (sysctl_max_map_count).
pub const MAX_MAP_COUNT: u32 = 65530;
/// Pages kept free below an area that grows down.
pub const STACK_GUARD_GAP: u32 = 256;

/// Names an area of one set for as long as the area exists.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct VmaId(pub(super) u32);

impl VmaId {
    /// The kernel's word for it, as in a reverse map.
    pub const fn as_u32(self) -> u32 {
        self.0
    }

    pub const fn from_u32(id: u32) -> Self {
        Self(id)
    }
}

/// One step of an edit, for the reverse maps to follow. An edit adds to the maps of the object
/// and the chain of the area it is about, two entries at most, and to no others; and it adds
/// before it removes.
#[derive(Debug)]
pub enum Edit<'a, B> {
    /// A new area.
    Added { id: VmaId, vma: &'a Vma<B> },
    /// The area was `was`. Its backing is the same.
    Changed { id: VmaId, was: Extent, vma: &'a Vma<B> },
    /// The area is gone.
    Removed { id: VmaId, vma: Vma<B> },
    /// The area had no anon chain and has now that of a neighbour it took pages from.
    Adopted { id: VmaId, vma: &'a Vma<B> },
    /// As `Adopted`, but the neighbour `from` is gone, and the area has its place in the chain.
    Inherited { id: VmaId, vma: &'a Vma<B>, from: VmaId, gone: Vma<B> },
}

pub(super) struct Node<B> {
    pub vma: Vma<B>,
    /// The weight is the gap: free pages between the previous area and this one, or its guard gap.
    links: Links,
    pub prev: u32,
    pub next: u32,
}

impl<B> Node<B> {
    /// A node in the same place for another area.
    pub fn with(&self, vma: Vma<B>) -> Self {
        let Self { links, prev, next, .. } = *self;
        Self { vma, links, prev, next }
    }
}

impl<B> avl::Node for Node<B> {
    #[inline(always)]
    fn links(&self) -> &Links {
        &self.links
    }

    #[inline(always)]
    fn links_mut(&mut self) -> &mut Links {
        &mut self.links
    }
}

/// The areas of one address space, sorted and disjoint.
pub struct VmaSet<B> {
    pub(super) arena: Arena<Node<B>, 64>,
    pub(super) tree: Tree,
    pub(super) first: u32,
    pub(super) last: u32,
    /// Where the last `find` ended. A stale id does no harm: the range is compared.
    pub(super) hit: AtomicU32,
    pub(super) account: Account,
}

impl<B: Backing> Default for VmaSet<B> {
    fn default() -> Self {
        Self::new()
    }
}

impl<B: Backing> VmaSet<B> {
    /// A set without areas, which holds no memory.
    pub const fn new() -> Self {
        Self {
            arena: Arena::new(),
            tree: Tree::new(),
            first: NIL,
            last: NIL,
            hit: AtomicU32::new(NIL),
            account: Account { total: 0, locked: 0, data: 0, exec: 0, stack: 0, charged: 0 },
        }
    }

    /// Linux's `map_count`.
    pub fn len(&self) -> u32 {
        self.arena.len()
    }

    pub fn is_empty(&self) -> bool {
        self.arena.is_empty()
    }

    pub fn account(&self) -> &Account {
        &self.account
    }

    /// Takes all areas out without balancing, in order of addresses, and frees the set's memory.
    pub fn clear(&mut self, mut each: impl FnMut(VmaId, Vma<B>)) {
        let mut id = self.first;
        while let Some(node) = self.arena.remove(id) {
            each(VmaId(id), node.vma);
            id = node.next;
        }
        *self = Self::new();
    }

    /// Memory for `areas` new areas, if that many may still be split off.
    pub(super) fn reserve_split(&mut self, areas: u32) -> Result<(), NoMemory> {
        if self.len() + areas > MAX_MAP_COUNT {
            return Err(NoMemory);
        }
        self.arena.reserve(areas)
    }

    /// The neighbours of the free range `range`. Panics if it is not free.
    pub(super) fn neighbours(&self, range: PageRange) -> (u32, u32) {
        let (mut prev, mut next) = (NIL, NIL);
        let mut id = self.tree.root();
        while id != NIL {
            let node = &self.arena[id];
            if range.start() < node.vma.start() {
                assert!(range.end() <= node.vma.start(), "areas overlap");
                next = id;
                id = node.links.left();
            } else {
                assert!(node.vma.end() <= range.start(), "areas overlap");
                prev = id;
                id = node.links.right();
            }
        }
        (prev, next)
    }

    /// Whether what lies at `lower` and `upper` could be one area. `NIL` joins nothing.
    pub(super) fn joins(&self, lower: u32, upper: u32) -> bool {
        lower != NIL && upper != NIL && {
            let (lower, upper) = (&self.arena[lower].vma, &self.arena[upper].vma);
            joins(lower.extent(), &lower.backing, upper.extent(), &upper.backing)
        }
    }

    /// Puts a new area between two neighbours, into a slot reserved before.
    pub(super) fn link(&mut self, prev: u32, next: u32, vma: Vma<B>) -> u32 {
        self.account.add(vma.flags, vma.range.len());
        let (gap, end) = (self.gap_after(prev, &vma), vma.end().as_u32());
        let id = self.arena.insert(Node { vma, links: Links::new(gap), prev, next });
        let mut place = (next, Side::Left);
        if prev == NIL {
            self.first = id;
        } else {
            let prev_node = &mut self.arena[prev];
            prev_node.next = id;
            if prev_node.links.right() == NIL {
                place = (prev, Side::Right);
            }
        }
        if next == NIL {
            self.last = id;
        } else {
            let next_node = &mut self.arena[next];
            next_node.prev = id;
            let gap = next_node.vma.guarded_start().saturating_sub(end);
            next_node.links.weigh(gap);
        }
        self.tree.insert(&mut self.arena, place, id, next);
        id
    }

    /// Takes an area out.
    pub(super) fn unlink(&mut self, id: u32) -> Vma<B> {
        let Node { prev, next, .. } = self.arena[id];
        let mut end = 0;
        if prev == NIL {
            self.first = next;
        } else {
            let prev_node = &mut self.arena[prev];
            prev_node.next = next;
            end = prev_node.vma.end().as_u32();
        }
        if next == NIL {
            self.last = prev;
        } else {
            let next_node = &mut self.arena[next];
            next_node.prev = prev;
            let gap = next_node.vma.guarded_start().saturating_sub(end);
            next_node.links.weigh(gap);
        }
        self.tree.remove(&mut self.arena, id, next);
        let Some(Node { vma, .. }) = self.arena.remove(id) else { panic!("no area {id}") };
        self.account.subtract(vma.flags, vma.range.len());
        vma
    }

    /// Gives an area another range between the same neighbours, or other flags.
    pub(super) fn reshape(&mut self, id: u32, to: Extent, report: &mut impl FnMut(Edit<'_, B>)) {
        let node = &mut self.arena[id];
        let was = node.vma.extent();
        (node.vma.range, node.vma.flags, node.vma.pgoff) = (to.range, to.flags, to.pgoff);
        let next = node.next;
        self.account.subtract(was.flags, was.range.len());
        self.account.add(to.flags, to.range.len());
        let guards = (was.flags ^ to.flags).contains(VmFlags::GROWSDOWN);
        if was.range.start() != to.range.start() || guards {
            self.update_gap(id);
        }
        if was.range.end() != to.range.end() && next != NIL {
            self.update_gap(next);
        }
        report(Edit::Changed { id: VmaId(id), was, vma: &self.arena[id].vma });
    }

    /// Gives `id` the anon chain of `from` if only that has one; says whether it did.
    pub(super) fn adopt(&mut self, id: u32, from: &B) -> bool {
        let backing = &mut self.arena[id].vma.backing;
        let adopts = from.has_chain() && !backing.has_chain();
        if adopts {
            backing.adopt_chain(from);
        }
        adopts
    }

    pub(super) fn report_adopted(&self, id: u32, report: &mut impl FnMut(Edit<'_, B>)) {
        report(Edit::Adopted { id: VmaId(id), vma: &self.arena[id].vma });
    }

    pub(super) fn gap_after(&self, prev: u32, vma: &Vma<B>) -> u32 {
        let below = if prev == NIL { 0 } else { self.arena[prev].vma.end().as_u32() };
        vma.guarded_start().saturating_sub(below)
    }

    fn update_gap(&mut self, id: u32) {
        let node = &self.arena[id];
        let gap = self.gap_after(node.prev, &node.vma);
        if gap != node.links.weight() {
            self.arena[id].links.weigh(gap);
            self.tree.spread(&mut self.arena, id);
        }
    }
}
