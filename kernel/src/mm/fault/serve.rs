//! One fault: rounds until the access can be tried again.

use crate::arch::paging::{self, Active};
use crate::arch::string::copy_page;
use crate::mm::frames::{Frame, GFP_HIGHUSER, clear_highpage, put_shared};
use crate::mm::kmap::kmap_atomic;
use crate::mm::page::page;
use crate::mm::space::{Area, Mm};
use crate::mm::zero_page::zero_pfn;
use kcore::addr::{Pfn, VirtAddr, Vpn};
use kcore::fault::{
    AccessKind, Cow, Decision, PageState, Place, Signal, decide, page_access, written_access,
};
use kcore::page::{Page, PageFlags};
use kcore::paging::walk::{ensure_leaf, leaf};
use kcore::paging::{Access, Cell, Flush, Format, Level, Slot};
use kcore::vma::VmFlags;

pub(super) type EntryCell = <Active as Format>::Cell;
type Raw = <Active as Format>::Raw;

/// How a fault ended.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[repr(u8)]
pub enum Outcome {
    /// The access can be tried again. `major`: input was waited for.
    Done {
        major: bool,
    },
    Signal(Signal),
    /// No frame: the access cannot be served, and nobody could free one.
    OutOfMemory,
}

/// What one round came to. With a tag of its own, so that `Done` is told apart by one test.
#[repr(u8)]
pub(super) enum Round {
    Done,
    Again,
    NeedTable,
    NeedFrame,
    /// The object's page has no frame yet.
    FillHole,
    Signal(Signal),
}

impl Mm {
    /// Serves an access to `address`, which lies below TASK_SIZE.
    pub fn fault(&self, address: VirtAddr, kind: AccessKind) -> Outcome {
        let page = address.vpn();
        let layout = self.layout.read();
        match layout.areas.locate(page) {
            Ok((_, area)) => Fault { mm: self, area, page, kind }.serve(),
            Err(Some((_, above))) if above.flags().contains(VmFlags::GROWSDOWN) => {
                self.fault_below_stack(layout, page, kind)
            }
            Err(_) => Outcome::Signal(Signal::MapError),
        }
    }
}

/// A fault being served.
pub(super) struct Fault<'a> {
    pub mm: &'a Mm,
    pub area: &'a Area,
    pub page: Vpn,
    pub kind: AccessKind,
}

