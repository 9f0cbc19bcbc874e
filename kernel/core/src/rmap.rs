//! From a page to the places that may map it.
//!
//! ```text
//!  file page:  Page.mapping = object     object ──► tree of areas by page offset
//!  anon page:  Page.mapping = anon chain  chain ──► tree of areas by page number
//!
//!  candidate address = the area's start + (Page.index - the area's pgoff)
//! ```
//!
//! As in Linux 2.6 a chain begins with the first private page of an area. Whatever comes from the
//! area by splitting, merging, mremap or fork stays in the chain, and `Page.index` stays what it
//! was; so a candidate is a place to look, and the page-table entry there has the last word.

use crate::addr::{PageRange, Vpn};
use crate::arena::{Arena, NoMemory};
use crate::interval_tree::{Entry, Interval, IntervalTree};
use crate::vma::{Backing, Edit, Extent, VmaId, VmaSet};
use core::num::NonZeroU32;

/// Entries an edit of a set may add to the reverse maps, at most.
pub const ENTRIES_PER_EDIT: u32 = 4;
/// Entries a new area may add: one for its object, one for its chain.
pub const ENTRIES_PER_AREA: u32 = 2;
/// A chain with fewer areas takes in the areas next to them, so that they can merge one day. A
/// longer one does not, so that joining and walking a chain stay short.
const SHORT_CHAIN: u32 = 8;

/// An area of some address space.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct Member {
    /// The kernel's word for the address space.
    pub mm: u32,
    pub vma: VmaId,
    /// Where the area starts.
    pub start: Vpn,
}

/// Names an anon chain, in an area's backing and in `Page.mapping`.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct ChainId(NonZeroU32);

impl ChainId {
    /// Not 0.
    pub const fn as_u32(self) -> u32 {
        self.0.get()
    }

    /// `None` for 0.
    pub const fn from_u32(word: u32) -> Option<Self> {
        match NonZeroU32::new(word) {
            Some(word) => Some(Self(word)),
            None => None,
        }
    }

    const fn slot(self) -> u32 {
        self.0.get() - 1
    }
}

/// A backing that names its chain.
pub trait Chained: Backing {
    fn chain(&self) -> Option<ChainId>;
}

struct Chain {
    areas: IntervalTree,
    members: NonZeroU32,
}

/// All anon chains, and the entries of their trees and of the trees of objects.
#[derive(Default)]
pub struct ReverseMaps {
    entries: Arena<Entry<Member>, 64>,
    chains: Arena<Chain, 256>,
}

impl ReverseMaps {
    pub const fn new() -> Self {
        Self { entries: Arena::new(), chains: Arena::new() }
    }

    /// Makes room for `entries` entries.
    pub fn reserve(&mut self, entries: u32) -> Result<(), NoMemory> {
        self.entries.reserve(entries)
    }

    /// Makes room for a chain and its first member.
    pub fn reserve_chain(&mut self) -> Result<(), NoMemory> {
        self.chains.reserve(1)?;
        self.entries.reserve(1)
    }

    /// Entries and chains in use.
    pub fn len(&self) -> (u32, u32) {
        (self.entries.len(), self.chains.len())
    }

    pub fn is_empty(&self) -> bool {
        self.len() == (0, 0)
    }

    /// Gives unused memory back.
    pub fn shrink(&mut self) {
        self.entries.shrink();
        self.chains.shrink();
    }

    /// Begins a chain.
    pub fn start_chain(&mut self, mm: u32, vma: VmaId, extent: Extent) -> ChainId {
        let chain = Chain { areas: IntervalTree::new(), members: NonZeroU32::MIN };
        let slot = self.chains.insert(chain);
        let (interval, member) = place(mm, vma, extent);
        self.chains[slot].areas.insert(&mut self.entries, interval, member);
        ChainId(NonZeroU32::MIN.saturating_add(slot))
    }

    pub fn join_chain(&mut self, chain: ChainId, mm: u32, vma: VmaId, extent: Extent) {
        let (interval, member) = place(mm, vma, extent);
        let chain = &mut self.chains[chain.slot()];
        chain.members = chain.members.saturating_add(1);
        chain.areas.insert(&mut self.entries, interval, member);
    }

