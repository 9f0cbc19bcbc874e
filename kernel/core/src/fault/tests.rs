use super::*;
use crate::addr::{PageRange, Pfn, VirtAddr, Vpn};
use crate::paging::{Access, Slot, SwapEntry};
use crate::vma::{Account, VmFlags, Vma};
use std::vec::Vec;

const KINDS: [AccessKind; 3] = [AccessKind::Read, AccessKind::Write, AccessKind::Execute];
const PAGES: [PageState; 12] = [
    PageState::None,
    PageState::Zero,
    PageState::Anon { sole: true },
    PageState::Anon { sole: false },
    PageState::Cached { notify: true },
    PageState::Cached { notify: false },
    PageState::Frame,
    PageState::Absent,
    PageState::Hole,
    PageState::Busy,
    PageState::Failed,
    PageState::Beyond,
];

fn subsets(flags: &[VmFlags]) -> Vec<VmFlags> {
    (0..1u32 << flags.len())
        .map(|bits| {
            let chosen = flags.iter().enumerate().filter(|(n, _)| bits >> n & 1 != 0);
            chosen.fold(VmFlags::empty(), |all, (_, &flag)| all | flag)
        })
        .collect()
}

fn slots() -> Vec<Slot> {
    let pfn = Pfn::new(5);
    let bits = [Access::USER, Access::WRITE, Access::EXEC, Access::PROT_NONE];
    let pages = (0..16u32).map(|chosen| {
        let set = bits.iter().enumerate().filter(|(n, _)| chosen >> n & 1 != 0);
        Slot::Page { pfn, access: set.fold(Access::empty(), |all, (_, &bit)| all | bit) }
    });
    let big = Slot::BigPage { pfn, access: Access::USER };
    pages.chain([Slot::Empty, swap_slot(), Slot::Other, Slot::Table(pfn), big]).collect()
}

fn swap_slot() -> Slot {
    Slot::Swap(SwapEntry::new(1, 9).unwrap())
}

/// Every combination `decide` can be asked about.
fn each_case(mut each: impl FnMut(AccessKind, &Place, Slot, PageState)) {
    let flags = subsets(&[
        VmFlags::READ,
        VmFlags::WRITE,
        VmFlags::EXEC,
        VmFlags::SHARED,
        VmFlags::PFNMAP,
        VmFlags::RAND_READ,
    ]);
    for flags in flags {
        for (no_execute, object_pages) in
            [(false, None), (true, None), (false, Some(100)), (true, Some(100))]
        {
            let place = Place { flags, no_execute, index: 40, object_pages };
            for slot in slots() {
                for page in PAGES {
                    KINDS.into_iter().for_each(|kind| each(kind, &place, slot, page));
                }
            }
        }
    }
}

fn allowed(kind: AccessKind, place: &Place) -> bool {
    let any = |flags| place.flags.intersects(flags);
    match (kind, place.no_execute) {
        (AccessKind::Write, _) => any(VmFlags::WRITE),
        (AccessKind::Execute, true) => any(VmFlags::EXEC),
        _ => any(VmFlags::READ | VmFlags::WRITE | VmFlags::EXEC),
    }
}

/// Whether a kernel without bugs can see this.
fn possible(kind: AccessKind, place: &Place, slot: Slot, page: PageState) -> bool {
    use PageState::*;
    let shared = place.flags.contains(VmFlags::SHARED);
    match slot {
        Slot::Empty if place.object_pages.is_some() => {
            !matches!(page, None | Zero | Anon { .. } | Frame)
        }
        Slot::Empty => place.flags.contains(VmFlags::PFNMAP) || page == None,
        Slot::Swap(_) => !shared && matches!(page, Absent | Busy | Failed | Anon { .. }),
        Slot::Page { access, .. } => {
            let visible = access.contains(Access::USER) && !access.contains(Access::PROT_NONE);
            let executable = !place.no_execute || access.contains(Access::EXEC);
            visible
                && match kind {
                    AccessKind::Read => true,
                    AccessKind::Execute => executable,
                    AccessKind::Write => {
                        access.contains(Access::WRITE)
                            || matches!(page, Cached { .. } | Frame)
                            || !shared && matches!(page, Zero | Anon { .. })
                    }
                }
        }
        _ => false,
    }
}