impl Fault<'_> {
    #[inline(always)]
    pub(super) fn serve(&self) -> Outcome {
        match self.round(None) {
            Round::Done => Outcome::Done { major: false },
            Round::Signal(signal) => Outcome::Signal(signal),
            missing => self.go_on(missing),
        }
    }

    /// Gets what is missing and tries again, until nothing is.
    #[cold]
    fn go_on(&self, missing: Round) -> Outcome {
        let mut missing = missing;
        loop {
            let Some(frame) = self.fetch(missing) else { return Outcome::OutOfMemory };
            missing = match self.round(frame) {
                Round::Done => return Outcome::Done { major: false },
                Round::Signal(signal) => return Outcome::Signal(signal),
                missing => missing,
            };
        }
    }

    /// What the next round starts with; `None` if there is no memory for it.
    fn fetch(&self, missing: Round) -> Option<Option<Frame>> {
        match missing {
            Round::NeedTable => {
                let lock = self.mm.lock_tables();
                let ensured = ensure_leaf(&self.mm.tables(&lock), self.page);
                // A directory may be new although there was no memory for the table below it.
                self.mm.invalidate(ensured.unwrap_or(Flush::All));
                if ensured.is_err() {
                    return None;
                }
            }
            Round::NeedFrame => return Frame::allocate(&GFP_HIGHUSER).map(Some),
            Round::FillHole => {
                let object = self.area.backing.object.as_deref()?;
                object.fill_hole(self.place().index).ok()?;
            }
            Round::Done | Round::Again | Round::Signal(_) => {}
        }
        Some(None)
    }

    /// Looks at the entry and, if nothing is missing, acts.
    #[inline(always)]
    fn round(&self, frame: Option<Frame>) -> Round {
        let lock = self.mm.lock_tables();
        let tables = self.mm.tables(&lock);
        let Some(leaf) = leaf(&tables, self.page) else { return self.without_table() };
        let cell = leaf.cell(self.page);
        let raw = Cell::load(cell);
        if raw != Active::EMPTY {
            return self.change(cell, raw, frame);
        }
        match self.area.backing.object.as_deref() {
            None => self.first_touch(cell, frame),
            Some(object) => self.map_object(&leaf, object, frame),
        }
    }

    /// Rights come first: a forbidden access must not allocate a table.
    #[cold]
    fn without_table(&self) -> Round {
        match decide(self.kind, &self.place(), Slot::Empty, PageState::None) {
            Decision::Signal(signal) if self.area.backing.object.is_none() => Round::Signal(signal),
            Decision::Signal(Signal::AccessError) => Round::Signal(Signal::AccessError),
            _ => Round::NeedTable,
        }
    }

    /// Private memory without a page. A write, the usual touch, is decided apart: it asks for no
    /// rights but its own.
    #[inline(always)]
    fn first_touch(&self, cell: &EntryCell, frame: Option<Frame>) -> Round {
        match self.kind {
            AccessKind::Write => self.touch_by(AccessKind::Write, cell, frame),
            kind => self.touch_by(kind, cell, frame),
        }
    }

    #[inline(always)]
    fn touch_by(&self, kind: AccessKind, cell: &EntryCell, frame: Option<Frame>) -> Round {
        match decide(kind, &self.place(), Slot::Empty, PageState::None) {
            Decision::AllocateAnonymous => {
                let Some(own) = own_cleared(frame) else { return Round::NeedFrame };
                cell.set(self.own_entry(own));
                self.mm.add_rss(1, 0);
                Round::Done
            }
            Decision::MapZero => {
                cell.set(entry_of(zero_pfn(), self.access(false) | Access::SPECIAL));
                Round::Done
            }
            Decision::Signal(signal) => Round::Signal(signal),
            decision => self.broken(decision),
        }
    }

    /// An entry is there, but does not permit the access.
    #[inline(always)]
    fn change(&self, cell: &EntryCell, raw: Raw, frame: Option<Frame>) -> Round {
        let slot = Active::decode(raw, Level::Leaf);
        if let (Slot::Page { pfn, access }, AccessKind::Write) = (slot, self.kind)
            && !access.contains(Access::SPECIAL)
        {
            let page = page(pfn);
            if page.has(PageFlags::ANON) {
                return self.write_private(cell, raw, (page, pfn), frame);
            }
        }
        self.change_other(cell, raw, frame)
    }

    /// A write to a private page that the entry permits only to read.
    #[inline(always)]
    fn write_private(
        &self,
        cell: &EntryCell,
        raw: Raw,
        (page, pfn): (&Page, Pfn),
        frame: Option<Frame>,
    ) -> Round {
        let state = PageState::Anon { sole: page.is_sole() };
        let slot = Active::decode(raw, Level::Leaf);
        match decide(AccessKind::Write, &self.place(), slot, state) {
            Decision::CopyOnWrite(Cow::Copy) => self.copy(cell, (page, pfn), frame),
            Decision::CopyOnWrite(Cow::Reuse) => self.permit_write(cell),
            _ => self.look_again(raw),
        }
    }

    /// Apart, as it takes a thousand instructions anyway and would take registers from what takes few.
    #[inline(never)]
    fn copy(&self, cell: &EntryCell, (page, pfn): (&Page, Pfn), frame: Option<Frame>) -> Round {
        let Some(own) = own_copy(frame, pfn) else { return Round::NeedFrame };
        self.replace(cell, own);
        put_shared(page, pfn);
        Round::Done
    }

    /// Any other entry, or any other access.
    #[inline(never)]
    fn change_other(&self, cell: &EntryCell, raw: Raw, frame: Option<Frame>) -> Round {
        let slot = Active::decode(raw, Level::Leaf);
        let state = mapped_state(slot);
        match (decide(self.kind, &self.place(), slot, state), slot) {
            (Decision::CopyOnWrite(Cow::Copy), Slot::Page { pfn, .. }) => {
                let Some(own) = own_copy(frame, pfn) else { return Round::NeedFrame };
                self.replace(cell, own);
                self.mm.add_rss(1, 0);
                if state != PageState::Frame {
                    self.mm.subtract_rss(0, 1);
                    put_shared(page(pfn), pfn);
                }
                Round::Done
            }
            (Decision::MakeWritable { .. }, _) => self.permit_write(cell),
            (Decision::AllocateAnonymous, _) => {
                let Some(own) = own_cleared(frame) else { return Round::NeedFrame };
                self.replace(cell, own);
                self.mm.add_rss(1, 0);
                Round::Done
            }
            _ => self.look_again(raw),
        }
    }

    #[inline(always)]
    fn permit_write(&self, cell: &EntryCell) -> Round {
        cell.set_bits(Access::WRITE | Access::DIRTY | Access::ACCESSED);
        // A stale read-only translation costs a fault at worst, and this CPU's is gone.
        self.mm.invalidate_page(self.page);
        Round::Done
    }

    /// Nothing can be done about the entry but to look at it once more, if that.
    #[cold]
    #[inline(never)]
    fn look_again(&self, raw: Raw) -> Round {
        let slot = Active::decode(raw, Level::Leaf);
        match decide(self.kind, &self.place(), slot, mapped_state(slot)) {
            Decision::Retry => {
                self.mm.invalidate_page(self.page);
                Round::Done
            }
            Decision::Wait => Round::Again,
            Decision::Signal(signal) => Round::Signal(signal),
            decision => self.broken(decision),
        }
    }

    /// Maps a frame of the area's own in the place of what the entry had.
    #[inline(always)]
    fn replace(&self, cell: &EntryCell, own: Frame) {
        cell.replace(self.own_entry(own));
        self.mm.invalidate_page(self.page);
    }

    /// The entry of a frame that becomes a page of the area's own, written just now.
    #[inline(always)]
    pub(super) fn own_entry(&self, own: Frame) -> Raw {
        let pfn = own.into_raw();
        self.area.note_private();
        page(pfn).become_private(self.mm.anon.word(), self.area.home_of(self.page));
        entry_of(pfn, written_access(self.area.flags()))
    }

    #[inline(always)]
    pub(super) fn access(&self, write: bool) -> Access {
        page_access(self.area.flags(), write) | Access::ACCESSED
    }

    #[inline(always)]
    pub(super) fn place(&self) -> Place {
        Place {
            flags: self.area.flags(),
            no_execute: paging::has_no_execute(),
            index: self.area.index_of(self.page),
            object_pages: None,
        }
    }

    #[cold]
    #[inline(never)]
    fn broken(&self, decision: Decision) -> ! {
        panic!("page table at {:?} leads to {decision:?}", self.page)
    }
}

