//! Faults that find no entry and whose area has an object.

use super::serve::{EntryCell, Fault, Round, entry_of, own_copy};
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
        // Only what a pager is asked for depends on the object's length.
        let place = Place { object_pages: Some(0), ..self.place() };
        let decide = |state| decide(self.kind, &place, Slot::Empty, state);
        match object.lookup(place.index) {
            Lookup::Cached(pfn) => match decide(PageState::Cached { notify: false }) {
                Decision::MapCached { write, .. } => {
                    // The entry keeps the reference.
                    self.map_cached(leaf, object, pfn, write);
                    Round::Done
                }
                Decision::CopyOnWrite(Cow::Cached) => {
                    let round = self.copy_cached(leaf.cell(self.page), pfn, frame);
                    put_page(pfn);
                    round
                }
                decision => {
                    put_page(pfn);
                    self.refused(decision)
                }
            },
            Lookup::Hole => match decide(PageState::Hole) {
                Decision::FillHole => Round::FillHole,
                decision => self.refused(decision),
            },
            Lookup::Beyond => self.refused(decide(PageState::Beyond)),
        }
    }

    #[cold]
    fn refused(&self, decision: Decision) -> Round {
        match decision {
            Decision::Signal(signal) => Round::Signal(signal),
            decision => panic!("the page at {:?} leads to {decision:?}", self.page),
        }
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
        let Some(own) = own_copy(frame, cached) else { return Round::NeedFrame };
        cell.set(self.own_entry(own));
        self.mm.add_rss(1, 0);
        Round::Done
    }
}
