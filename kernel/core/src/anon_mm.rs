//! Where private pages may be: one lineage of address spaces, begun by exec and gone on by fork.
//!
//! A private page is born at some page number, its home, and fork leaves it there. So most pages
//! can only be at home in one of the address spaces, and nothing has to be known of their areas.
//! Only mremap takes pages away from home: areas that it moved are known one by one, by the homes
//! of the pages they may have.
//!
//! Which page an entry really maps, the page table says.

use crate::addr::{PageRange, Vpn};
use crate::arena::NoMemory;
use crate::reverse_map::{MOST_ADDED, Mapping, ReverseMap};
use crate::vma::{Edit, Extent, VmaId};

/// In the place of an area: all of an address space, every page at home.
const WHOLE: VmaId = VmaId::from_u32(u32::MAX);
/// More than any address space has pages.
const PAGES: u32 = 1 << 20;

/// The address spaces of one lineage. They name themselves by any number that is not that of
/// another.
pub struct AnonMm {
    map: ReverseMap,
}

impl AnonMm {
    /// A lineage nobody belongs to yet.
    pub const fn new() -> Self {
        Self { map: ReverseMap::new() }
    }

    /// An address space belongs to the lineage from now on, as yet without areas.
    pub fn join(&mut self, space: u32) -> Result<(), NoMemory> {
        self.map.reserve(1)?;
        let everything = PageRange::with_len(Vpn::new(0), PAGES).unwrap_or_default();
        self.map.insert(Mapping::at(space, WHOLE, everything, 0));
        Ok(())
    }

    /// An address space has no areas any more and leaves.
    pub fn leave(&mut self, space: u32) {
        let left = self.map.remove(space, WHOLE.as_u32(), 0);
        debug_assert!(left, "an address space is not in its lineage");
        // Its last area away from home may have needed less than was reserved.
        self.map.shrink();
    }

    /// Address spaces, and areas away from home.
    pub fn len(&self) -> u32 {
        self.map.len()
    }

    /// Whether nobody belongs to it any more.
    pub fn is_empty(&self) -> bool {
        self.map.is_empty()
    }

    /// Whether the lineage has to follow an edit: whether the area is, or was, away from home.
    #[inline]
    pub fn concerns<B>(edit: &Edit<'_, B>) -> bool {
        match edit {
            Edit::Added { vma, .. } | Edit::Removed { vma, .. } => vma.is_away(),
            Edit::Changed { was, vma, .. } => was.moved != 0 || vma.is_away(),
        }
    }

    /// Makes it possible to follow an edit of an area that is away from home, or will be.
    pub fn reserve(&mut self) -> Result<(), NoMemory> {
        self.map.reserve(MOST_ADDED)
    }

    /// Follows an edit in one of the address spaces.
    pub fn follow<B>(&mut self, space: u32, edit: &Edit<'_, B>) {
        let (id, was, now) = match edit {
            Edit::Added { id, vma } => (*id, None, Some(vma.extent())),
            Edit::Changed { id, was, vma } => (*id, Some(*was), Some(vma.extent())),
            Edit::Removed { id, vma } => (*id, Some(vma.extent()), None),
        };
        let away = |extent: &Extent| extent.moved != 0;
        let mapping = |extent: Extent| Mapping::at(space, id, extent.range, home(extent));
        let known = match (was.filter(away), now.filter(away)) {
            (None, None) => true,
            (None, Some(now)) => {
                self.map.insert(mapping(now));
                true
            }
            (Some(was), Some(now)) => self.map.change(home(was), mapping(now)),
            (Some(was), None) => self.map.remove(space, id.as_u32(), home(was)),
        };
        debug_assert!(known, "an area is not in its lineage");
    }

    /// Shows every place, as an address space and a page in it, where a page may be whose home is
    /// `home`.
    pub fn for_each(&self, home: u32, mut show: impl FnMut(u32, Vpn)) {
        self.map.for_each(home, home, |mapping| {
            show(mapping.space, mapping.pages(home, home).start());
        });
    }
}

impl Default for AnonMm {
    fn default() -> Self {
        Self::new()
    }
}

/// The home of an area's first page.
fn home(extent: Extent) -> u32 {
    extent.range.start().as_u32().wrapping_sub(extent.moved)
}