#[test]
fn access_errors_come_from_the_area_alone_and_only_bugs_are_broken() {
    each_case(|kind, place, slot, page| {
        let decision = decide(kind, place, slot, page);
        let case = (kind, place, slot, page, decision);
        if !allowed(kind, place) {
            assert_eq!(decision, Decision::Signal(Signal::AccessError), "{case:?}");
        } else {
            assert_ne!(decision, Decision::Signal(Signal::AccessError), "{case:?}");
            assert_ne!(decision, Decision::Signal(Signal::MapError), "{case:?}");
            assert_eq!(
                decision == Decision::Broken,
                !possible(kind, place, slot, page),
                "{case:?}"
            );
        }
    });
}

/// One page of one area, and a kernel that does as it is told.
#[derive(Clone, Copy, Debug)]
struct World {
    place: Place,
    entry: Slot,
    /// What the entry maps.
    mapped: PageState,
    object: PageState,
    swap_cache: PageState,
    heard: bool,
}

impl World {
    fn page(&self) -> PageState {
        match self.entry {
            Slot::Page { .. } => self.mapped,
            Slot::Swap(_) => self.swap_cache,
            _ => self.object,
        }
    }

    fn map(&mut self, page: PageState, write: bool) {
        let access = page_access(self.place.flags, write);
        (self.entry, self.mapped) = (Slot::Page { pfn: Pfn::new(6), access }, page);
    }

    fn perform(&mut self, decision: Decision) {
        match decision {
            Decision::MapZero => self.map(PageState::Zero, false),
            Decision::AllocateAnonymous | Decision::CopyOnWrite(_) => {
                self.map(PageState::Anon { sole: true }, true)
            }
            Decision::MapCached { write, notify } => {
                self.heard |= notify;
                self.map(self.object, write);
            }
            Decision::MakeWritable { notify } => {
                self.heard |= notify;
                self.map(self.mapped, true);
            }
            Decision::AskPager(span) => {
                assert!(span.contains(self.place.index) && span.end() <= 100);
                self.object = PageState::Busy;
            }
            Decision::FillHole => self.object = PageState::Cached { notify: false },
            Decision::SwapIn(_) => self.swap_cache = PageState::Busy,
            Decision::MapSwapped { write } => self.map(self.swap_cache, write),
            Decision::Wait => {
                if self.object == PageState::Busy {
                    self.object = PageState::Cached { notify: true };
                }
                if self.swap_cache == PageState::Busy {
                    self.swap_cache = PageState::Anon { sole: false };
                }
            }
            Decision::Retry | Decision::Signal(_) | Decision::Broken => unreachable!(),
        }
    }

    fn check(&self) {
        let Slot::Page { access, .. } = self.entry else { return };
        if !access.contains(Access::WRITE) {
            return;
        }
        let flags = self.place.flags;
        assert!(flags.contains(VmFlags::WRITE));
        match self.mapped {
            PageState::Cached { notify } => {
                assert!(flags.contains(VmFlags::SHARED) && (self.heard || !notify));
            }
            PageState::Frame => assert!(flags.contains(VmFlags::SHARED)),
            page => assert_eq!(page, PageState::Anon { sole: true }),
        }
    }
}