#[inline(always)]
pub(in crate::mm) fn entry_of(pfn: Pfn, access: Access) -> Raw {
    paging::format().page(pfn, access)
}

/// What the page is that an entry maps.
#[inline(always)]
fn mapped_state(slot: Slot) -> PageState {
    let Slot::Page { pfn, access } = slot else { return PageState::None };
    if access.contains(Access::SPECIAL) {
        return if pfn == zero_pfn() { PageState::Zero } else { PageState::Frame };
    }
    let page = page(pfn);
    if page.has(PageFlags::ANON) {
        PageState::Anon { sole: page.is_sole() }
    } else {
        PageState::Cached { notify: false }
    }
}

/// A frame with nothing in it: `frame`, or one that is at hand.
#[inline(always)]
fn own_cleared(frame: Option<Frame>) -> Option<Frame> {
    let own = frame.or_else(Frame::at_hand)?;
    clear_highpage(own.pfn());
    Some(own)
}

/// A frame with what another one has.
#[inline(always)]
pub(in crate::mm) fn own_copy(frame: Option<Frame>, of: Pfn) -> Option<Frame> {
    let own = frame.or_else(Frame::at_hand)?;
    copy_highpage(own.pfn(), of);
    Some(own)
}

/// Copies a frame, wherever both lie.
#[inline(always)]
fn copy_highpage(to: Pfn, from: Pfn) {
    let to = kmap_atomic(to);
    let from = kmap_atomic(from);
    // SAFETY: both mappings cover their frames; nobody else has the target yet.
    unsafe { copy_page(to.address(), from.address()) };
    drop(from);
    drop(to);
}
