//! Reverse maps: from a page to the entries that map it.
//!
//! A cached page knows its object and its index there, a private page its anon chain and the
//! index; both keep the areas that may show that index. A chain belongs to one lineage of areas:
//! it is made at the first private page, and fork, split, merge and mremap keep it.
//!
//! An entry names its address space by address. That is safe to follow under the map's lock: an
//! `Mm` takes its areas out of every map before it goes.

use super::page::page;
use super::space::{Area, AreaBacking, Mm};
use crate::result::{Errno, Result};
use crate::sync::{Rank, SpinLock};
use alloc::sync::Arc;
use core::ptr::null_mut;
use core::sync::atomic::AtomicPtr;
use core::sync::atomic::Ordering::{AcqRel, Acquire};
use kcore::addr::Pfn;
use kcore::reverse_map::{Mapping, ReverseMap};
use kcore::vma::{Edit, Extent, VmaId};

/// Entries an edit may add to one map: a piece is cut out of the middle of an area.
const MOST_ADDED: u32 = 2;

/// The areas that may show pages of one object or chain.
pub struct Mappings(SpinLock<ReverseMap>);

impl Mappings {
    pub const fn new() -> Self {
        Self(SpinLock::new(Rank::AnonChain, ReverseMap::new()))
    }

    #[inline]
    const fn of(mapping: Mapping) -> Self {
        Self(SpinLock::new(Rank::AnonChain, ReverseMap::of(mapping)))
    }

    pub fn is_empty(&self) -> bool {
        self.0.lock().is_empty()
    }

    fn reserve(&self) -> Result<()> {
        self.0.lock().reserve(MOST_ADDED).map_err(|_| Errno::ENOMEM)
    }

    /// Takes the pages from `first` to before `end` out of every address space, private copies
    /// of them too if `even_cows`. May sleep; the caller has no layout.
    pub fn zap(&self, first: u32, end: u32, even_cows: bool) {
        let Some(last) = end.checked_sub(1).filter(|last| first <= *last) else { return };
        // An edit behind our back may have put pages under a mapping that was done already.
        while !self.zap_once(first, last, even_cows) {}
    }

    /// [`zap`](Self::zap); `false` if pages may have been missed.
    fn zap_once(&self, first: u32, last: u32, even_cows: bool) -> bool {
        let edits = self.0.lock().edits();
        let mut after = None;
        while let Some((mapping, mm)) = self.next(after, first, last) {
            if let Some(mm) = mm {
                // From here on nobody moves the pages, or maps others in their place.
                let _layout = mm.layout.read();
                if self.0.lock().next(after, first, last) != Some(mapping) {
                    continue;
                }
                let range = mapping.pages(first, last);
                if even_cows { mm.zap(range) } else { mm.zap_file(range) }
            }
            after = Some(mapping.key());
        }
        self.0.lock().edits() == edits
    }

    /// The next mapping, with its address space if that is not about to die anyway.
    fn next(
        &self,
        after: Option<(u32, u32, u32)>,
        first: u32,
        last: u32,
    ) -> Option<(Mapping, Option<Arc<Mm>>)> {
        let map = self.0.lock();
        let mapping = map.next(after, first, last)?;
        // SAFETY: the entry is in the map and the map is locked, so the Mm still exists.
        let mm = unsafe { &*(mapping.space as *const Mm) };
        Some((mapping, mm.upgrade()))
    }
}

/// The private pages of one lineage of areas.
pub struct AnonChain {
    mappings: Mappings,
}

impl AnonChain {
    /// Gives an area a chain: its next page will be private. The caller has the layout for
    /// reading.
    #[cold]
    pub fn make(mm: &Mm, id: VmaId, area: &Area) -> Result<()> {
        let chain = Arc::<Self>::try_new_uninit().map_err(|_| Errno::ENOMEM)?;
        let place = Arc::as_ptr(&chain).cast::<Self>().cast_mut();
        let mappings = Mappings::of(mapping(mm, id, area.extent()));
        // SAFETY: nobody else knows the place yet. Written in place, because moving it there would
        // cost more than all the rest.
        let chain = unsafe {
            place.write(Self { mappings });
            chain.assume_init()
        };
        if let Err(late) = area.backing.chain.set(chain) {
            // Another thread of the program was faster.
            late.mappings.0.lock().remove(word(mm), id.as_u32(), area.pgoff());
        }
        Ok(())
    }

    /// Makes a frame page `index` of the area's chain.
    #[inline(always)]
    pub fn add_page(area: &Area, pfn: Pfn, index: u32) {
        let page = page(pfn);
        let chain = area.backing.chain.get().map_or(0, |chain| &raw const *chain as u32);
        debug_assert!(chain != 0, "a private page without a chain");
        page.become_private(chain, index);
    }
}

