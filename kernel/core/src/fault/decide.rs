//! The decision.

use crate::paging::{Access, Slot, SwapEntry};
use crate::readahead::{Span, around};
use crate::vma::VmFlags;
use abi::signal;

/// What the program tried.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum AccessKind {
    Read,
    Write,
    Execute,
}

/// Where the fault is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Place {
    /// Of the area.
    pub flags: VmFlags,
    /// Whether entries can forbid execution. If not, what can be read can be executed.
    pub no_execute: bool,
    /// The page of the object.
    pub index: u32,
    /// The object's length in pages; `None` for private memory without an object.
    pub object_pages: Option<u32>,
}

/// What is known of the page: the one the entry maps, else the one the object or the swap cache
/// has for it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum PageState {
    /// Nothing: private memory without a page.
    None,
    /// The zero page.
    Zero,
    /// Private memory. `sole`: nobody else holds the frame.
    Anon { sole: bool },
    /// In the page cache and valid. `notify`: the object has to hear of the first write.
    Cached { notify: bool },
    /// A frame that is nobody's page: a device.
    Frame,
    /// Not in memory; the object's or the swap area's pager has it.
    Absent,
    /// Not in memory and nowhere else: zero until somebody writes it.
    Hole,
    /// On its way, or its owner is busy with it.
    Busy,
    /// It could not be read.
    Failed,
    /// Past the end of the object.
    Beyond,
}

/// Which copy replaces which page.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Cow {
    /// None is needed: the page is ours alone and becomes writable.
    Reuse,
    /// Of the page the entry maps.
    Copy,
    /// Of the page the cache has; nothing is mapped yet.
    Cached,
}

/// The signal for a fault that cannot be resolved.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Signal {
    /// SIGSEGV, SEGV_MAPERR: no area.
    MapError,
    /// SIGSEGV, SEGV_ACCERR: the area does not permit it.
    AccessError,
    /// SIGBUS, BUS_ADRERR: an area, but no page.
    BusError,
}

impl Signal {
    /// Signal number and `si_code`.
    pub const fn number_and_code(self) -> (i32, i32) {
        match self {
            Self::MapError => (signal::SIGSEGV, signal::SEGV_MAPERR),
            Self::AccessError => (signal::SIGSEGV, signal::SEGV_ACCERR),
            Self::BusError => (signal::SIGBUS, signal::BUS_ADRERR),
        }
    }
}

/// What the kernel shall do. "Map" and "allocate" end the fault if the entry is still what it was.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Decision {
    /// The entry permits the access: invalidate the page in the TLB and go on.
    Retry,
    /// Map the zero page, read-only.
    MapZero,
    /// Map a cleared frame, writable and dirty: a private page.
    AllocateAnonymous,
    /// Give the area a page of its own.
    CopyOnWrite(Cow),
    /// Map the cached page; if read-only, cached neighbours too. With `notify` the object hears
    /// of the write first.
    MapCached {
        write: bool,
        notify: bool,
    },
    /// Let the entry permit writing. With `notify` the object hears of it first.
    MakeWritable {
        notify: bool,
    },
    /// Read these pages of the object. A major fault.
    AskPager(Span),
    /// Give the object a cleared page.
    FillHole,
    /// Read the page from swap. A major fault.
    SwapIn(SwapEntry),
    /// Map the page the swap cache has. Writable: take it out of the cache first.
    MapSwapped {
        write: bool,
    },
    /// Sleep until the page's owner is done with it.
    Wait,
    Signal(Signal),
    /// No rule leads here: a broken page table.
    Broken,
}

/// What the access at `place`, where the entry is `slot` and the page `page`, needs.
#[inline(always)]
pub fn decide(kind: AccessKind, place: &Place, slot: Slot, page: PageState) -> Decision {
    if !permits(kind, place) {
        return Decision::Signal(Signal::AccessError);
    }
    match slot {
        Slot::Empty if place.object_pages.is_none() => without_object(kind, place, page),
        Slot::Empty => without_entry(kind, place, page),
        Slot::Page { access, .. } => with_entry(kind, place, access, page),
        Slot::Swap(entry) => swapped(kind, place, entry, page),
        Slot::Table(_) | Slot::BigPage { .. } | Slot::Other => Decision::Broken,
    }
}

