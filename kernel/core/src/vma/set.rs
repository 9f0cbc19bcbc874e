//! The set itself: tree, list, last hit, and the few steps every edit is made of.

use super::area::joins;
use super::index::{Above, Entry, FANOUT, Index, Path};
use super::{Account, Backing, Extent, VmFlags, Vma};
use crate::addr::Vpn;
use crate::arena::{Arena, NIL, NoMemory};
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

/// One step of an edit, for the reverse maps to follow. An edit adds to the maps that know the
/// area it is about, [`MOST_ADDED`](crate::reverse_map::MOST_ADDED) entries at most, and to no
/// others; and it adds before it removes.
#[derive(Debug)]
pub enum Edit<'a, B> {
    /// A new area.
    Added { id: VmaId, vma: &'a Vma<B> },
    /// The area was `was`. Its backing is the same.
    Changed { id: VmaId, was: Extent, vma: &'a Vma<B> },
    /// The area is gone.
    Removed { id: VmaId, vma: &'a Vma<B> },
}

impl<B> Edit<'_, B> {
    /// The area.
    #[inline]
    pub const fn vma(&self) -> &Vma<B> {
        match self {
            Self::Added { vma, .. } | Self::Changed { vma, .. } | Self::Removed { vma, .. } => vma,
        }
    }
}

pub(super) struct Node<B> {
    pub vma: Vma<B>,
    pub prev: u32,
    pub next: u32,
}

/// The areas of one address space, sorted and disjoint.
pub struct VmaSet<B> {
    pub(super) arena: Arena<Node<B>, 64>,
    pub(super) index: Index<FANOUT>,
    pub(super) first: u32,
    pub(super) last: u32,
    /// Where the last `find` ended. A stale id does no harm: the range is compared.
    pub(super) hit: AtomicU32,
    pub(super) account: Account,
    /// Most pages it had before it last lost some.
    peak: u32,
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
            index: Index::new(),
            first: NIL,
            last: NIL,
            hit: AtomicU32::new(NIL),
            account: Account { total: 0, locked: 0, data: 0, exec: 0, stack: 0, charged: 0 },
            peak: 0,
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

    /// Most pages it ever had.
    pub fn peak(&self) -> u32 {
        self.peak.max(self.account.total)
    }

    /// Pages may go.
    #[inline]
    pub(super) fn note_peak(&mut self) {
        self.peak = self.peak();
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

    /// Memory for `areas` new areas behind `id`, if that many may still be split off. Returns the
    /// place of `id`.
    pub(super) fn reserve_split(&mut self, id: u32, areas: u32) -> Result<Path, NoMemory> {
        if self.len() + areas > MAX_MAP_COUNT {
            return Err(NoMemory);
        }
        let path = self.index.seek(self.arena[id].vma.start().as_u32());
        self.index.reserve(&path, areas)?;
        self.arena.reserve(areas)?;
        Ok(path)
    }

    /// The areas below and above a place.
    pub(super) fn around(&self, path: &Path) -> (u32, u32) {
        match path.area {
            Ok(prev) => (prev, self.arena[prev].next),
            Err(NIL) => (NIL, NIL),
            Err(next) => (self.arena[next].prev, next),
        }
    }

    /// Whether what lies at `lower` and `upper` could be one area. `NIL` joins nothing.
    pub(super) fn joins(&self, lower: u32, upper: u32) -> bool {
        lower != NIL && upper != NIL && {
            let (lower, upper) = (&self.arena[lower].vma, &self.arena[upper].vma);
            joins(lower.extent(), &lower.backing, upper.extent(), &upper.backing)
        }
    }

    /// Puts a new area between two neighbours, at the place of its start, into slots reserved
    /// before. Says also whether the place is still where it was.
    #[inline]
    pub(super) fn link(&mut self, path: &Path, prev: u32, next: u32, vma: Vma<B>) -> (u32, bool) {
        self.account.add(vma.flags, vma.range.len());
        let id = self.arena.insert(Node { vma, prev, next });
        (id, self.hook(path, id))
    }

    /// Hangs an area between the neighbours it names, at the place of its start. Says whether the
    /// place is still where it was.
    #[inline]
    pub(super) fn hook(&mut self, path: &Path, id: u32) -> bool {
        let Node { vma, prev, next } = &self.arena[id];
        let (prev, next) = (*prev, *next);
        let (start, end) = (vma.start().as_u32(), vma.end().as_u32());
        let gap = self.gap_after(prev, vma);
        match prev {
            NIL => self.first = id,
            prev => self.arena[prev].next = id,
        }
        let above = self.hook_above(next, id, end);
        if next == NIL {
            self.last = id;
        }
        self.index.insert(path, Entry { start, id, gap }, above)
    }

    /// Takes an area out.
    pub(super) fn unlink(&mut self, id: u32) -> Vma<B> {
        let Some(Node { vma, prev, next }) = self.arena.remove(id) else { panic!("no area {id}") };
        self.note_peak();
        self.account.subtract(vma.flags, vma.range.len());
        self.unhook(vma.start().as_u32(), prev, next);
        vma
    }

    /// Takes the area that starts at `start` from between two neighbours.
    #[inline]
    pub(super) fn unhook(&mut self, start: u32, prev: u32, next: u32) {
        let mut end = 0;
        if prev == NIL {
            self.first = next;
        } else {
            let node = &mut self.arena[prev];
            node.next = next;
            end = node.vma.end().as_u32();
        }
        let above = self.hook_above(next, prev, end);
        if next == NIL {
            self.last = prev;
        }
        let path = self.index.seek(start);
        self.index.remove(&path, above);
    }

    /// Puts `prev`, which ends at `end`, before `next`; says what the gap between them is.
    fn hook_above(&mut self, next: u32, prev: u32, end: u32) -> Option<Above> {
        if next == NIL {
            return None;
        }
        let node = &mut self.arena[next];
        node.prev = prev;
        let gap = node.vma.guarded_start().saturating_sub(end);
        Some(Above { start: node.vma.start().as_u32(), gap })
    }

    /// Gives an area another range between the same neighbours, or other flags.
    pub(super) fn reshape(&mut self, id: u32, to: Extent, report: &mut impl FnMut(Edit<'_, B>)) {
        let node = &mut self.arena[id];
        let was = node.vma.extent();
        (node.vma.range, node.vma.flags, node.vma.pgoff) = (to.range, to.flags, to.pgoff);
        let next = node.next;
        self.note_peak();
        if was.flags == to.flags {
            self.account.resize(to.flags, was.range.len(), to.range.len());
        } else {
            self.account.subtract(was.flags, was.range.len());
            self.account.add(to.flags, to.range.len());
        }
        let guards = (was.flags ^ to.flags).contains(VmFlags::GROWSDOWN);
        if was.range.start() != to.range.start() || guards {
            let node = &self.arena[id];
            let gap = self.gap_after(node.prev, &node.vma);
            let (from, to) = (was.range.start().as_u32(), to.range.start().as_u32());
            self.index.change(from, to, gap);
        }
        if was.range.end() != to.range.end() && next != NIL {
            let vma = &self.arena[next].vma;
            let gap = |end: Vpn| vma.guarded_start().saturating_sub(end.as_u32());
            let (from, to) = (gap(was.range.end()), gap(to.range.end()));
            if from != to {
                self.index.set_gap(vma.start().as_u32(), to);
            }
        }
        report(Edit::Changed { id: VmaId(id), was, vma: &self.arena[id].vma });
    }

    pub(super) fn gap_after(&self, prev: u32, vma: &Vma<B>) -> u32 {
        let below = if prev == NIL { 0 } else { self.arena[prev].vma.end().as_u32() };
        vma.guarded_start().saturating_sub(below)
    }
}