#[test]
fn every_fault_ends_in_a_signal_or_an_entry_that_permits_the_access() {
    let mut resolved = 0;
    each_case(|kind, place, entry, page| {
        let legal = match entry {
            Slot::Page { access, .. } => page_access(place.flags, false) == access,
            _ => true,
        };
        let object = if place.object_pages.is_some() { PageState::Absent } else { PageState::None };
        let mut world = World {
            place: *place,
            entry,
            mapped: page,
            object: if entry == Slot::Empty { page } else { object },
            swap_cache: page,
            heard: false,
        };
        if !legal || !allowed(kind, place) || !possible(kind, place, entry, page) {
            return;
        }
        for _ in 0..5 {
            match decide(kind, place, world.entry, world.page()) {
                Decision::Retry => {
                    let Slot::Page { access, .. } = world.entry else { panic!("{world:?}") };
                    assert!(kind != AccessKind::Write || access.contains(Access::WRITE));
                    assert!(access.contains(Access::USER) && !access.contains(Access::PROT_NONE));
                    resolved += 1;
                    return;
                }
                Decision::Signal(signal) => {
                    assert_eq!(signal, Signal::BusError);
                    let lost = matches!(world.page(), PageState::Failed | PageState::Beyond);
                    assert!(lost || place.flags.contains(VmFlags::PFNMAP));
                    return;
                }
                decision => world.perform(decision),
            }
            world.check();
        }
        panic!("no end: {kind:?} {entry:?} {page:?} {world:?}");
    });
    assert!(resolved > 500);
}

#[test]
fn the_drawing_is_true() {
    let private = VmFlags::READ | VmFlags::WRITE | VmFlags::MAYWRITE;
    let shared = private | VmFlags::SHARED;
    let anon = Place { flags: private, no_execute: true, index: 7, object_pages: None };
    let file = Place { object_pages: Some(50), ..anon };
    let object = Place { flags: shared, ..file };
    let read_only = Slot::Page { pfn: Pfn::new(1), access: Access::USER };
    let cached = PageState::Cached { notify: true };
    let memory = PageState::Cached { notify: false };
    use AccessKind::{Read, Write};
    use Decision::*;
    for (kind, place, slot, page, decision) in [
        (Read, anon, Slot::Empty, PageState::None, MapZero),
        (Write, anon, Slot::Empty, PageState::None, AllocateAnonymous),
        (Write, anon, read_only, PageState::Zero, AllocateAnonymous),
        (Write, anon, read_only, PageState::Anon { sole: true }, CopyOnWrite(Cow::Reuse)),
        (Write, anon, read_only, PageState::Anon { sole: false }, CopyOnWrite(Cow::Copy)),
        (Read, anon, read_only, PageState::Zero, Retry),
        (Read, anon, swap_slot(), PageState::Absent, SwapIn(SwapEntry::new(1, 9).unwrap())),
        (Write, anon, swap_slot(), PageState::Anon { sole: true }, MapSwapped { write: true }),
        (Write, anon, swap_slot(), PageState::Anon { sole: false }, MapSwapped { write: false }),
        (Read, anon, swap_slot(), PageState::Anon { sole: true }, MapSwapped { write: false }),
        (Read, file, Slot::Empty, cached, MapCached { write: false, notify: false }),
        (Write, file, Slot::Empty, cached, CopyOnWrite(Cow::Cached)),
        (Write, file, read_only, cached, CopyOnWrite(Cow::Copy)),
        (Read, object, Slot::Empty, cached, MapCached { write: false, notify: false }),
        (Read, object, Slot::Empty, memory, MapCached { write: true, notify: false }),
        (Write, object, Slot::Empty, cached, MapCached { write: true, notify: true }),
        (Write, object, read_only, cached, MakeWritable { notify: true }),
        (Read, object, Slot::Empty, PageState::Busy, Wait),
        (Read, object, Slot::Empty, PageState::Hole, FillHole),
        (Read, object, Slot::Empty, PageState::Beyond, Signal(super::Signal::BusError)),
    ] {
        assert_eq!(decide(kind, &place, slot, page), decision, "{kind:?} {slot:?} {page:?}");
    }
    let span = crate::readahead::Span { first: 0, count: 32 };
    assert_eq!(decide(Read, &file, Slot::Empty, PageState::Absent), AskPager(span));
}

#[test]
fn without_nx_what_can_be_read_can_be_executed() {
    let mut place = Place { flags: VmFlags::READ, no_execute: false, index: 0, object_pages: None };
    let decide = |place: &Place| decide(AccessKind::Execute, place, Slot::Empty, PageState::None);
    assert_eq!(decide(&place), Decision::MapZero);
    place.no_execute = true;
    assert_eq!(decide(&place), Decision::Signal(Signal::AccessError));
}