    /// The last to leave ends the chain.
    pub fn leave_chain(&mut self, chain: ChainId, mm: u32, vma: VmaId, extent: Extent) {
        let (interval, member) = place(mm, vma, extent);
        let slot = chain.slot();
        let chain = &mut self.chains[slot];
        let found = chain.areas.remove(&mut self.entries, interval.first, member);
        debug_assert!(found, "not a member");
        match NonZeroU32::new(chain.members.get() - 1) {
            Some(members) => chain.members = members,
            None => _ = self.chains.remove(slot),
        }
    }

    /// The chain an area without one should join at its first private page: that of a neighbour
    /// it might merge with one day, if that is short. `None`: it begins its own.
    pub fn chain_to_share<B: Chained>(&self, set: &VmaSet<B>, id: VmaId) -> Option<ChainId> {
        let chains = set.kindred(id).map(|area| area?.backing.chain());
        let short = |chain: &ChainId| {
            self.chains.get(chain.slot()).is_some_and(|chain| chain.members.get() < SHORT_CHAIN)
        };
        chains.into_iter().flatten().find(short)
    }

    /// Follows an edit of the address space `mm`. `object` is the tree of the object behind the
    /// area of the edit, if it has one. Takes no more than was reserved.
    pub fn follow<B: Chained>(
        &mut self,
        mm: u32,
        edit: &Edit<'_, B>,
        object: Option<&mut IntervalTree>,
    ) {
        let (id, chain) = (edit.id(), edit.vma().backing.chain());
        let extent = edit.vma().extent();
        match *edit {
            Edit::Added { .. } => self.add_area(mm, id, extent, chain, object),
            Edit::Removed { .. } => {
                let (interval, member) = place(mm, id, extent);
                if let Some(areas) = object {
                    let found = areas.remove(&mut self.entries, interval.first, member);
                    debug_assert!(found, "not a mapping");
                }
                if let Some(chain) = chain {
                    self.leave_chain(chain, mm, id, extent);
                }
            }
            Edit::Changed { was, .. } => {
                let (interval, member) = place(mm, id, was);
                let (from, to) = ((interval.first, member), place(mm, id, extent));
                if (interval, member) == to {
                    return;
                }
                let trees = [object, chain.map(|chain| &mut self.chains[chain.slot()].areas)];
                for areas in trees.into_iter().flatten() {
                    let found = areas.change(&mut self.entries, from, to);
                    debug_assert!(found, "not in the tree");
                }
            }
            Edit::Adopted { .. } => {
                if let Some(chain) = chain {
                    self.join_chain(chain, mm, id, extent);
                }
            }
        }
    }

    /// Enters an area: an edit's, or one of a fork's child.
    pub fn add_area(
        &mut self,
        mm: u32,
        id: VmaId,
        extent: Extent,
        chain: Option<ChainId>,
        object: Option<&mut IntervalTree>,
    ) {
        if let Some(areas) = object {
            let (interval, member) = place(mm, id, extent);
            areas.insert(&mut self.entries, interval, member);
        }
        if let Some(chain) = chain {
            self.join_chain(chain, mm, id, extent);
        }
    }

    /// Where a private page of `chain` may be mapped.
    pub fn anon_candidates(
        &self,
        chain: ChainId,
        index: u32,
    ) -> impl Iterator<Item = (Member, Vpn)> {
        let areas = self.chains.get(chain.slot()).map_or(IntervalTree::new(), |chain| chain.areas);
        self.candidates(areas, index)
    }

    /// Where the page `index` of an object may be mapped. `areas` is the object's tree.
    pub fn candidates(
        &self,
        areas: IntervalTree,
        index: u32,
    ) -> impl Iterator<Item = (Member, Vpn)> {
        let point = Interval { first: index, last: index };
        self.ranges(areas, point).map(|(member, range)| (member, range.start()))
    }

    /// Where the pages `indices` of an object may be mapped.
    pub fn ranges(
        &self,
        areas: IntervalTree,
        indices: Interval,
    ) -> impl Iterator<Item = (Member, PageRange)> {
        areas.overlapping(&self.entries, indices).filter_map(move |entry| {
            let Interval { first, last } = entry.interval;
            let (from, to) = (first.max(indices.first), last.min(indices.last));
            let start = entry.what.start.checked_add(from - first)?;
            Some((entry.what, PageRange::with_len(start, to - from + 1)?))
        })
    }
}

/// The entry of an area.
fn place(mm: u32, vma: VmaId, extent: Extent) -> (Interval, Member) {
    let first = extent.pgoff;
    let last = first.saturating_add(extent.range.len().saturating_sub(1));
    (Interval { first, last }, Member { mm, vma, start: extent.range.start() })
}

#[cfg(test)]
mod tests;
