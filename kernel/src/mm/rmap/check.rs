//! Checked builds hold reverse maps against page tables.

use crate::arch::paging::Active;
use crate::mm::page::page;
use crate::mm::space::{Area, Mm};
use kcore::addr::{PageRange, Pfn, Vpn};
use kcore::page::PageFlags;
use kcore::paging::walk::{Walk, lookup};
use kcore::paging::{Access, Cell, Format, Level, Slot};

impl Mm {
    /// Asserts that each private page of an area is found where it is.
    pub(in crate::mm) fn check_private_pages(&self, area: &Area) {
        let mut range = area.range();
        while let Some((at, pfn)) = self.next_private(range) {
            // Whoever cuts a file may have been faster.
            let found = self.may_be_at(pfn, at) || self.frame_at(at) != Some(pfn);
            assert!(found, "reverse map: {pfn:?} is not found at {at:?}");
            range = range.above(at.checked_add(1).unwrap_or(range.end()));
        }
        assert!(area.has_private() || range == area.range(), "private pages nobody knows of");
    }

    /// Whether this is a place where a private page may be.
    pub(super) fn may_be_at(&self, pfn: Pfn, at: Vpn) -> bool {
        let page = page(pfn);
        let mut found = 0;
        self.anon.0.lock().for_each(page.index(), |space, place| {
            found += u32::from((space, place) == (self.word(), at));
        });
        page.mapping() == self.anon.word() && found == 1
    }

    /// The first private page in a range.
    pub(super) fn next_private(&self, range: PageRange) -> Option<(Vpn, Pfn)> {
        let lock = self.lock_tables();
        let tables = self.tables(&lock);
        let mut walk = Walk::new(range);
        while let Some(run) = walk.next(&tables, u32::MAX >> 1) {
            let private = |(at, raw)| match Active::decode(raw, Level::Leaf) {
                Slot::Page { pfn, access } if !access.contains(Access::SPECIAL) => {
                    page(pfn).has(PageFlags::ANON).then_some((at, pfn))
                }
                _ => None,
            };
            if let Some(found) =
                run.used().map(|(at, cell)| (at, Cell::load(cell))).find_map(private)
            {
                return Some(found);
            }
        }
        None
    }

    /// The frame an entry has, whatever its rights.
    pub(super) fn frame_at(&self, at: Vpn) -> Option<Pfn> {
        let lock = self.lock_tables();
        match lookup(&self.tables(&lock), at) {
            Slot::Page { pfn, .. } => Some(pfn),
            _ => None,
        }
    }
}