#[test]
fn faults_are_told_apart_before_any_lock_is_taken() {
    let task_size = VirtAddr::new(0xc000_0000);
    let (low, high) = (VirtAddr::new(0xbfff_ffff), VirtAddr::new(0xc000_0000));
    let class = |address, code, origin| classify(address, code, origin, task_size);
    let (none, fetch) = (ErrorCode::empty(), ErrorCode::FETCH);
    assert_eq!(class(low, ErrorCode::USER, Origin::User), Class::Page);
    assert_eq!(class(high, ErrorCode::USER, Origin::User), Class::Signal(Signal::MapError));
    assert_eq!(class(low, none, Origin::UserCopy), Class::Page);
    assert_eq!(class(high, none, Origin::UserCopy), Class::Fixup);
    assert_eq!(class(low, none, Origin::AtomicCopy), Class::Fixup);
    assert_eq!(class(low, fetch, Origin::UserCopy), Class::Bug);
    assert_eq!(class(low, none, Origin::Kernel), Class::Bug);
    assert_eq!(class(low, ErrorCode::USER | ErrorCode::RESERVED, Origin::User), Class::Bug);
    let shown = |address| ErrorCode::USER.for_signal(address, task_size);
    assert_eq!(shown(low), ErrorCode::USER);
    assert_eq!(shown(high), ErrorCode::USER | ErrorCode::PROTECTION);
    assert_eq!((ErrorCode::WRITE | fetch).kind(), AccessKind::Write);
    assert_eq!(Signal::BusError.number_and_code(), (7, 2));
}

#[test]
fn a_stack_grows_within_its_limits_and_keeps_its_distance() {
    let rw = VmFlags::READ | VmFlags::WRITE;
    let area = |start: u32, end: u32, flags| {
        let range = PageRange::new(Vpn::new(start), Vpn::new(end)).unwrap();
        Vma::new(range, flags, start, ())
    };
    let stack = area(2000, 2010, rw | VmFlags::GROWSDOWN);
    let free = StackLimits {
        stack: 1000,
        address_space: 10_000,
        locked: 20,
        commit: 1000,
        lowest: Vpn::new(16),
    };
    let account = Account { total: 10, locked: 10, ..Account::default() };
    let grow = |page, stack: &Vma<()>, below: Option<&Vma<()>>, limits: &StackLimits| {
        grow_stack(Vpn::new(page), stack, below, &account, limits).map(Vpn::as_u32)
    };
    let no = Err(Signal::MapError);
    assert_eq!(grow(1999, &stack, None, &free), Ok(1999));
    assert_eq!(grow(1010, &stack, None, &free), Ok(1010));
    assert_eq!(grow(1009, &stack, None, &free), no, "RLIMIT_STACK");
    assert_eq!(grow(1999, &area(2000, 2010, rw), None, &free), no, "not a stack");
    assert_eq!(grow(15, &stack, None, &StackLimits { stack: 5000, ..free }), no, "too low");
    assert_eq!(grow(1989, &stack, None, &StackLimits { address_space: 20, ..free }), no);
    assert_eq!(grow(1990, &stack, None, &StackLimits { address_space: 20, ..free }), Ok(1990));
    let locked = area(2000, 2010, rw | VmFlags::GROWSDOWN | VmFlags::LOCKED);
    assert_eq!(
        (grow(1990, &locked, None, &free), grow(1989, &locked, None, &free)),
        (Ok(1990), no)
    );
    let charged = area(2000, 2010, rw | VmFlags::GROWSDOWN | VmFlags::ACCOUNT);
    assert_eq!(grow(1989, &charged, None, &StackLimits { commit: 10, ..free }), no);
    let below = |flags| area(1500, 1600, flags);
    assert_eq!(grow(1856, &stack, Some(&below(rw)), &free), Ok(1856));
    assert_eq!(grow(1855, &stack, Some(&below(rw)), &free), no, "the guard gap");
    assert_eq!(grow(1600, &stack, Some(&below(VmFlags::empty())), &free), Ok(1600));
    assert_eq!(grow(1600, &stack, Some(&below(rw | VmFlags::GROWSDOWN)), &free), Ok(1600));
}
