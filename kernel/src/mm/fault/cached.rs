//! Faults that find no entry and whose area has an object.

use super::serve::{EntryCell, Fault, Round, copy_highpage, entry_of};
use crate::arch::paging::Active;
use crate::mm::frames::{Frame, get_page, put_page};
use crate::mm::object::{Lookup, Object};
use crate::mm::page::page;
use crate::mm::space::UserTables;
use kcore::addr::{Pfn, Vpn};
use kcore::fault::{AccessKind, Cow, Decision, PageState, Place, decide};
use kcore::paging::walk::Leaf;
use kcore::paging::{Access, Cell, Format, Slot};
use kcore::readahead::fault_around;

impl Fault<'_> {
    /// Under the page-table lock, so a truncate takes away again what is mapped here.
    #[inline(never)]
    pub(super) fn map_object(
        &self,
        leaf: &Leaf<'_, UserTables<'_, '_>>,
        object: &Object,
        frame: Option<Frame>,
    ) -> Round {
        let place = self.place();
        let (state, found) = match object.lookup(place.index) {
            Lookup::Cached(pfn) => (PageState::Cached { notify: false }, Some(pfn)),
            Lookup::Hole => (PageState::Hole, None),
            Lookup::Beyond => (PageState::Beyond, None),
        };
        // Only what a pager is asked for depends on the length.
        let pages = if state == PageState::Absent { object.pages() } else { 0 };
        let place = Place { object_pages: Some(pages), ..place };
        let round = match (decide(self.kind, &place, Slot::Empty, state), found) {
            (Decision::MapCached { write, .. }, Some(pfn)) => {
                // The entry keeps the reference.
                self.map_cached(leaf, object, pfn, write);
                return Round::Done;
            }
            (Decision::CopyOnWrite(Cow::Cached), Some(pfn)) => {
                self.copy_cached(leaf.cell(self.page), pfn, frame)
            }
            (Decision::FillHole, _) => Round::FillHole,
            (Decision::Signal(signal), _) => Round::Signal(signal),
            (decision, _) => panic!("an object's page {state:?} leads to {decision:?}"),
        };
        if let Some(pfn) = found {
            put_page(pfn);
        }
        round
    }

    /// Maps the cached page and, for reading, its cached neighbours in the same table.
    fn map_cached(
        &self,
        leaf: &Leaf<'_, UserTables<'_, '_>>,
        object: &Object,
        pfn: Pfn,
        write: bool,
    ) {
        let writes = self.kind == AccessKind::Write;
        let dirty = if writes { Access::DIRTY } else { Access::empty() };
        page(pfn).add_mapping();
        leaf.cell(self.page).set(entry_of(pfn, self.access(write) | dirty));
        let around = if writes { 0 } else { self.map_around(leaf, object, write) };
        self.mm.add_rss(0, 1 + around);
    }

    /// Maps what the cache has of the neighbourhood. Returns how many pages.
    fn map_around(&self, leaf: &Leaf<'_, UserTables<'_, '_>>, object: &Object, write: bool) -> u32 {
        let around = fault_around(self.page, self.area.range());
        let first = self.area.index_of(around.start());
        // Old, so that reclaim sees who was really used.
        let access = self.access(write).difference(Access::ACCESSED);
        let mut mapped = 0;
        object.for_each_cached(first, around.len(), |index, pfn| {
            let page_number = Vpn::new(around.start().as_u32() + (index - first));
            let cell = leaf.cell(page_number);
            if Cell::load(cell) == Active::EMPTY {
                get_page(pfn);
                page(pfn).add_mapping();
                cell.set(entry_of(pfn, access));
                mapped += 1;
            }
        });
        mapped
    }

    /// Gives the area a copy of the cached page.
    fn copy_cached(&self, cell: &EntryCell, cached: Pfn, frame: Option<Frame>) -> Round {
        let Some(own) = frame.or_else(Frame::at_hand) else { return Round::NeedFrame };
        copy_highpage(own.pfn(), cached);
        cell.set(self.own_entry(own));
        self.mm.add_rss(1, 0);
        Round::Done
    }
}