/// The rights of an entry of an area with `flags`. `write` is whether the page may be written
/// without another fault; it grants nothing the area does not.
#[inline]
pub const fn page_access(flags: VmFlags, write: bool) -> Access {
    if !flags.is_accessible() {
        return Access::USER.union(Access::PROT_NONE);
    }
    let writable = if write { flags.bits() & VmFlags::WRITE.bits() } else { 0 };
    let executable = (flags.bits() & VmFlags::EXEC.bits()) << EXEC_SHIFT;
    Access::from_bits_retain(Access::USER.bits() | writable | executable)
}

/// The rights and notes of the entry of a page that has just been written, in an area that permits
/// it.
#[inline(always)]
pub const fn written_access(flags: VmFlags) -> Access {
    let written = Access::USER.union(Access::WRITE).union(Access::ACCESSED).union(Access::DIRTY);
    let executable = (flags.bits() & VmFlags::EXEC.bits()) << EXEC_SHIFT;
    Access::from_bits_retain(written.bits() | executable)
}

/// The rights have the same place in areas and entries, but for this one.
const EXEC_SHIFT: u32 = Access::EXEC.bits().ilog2() - VmFlags::EXEC.bits().ilog2();
const _: () = assert!(Access::WRITE.bits() == VmFlags::WRITE.bits());

/// On this machine whatever can be written or executed can be read.
fn permits(kind: AccessKind, place: &Place) -> bool {
    match kind {
        AccessKind::Write => place.flags.contains(VmFlags::WRITE),
        AccessKind::Execute if place.no_execute => place.flags.contains(VmFlags::EXEC),
        AccessKind::Read | AccessKind::Execute => place.flags.is_accessible(),
    }
}

fn without_object(kind: AccessKind, place: &Place, page: PageState) -> Decision {
    if place.flags.intersects(VmFlags::PFNMAP.union(VmFlags::IO)) {
        Decision::Signal(Signal::BusError)
    } else if page != PageState::None {
        Decision::Broken
    } else if kind == AccessKind::Write {
        Decision::AllocateAnonymous
    } else {
        Decision::MapZero
    }
}

fn without_entry(kind: AccessKind, place: &Place, page: PageState) -> Decision {
    let shared = place.flags.contains(VmFlags::SHARED);
    match page {
        PageState::Cached { notify } => match (kind, shared) {
            (AccessKind::Write, true) => Decision::MapCached { write: true, notify },
            (AccessKind::Write, false) => Decision::CopyOnWrite(Cow::Cached),
            _ => {
                let write = shared && place.flags.contains(VmFlags::WRITE) && !notify;
                Decision::MapCached { write, notify: false }
            }
        },
        PageState::Absent => {
            let pages = place.object_pages.unwrap_or(0);
            Decision::AskPager(around(place.index, pages, place.flags))
        }
        PageState::Hole => Decision::FillHole,
        PageState::Busy => Decision::Wait,
        PageState::Failed | PageState::Beyond => Decision::Signal(Signal::BusError),
        PageState::None | PageState::Zero | PageState::Anon { .. } | PageState::Frame => {
            Decision::Broken
        }
    }
}

fn with_entry(kind: AccessKind, place: &Place, access: Access, page: PageState) -> Decision {
    let hidden = access.contains(Access::PROT_NONE) || !access.contains(Access::USER);
    let unfetchable = place.no_execute && !access.contains(Access::EXEC);
    if hidden || (kind == AccessKind::Execute && unfetchable) {
        // mprotect gives every entry the area's rights before it lets go of the mm.
        return Decision::Broken;
    }
    if kind != AccessKind::Write || access.contains(Access::WRITE) {
        return Decision::Retry;
    }
    match (page, place.flags.contains(VmFlags::SHARED)) {
        (PageState::Cached { notify }, true) => Decision::MakeWritable { notify },
        (PageState::Frame, true) => Decision::MakeWritable { notify: false },
        (PageState::Zero, false) => Decision::AllocateAnonymous,
        (PageState::Anon { sole: true }, false) => Decision::CopyOnWrite(Cow::Reuse),
        (PageState::Anon { sole: false } | PageState::Cached { .. } | PageState::Frame, false) => {
            Decision::CopyOnWrite(Cow::Copy)
        }
        _ => Decision::Broken,
    }
}

fn swapped(kind: AccessKind, place: &Place, entry: SwapEntry, page: PageState) -> Decision {
    if place.flags.contains(VmFlags::SHARED) {
        return Decision::Broken;
    }
    match page {
        PageState::Absent => Decision::SwapIn(entry),
        PageState::Busy => Decision::Wait,
        PageState::Failed => Decision::Signal(Signal::BusError),
        PageState::Anon { sole } => {
            Decision::MapSwapped { write: sole && kind == AccessKind::Write }
        }
        _ => Decision::Broken,
    }
}