impl Drop for AnonChain {
    fn drop(&mut self) {
        debug_assert!(self.mappings.is_empty(), "a chain dies while areas have it");
    }
}

/// An area's chain, which faults may set while they have the layout only for reading. Once set it
/// stays until the area goes.
pub struct ChainSlot(AtomicPtr<AnonChain>);

impl ChainSlot {
    pub const fn new() -> Self {
        Self(AtomicPtr::new(null_mut()))
    }

    #[inline]
    pub fn get(&self) -> Option<&AnonChain> {
        let chain = self.0.load(Acquire);
        // SAFETY: not null, it came from an Arc that the slot owns until it is dropped.
        unsafe { chain.as_ref() }
    }

    /// Gives `chain` back if there is one already.
    fn set(&self, chain: Arc<AnonChain>) -> core::result::Result<(), Arc<AnonChain>> {
        let new = Arc::into_raw(chain).cast_mut();
        match self.0.compare_exchange(null_mut(), new, AcqRel, Acquire) {
            Ok(_) => Ok(()),
            // SAFETY: nobody took the reference over.
            Err(_) => Err(unsafe { Arc::from_raw(new) }),
        }
    }

    #[inline]
    pub fn is(&self, other: &Self) -> bool {
        core::ptr::eq(self.0.load(Acquire), other.0.load(Acquire))
    }
}

impl Default for ChainSlot {
    fn default() -> Self {
        Self::new()
    }
}

impl Clone for ChainSlot {
    #[inline]
    fn clone(&self) -> Self {
        let chain = self.0.load(Acquire);
        if !chain.is_null() {
            // SAFETY: it came from an Arc, and this slot keeps it alive.
            unsafe { Arc::increment_strong_count(chain) };
        }
        Self(AtomicPtr::new(chain))
    }
}

impl Drop for ChainSlot {
    #[inline]
    fn drop(&mut self) {
        let chain = *self.0.get_mut();
        if !chain.is_null() {
            // SAFETY: the slot's own reference, which nobody uses after this.
            drop(unsafe { Arc::from_raw(chain) });
        }
    }
}

#[inline]
fn word(mm: &Mm) -> u32 {
    &raw const *mm as u32
}

#[inline]
fn mapping(mm: &Mm, id: VmaId, extent: Extent) -> Mapping {
    Mapping {
        space: word(mm),
        area: id.as_u32(),
        start: extent.range.start(),
        first: extent.pgoff,
        last: extent.pgoff.saturating_add(extent.range.len() - 1),
    }
}

impl Mm {
    /// Makes sure that an edit of `area`, or its insertion, can be followed.
    #[inline]
    pub fn reserve_mappings(&self, area: &Area) -> Result<()> {
        if let Some(object) = &area.backing.object {
            object.mappings.reserve()?;
        }
        if let Some(chain) = area.backing.chain.get() {
            chain.mappings.reserve()?;
        }
        Ok(())
    }

    /// Applies one step of an edit to the reverse maps. The caller has the layout for writing.
    #[inline]
    pub fn follow(&self, edit: Edit<'_, AreaBacking>) {
        match edit {
            Edit::Added { id, vma } => {
                each_map(vma, |map| map.insert(mapping(self, id, vma.extent())));
            }
            // Of an area's flags they know nothing.
            Edit::Changed { was, vma, .. }
                if (was.range, was.pgoff) == (vma.range(), vma.pgoff()) => {}
            Edit::Changed { id, was, vma } => each_map(vma, |map| {
                let changed = map.change(was.pgoff, mapping(self, id, vma.extent()));
                debug_assert!(changed, "an area was not in its reverse map");
            }),
            Edit::Removed { id, vma } => each_map(&vma, |map| {
                let removed = map.remove(word(self), id.as_u32(), vma.pgoff());
                debug_assert!(removed, "an area was not in its reverse map");
            }),
            Edit::Inherited { id, vma, from, gone } => {
                if let Some(object) = &gone.backing.object {
                    object.mappings.0.lock().remove(word(self), from.as_u32(), gone.pgoff());
                }
                if let Some(chain) = gone.backing.chain.get() {
                    let old = mapping(self, from, gone.extent()).key();
                    let new = mapping(self, id, vma.extent());
                    let replaced = chain.mappings.0.lock().replace(old, new);
                    debug_assert!(replaced, "an area was not in its chain");
                }
            }
            Edit::Adopted { id, vma } => {
                if let Some(chain) = vma.backing.chain.get() {
                    chain.mappings.0.lock().insert(mapping(self, id, vma.extent()));
                }
            }
        }
    }
}

#[inline]
fn each_map(area: &Area, mut work: impl FnMut(&mut ReverseMap)) {
    if let Some(object) = &area.backing.object {
        work(&mut object.mappings.0.lock());
    }
    if let Some(chain) = area.backing.chain.get() {
        work(&mut chain.mappings.0.lock());
    }
}
