//! Performing what `kcore::fault` decides about a page fault.
//!
//! The areas are read-locked throughout. Each round looks at the entry under the page-table lock
//! and acts under the same lock; what has to sleep (a frame, a page of an object) happens outside
//! of it, and the next round looks again. No other order of events has to be thought through.

use super::frames::{Frame, GFP_HIGHUSER, clear_highpage, get_page, put_page};
use super::kmap::kmap_atomic;
use super::object::{Lookup, Object};
use super::page::page;
use super::rmap::AnonChain;
use super::space::{Area, Layout, Mm, TASK_SIZE, UserTables};
use super::zero_page::zero_pfn;
use crate::arch::features::features;
use crate::arch::paging::{self, Active};
use crate::arch::string::copy_page;
use crate::sync::ReadGuard;
use kcore::addr::{PAGE_SIZE, PageRange, Pfn, VirtAddr, Vpn};
use kcore::fault::{
    AccessKind, Cow, Decision, PageState, Place, Signal, StackLimits, decide, grow_stack,
    page_access,
};
use kcore::page::PageFlags;
use kcore::paging::walk::{Leaf, ensure_leaf, leaf};
use kcore::paging::{Access, Cell, Flush, Format, Level, Slot};
use kcore::readahead::fault_around;
use kcore::vma::{VmFlags, VmaId};

type EntryCell = <Active as Format>::Cell;

/// How a fault ended.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Outcome {
    /// The access can be tried again. `major`: input was waited for.
    Done {
        major: bool,
    },
    Signal(Signal),
    /// No frame: the access cannot be served, and nobody could free one.
    OutOfMemory,
}

/// What one round came to.
enum Round {
    Done,
    Again,
    NeedTable,
    NeedFrame,
    NeedObject,
    Signal(Signal),
}

impl Mm {
    /// Serves an access to `address`, which lies below TASK_SIZE.
    pub fn fault(&self, address: VirtAddr, kind: AccessKind) -> Outcome {
        let page = address.vpn();
        let layout = self.layout.read();
        match layout.areas.find(page) {
            Some((id, area)) if area.start() <= page => self.fault_in_area(id, area, page, kind),
            Some((_, area)) if area.flags().contains(VmFlags::GROWSDOWN) => {
                self.fault_below_stack(layout, page, kind)
            }
            _ => Outcome::Signal(Signal::MapError),
        }
    }

    /// Grows the stack above `page`, then goes on as usual.
    #[cold]
    fn fault_below_stack(&self, layout: ReadGuard<Layout>, page: Vpn, kind: AccessKind) -> Outcome {
        drop(layout);
        if let Err(signal) = self.grow_stack(page) {
            return Outcome::Signal(signal);
        }
        let layout = self.layout.read();
        match layout.areas.containing(page) {
            Some((id, area)) => self.fault_in_area(id, area, page, kind),
            None => Outcome::Signal(Signal::MapError),
        }
    }

    fn grow_stack(&self, page: Vpn) -> Result<(), Signal> {
        let mut layout = self.layout.write();
        let Some((id, area)) = layout.areas.find(page) else { return Err(Signal::MapError) };
        if area.start() <= page {
            // Another thread was faster.
            return Ok(());
        }
        let below = layout.areas.prev(id).map(|(_, below)| below);
        let pages = |bytes: u32| bytes / PAGE_SIZE;
        let limits = StackLimits {
            stack: pages(layout.stack_limit),
            address_space: pages(layout.limits.address_space),
            locked: if layout.limits.may_lock { u32::MAX } else { pages(layout.limits.memlock) },
            commit: layout.limits.commit,
            lowest: layout.limits.placement.lowest,
        };
        let start = grow_stack(page, area, below, layout.areas.account(), &limits)?;
        layout.areas.grow_down(id, start, &mut |edit| self.follow(edit));
        Ok(())
    }

    fn fault_in_area(&self, id: VmaId, area: &Area, page: Vpn, kind: AccessKind) -> Outcome {
        let mut fault = Fault {
            mm: self,
            id,
            area,
            page,
            kind,
            place: Place {
                flags: area.flags(),
                no_execute: features().nx,
                index: area.index_of(page),
                object_pages: None,
            },
            frame: None,
            major: false,
        };
        let private = !area.flags().contains(VmFlags::SHARED);
        if kind == AccessKind::Write && private && area.flags().contains(VmFlags::WRITE) {
            // A write to private memory needs a frame in nearly every case: have it before the
            // lock is taken, and walk the tables once.
            if !fault.prepare_write() {
                return Outcome::OutOfMemory;
            }
        }
        fault.run()
    }
}

/// A fault being served.
struct Fault<'a> {
    mm: &'a Mm,
    id: VmaId,
    area: &'a Area,
    page: Vpn,
    kind: AccessKind,
    place: Place,
    /// For a page of the area's own.
    frame: Option<Frame>,
    major: bool,
}

