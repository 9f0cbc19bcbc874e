//! Reverse maps: from a page to the entries that map it.
//!
//! A cached page knows its object and its index there, and an object whose pages may go keeps the
//! areas that may show that index. A private page knows the lineage of its address space and its home
//! there (`kcore::anon_mm`).
//!
//! An entry names its address space by address. That is safe to follow under the map's lock: an
//! `Mm` takes itself and its areas out of every map before it goes.

#[cfg(any(debug_assertions, feature = "ktest"))]
mod check;
#[cfg(feature = "ktest")]
pub mod ktest;

use super::object::Object;
use super::space::{Area, AreaBacking, Mm};
use crate::failpoint::fail_point;
use crate::result::{Errno, Result};
use crate::sync::{Rank, SpinLock};
use alloc::sync::Arc;
use kcore::anon_mm;
use kcore::reverse_map::{MOST_ADDED, Mapping, ReverseMap};
use kcore::vma::Edit;

/// The areas that may show pages of one object.
pub struct Mappings(SpinLock<ReverseMap>);

impl Mappings {
    pub const fn new() -> Self {
        Self(SpinLock::new(Rank::ReverseMap, ReverseMap::new()))
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

    /// An area got a second place, and its pages go there.
    pub fn note_move(&self) {
        self.0.lock().note_move();
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

/// The address spaces that may have each other's private pages: one lineage.
pub struct AnonMm(SpinLock<anon_mm::AnonMm>);

impl AnonMm {
    pub fn new() -> Result<Arc<Self>> {
        let lineage = SpinLock::new(Rank::ReverseMap, anon_mm::AnonMm::new());
        Arc::try_new(Self(lineage)).map_err(|_| Errno::ENOMEM)
    }

    /// An address space begins.
    pub fn join(&self, space: u32) -> Result<()> {
        self.0.lock().join(space).map_err(|_| Errno::ENOMEM)
    }

    /// An address space has come to its end.
    pub fn leave(&self, space: u32) {
        self.0.lock().leave(space);
    }

    fn reserve(&self) -> Result<()> {
        self.0.lock().reserve().map_err(|_| Errno::ENOMEM)
    }

    /// What `Page::mapping` says of its pages.
    #[inline]
    pub fn word(&self) -> u32 {
        &raw const *self as u32
    }
}

impl Drop for AnonMm {
    fn drop(&mut self) {
        debug_assert!(self.0.get_mut().is_empty(), "a lineage dies before its address spaces");
    }
}

/// The object of an area, if its pages may have to be found.
#[inline]
fn followed(area: &Area) -> Option<&Object> {
    area.backing.object.as_deref().filter(|object| object.may_lose_pages())
}

impl Mm {
    /// Makes sure that an edit of `area`, or its insertion, can be followed.
    #[inline]
    pub fn reserve_mappings(&self, area: &Area) -> Result<()> {
        if fail_point!(VmaReserve) {
            return Err(Errno::ENOMEM);
        }
        if let Some(object) = followed(area) {
            object.mappings.reserve()?;
        }
        if area.is_away() { self.anon.reserve() } else { Ok(()) }
    }

    /// [`Mm::reserve_mappings`] where the edit takes pages elsewhere.
    pub fn reserve_move(&self, area: &Area) -> Result<()> {
        if area.has_private() {
            self.anon.reserve()?;
        }
        self.reserve_mappings(area)
    }

    /// Applies one step of an edit to the reverse maps. The caller has the layout for writing.
    #[inline]
    pub fn follow(&self, edit: Edit<'_, AreaBacking>) {
        if let Some(object) = followed(edit.vma()) {
            object.mappings.0.lock().follow(self.word(), &edit);
        }
        if anon_mm::AnonMm::concerns(&edit) {
            self.anon.0.lock().follow(self.word(), &edit);
        }
    }

    /// The name of the address space in reverse maps.
    #[inline]
    pub(super) fn word(&self) -> u32 {
        &raw const *self as u32
    }
}