impl Fault<'_> {
    /// A frame for a private page, and the chain by which it will be found again.
    #[inline]
    fn prepare_write(&mut self) -> bool {
        if self.frame.is_none() {
            self.frame = Frame::allocate(&GFP_HIGHUSER);
        }
        self.frame.is_some() && AnonChain::prepare(self.mm, self.id, self.area)
    }

    fn run(&mut self) -> Outcome {
        loop {
            match self.round() {
                Round::Done => return Outcome::Done { major: self.major },
                Round::Again => {}
                Round::Signal(signal) => return Outcome::Signal(signal),
                Round::NeedTable => {
                    if !self.add_table() {
                        return Outcome::OutOfMemory;
                    }
                }
                Round::NeedFrame => {
                    if !self.prepare_write() {
                        return Outcome::OutOfMemory;
                    }
                }
                Round::NeedObject => {
                    if let Some(outcome) = self.serve_from_object() {
                        return outcome;
                    }
                }
            }
        }
    }

    fn add_table(&self) -> bool {
        let lock = self.mm.lock_tables();
        match ensure_leaf(&self.mm.tables(&lock), self.page) {
            Ok(flush) => {
                self.mm.invalidate(flush);
                true
            }
            Err(_) => false,
        }
    }

    /// Looks at the entry and, if nothing is missing, acts.
    #[inline]
    fn round(&mut self) -> Round {
        let lock = self.mm.lock_tables();
        let tables = self.mm.tables(&lock);
        let leaf = leaf(&tables, self.page);
        let Some(leaf) = leaf else {
            // Rights come first: a forbidden access must not allocate a table.
            return match decide(self.kind, &self.place, Slot::Empty, PageState::None) {
                Decision::Signal(signal) => Round::Signal(signal),
                _ => Round::NeedTable,
            };
        };
        let cell = leaf.cell(self.page);
        let raw = Cell::load(cell);
        let slot = Active::decode(raw, Level::Leaf);
        let state = match slot {
            Slot::Page { pfn, access } => mapped_state(pfn, access),
            Slot::Empty if self.area.backing.object.is_some() => {
                return match decide(self.kind, &self.place, slot, PageState::None) {
                    Decision::Signal(Signal::AccessError) => Round::Signal(Signal::AccessError),
                    _ => Round::NeedObject,
                };
            }
            _ => PageState::None,
        };
        let decision = decide(self.kind, &self.place, slot, state);
        self.act(cell, slot, decision)
    }

    /// Performs a decision that needs neither object nor sleep.
    #[inline]
    fn act(&mut self, cell: &EntryCell, slot: Slot, decision: Decision) -> Round {
        match decision {
            Decision::MapZero => {
                let access = self.access(false) | Access::SPECIAL;
                cell.set(paging::format().page(zero_pfn(), access));
                Round::Done
            }
            Decision::AllocateAnonymous => match self.frame.take() {
                None => Round::NeedFrame,
                Some(frame) => {
                    clear_highpage(frame.pfn());
                    self.install_own(cell, slot, frame);
                    Round::Done
                }
            },
            Decision::CopyOnWrite(Cow::Reuse) | Decision::MakeWritable { .. } => {
                cell.set_bits(Access::WRITE | Access::DIRTY | Access::ACCESSED);
                // A stale read-only translation costs a fault at worst, and this CPU's is gone.
                self.flush_page();
                Round::Done
            }
            Decision::CopyOnWrite(Cow::Copy) => match (self.frame.take(), slot) {
                (Some(frame), Slot::Page { pfn, .. }) => {
                    copy_highpage(frame.pfn(), pfn);
                    self.install_own(cell, slot, frame);
                    Round::Done
                }
                _ => Round::NeedFrame,
            },
            Decision::Retry => {
                self.flush_page();
                Round::Done
            }
            Decision::Wait => Round::Again,
            Decision::Signal(signal) => Round::Signal(signal),
            Decision::CopyOnWrite(Cow::Cached)
            | Decision::MapCached { .. }
            | Decision::AskPager(_)
            | Decision::FillHole => Round::NeedObject,
            Decision::SwapIn(_) | Decision::MapSwapped { .. } | Decision::Broken => {
                panic!("page table of {:?}: {slot:?} leads to {decision:?}", self.page)
            }
        }
    }

    /// Maps a frame of the area's own over what the entry had, writable.
    #[inline]
    fn install_own(&self, cell: &EntryCell, slot: Slot, frame: Frame) {
        let pfn = frame.into_raw();
        AnonChain::add_page(self.area, pfn, self.place.index);
        let raw = paging::format().page(pfn, self.access(true) | Access::DIRTY);
        match slot {
            Slot::Page { pfn: old, access } => {
                cell.replace(raw);
                self.flush_page();
                if access.contains(Access::SPECIAL) {
                    self.mm.add_rss(1, 0);
                } else {
                    let old_page = page(old);
                    if !old_page.has(PageFlags::ANON) {
                        self.mm.add_rss(1, 0);
                        self.mm.subtract_rss(0, 1);
                    }
                    old_page.remove_mapping();
                    put_page(old);
                }
            }
            _ => {
                cell.set(raw);
                self.mm.add_rss(1, 0);
            }
        }
    }

    #[inline]
    fn access(&self, write: bool) -> Access {
        page_access(self.area.flags(), write) | Access::ACCESSED
    }

    #[inline]
    fn flush_page(&self) {
        self.mm.invalidate(Flush::Pages(PageRange::with_len(self.page, 1).unwrap_or_default()));
    }

    /// Nothing is mapped: the page comes from the area's object. `None`: look again.
    fn serve_from_object(&mut self) -> Option<Outcome> {
        let object = self.area.backing.object.as_deref()?;
        let (state, found) = match object.lookup(self.place.index) {
            Lookup::Cached(pfn) => (PageState::Cached { notify: false }, Some(pfn)),
            Lookup::Hole => (PageState::Hole, None),
            Lookup::Beyond => (PageState::Beyond, None),
        };
        let place = Place { object_pages: Some(object.pages()), ..self.place };
        let decision = decide(self.kind, &place, Slot::Empty, state);
        let outcome = match (decision, found) {
            (Decision::MapCached { write, .. }, Some(pfn)) => self.map_cached(object, pfn, write),
            (Decision::CopyOnWrite(Cow::Cached), Some(pfn)) => self.copy_cached(pfn),
            (Decision::FillHole, _) => match object.fill_hole(self.place.index) {
                Ok(()) => None,
                Err(_) => Some(Outcome::OutOfMemory),
            },
            (Decision::Signal(signal), _) => Some(Outcome::Signal(signal)),
            (decision, _) => panic!("an object's page {state:?} leads to {decision:?}"),
        };
        if let Some(pfn) = found {
            put_page(pfn);
        }
        outcome
    }

    /// Maps the cached page and, for reading, its cached neighbours in the same table.
    fn map_cached(&self, object: &Object, pfn: Pfn, write: bool) -> Option<Outcome> {
        let lock = self.mm.lock_tables();
        let tables = self.mm.tables(&lock);
        let leaf = leaf(&tables, self.page)?;
        let cell = leaf.cell(self.page);
        if Cell::load(cell) != Active::EMPTY || !object.holds(pfn, self.place.index) {
            // Another thread, or a truncate, was faster.
            return None;
        }
        get_page(pfn);
        page(pfn).add_mapping();
        let dirty = if self.kind == AccessKind::Write { Access::DIRTY } else { Access::empty() };
        cell.set(paging::format().page(pfn, self.access(write) | dirty));
        let around =
            if self.kind == AccessKind::Write { 0 } else { self.map_around(&leaf, object, write) };
        self.mm.add_rss(0, 1 + around);
        Some(Outcome::Done { major: self.major })
    }

    /// Maps what the cache has of the neighbourhood. Returns how many pages.
    fn map_around(&self, leaf: &Leaf<UserTables<'_, '_>>, object: &Object, write: bool) -> u32 {
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
                cell.set(paging::format().page(pfn, access));
                mapped += 1;
            }
        });
        mapped
    }

    /// Gives the area a copy of the cached page.
    fn copy_cached(&mut self, cached: Pfn) -> Option<Outcome> {
        if self.frame.is_none() && !self.prepare_write() {
            return Some(Outcome::OutOfMemory);
        }
        let lock = self.mm.lock_tables();
        let tables = self.mm.tables(&lock);
        let leaf = leaf(&tables, self.page)?;
        let cell = leaf.cell(self.page);
        if Cell::load(cell) != Active::EMPTY {
            return None;
        }
        let frame = self.frame.take()?;
        copy_highpage(frame.pfn(), cached);
        self.install_own(cell, Slot::Empty, frame);
        Some(Outcome::Done { major: self.major })
    }
}

/// What the page is that an entry maps.
#[inline]
fn mapped_state(pfn: Pfn, access: Access) -> PageState {
    if access.contains(Access::SPECIAL) {
        return if pfn == zero_pfn() { PageState::Zero } else { PageState::Frame };
    }
    let page = page(pfn);
    if page.has(PageFlags::ANON) {
        PageState::Anon { sole: page.refcount() == 1 }
    } else {
        PageState::Cached { notify: false }
    }
}

/// Copies a frame, wherever both lie.
#[inline]
pub fn copy_highpage(to: Pfn, from: Pfn) {
    let to = kmap_atomic(to);
    let from = kmap_atomic(from);
    // SAFETY: both mappings cover their frames; nobody else has the target yet.
    unsafe { copy_page(to.address(), from.address()) };
    drop(from);
    drop(to);
}

/// Whether an address can be a program's.
pub fn is_user(address: VirtAddr) -> bool {
    address.vpn() < TASK_SIZE
}
