use super::*;
use crate::addr::{PageRange, Pfn, Vpn};
use crate::page::PageFlags;
use crate::page_lists::Taken;
use crate::paging::machine::{Host, Space, Store, Tlb};
use crate::paging::{
    Access, Cell, Features, Flush, Format, Gather, Level, NoMemory, Pae, Released, Slot, Tables,
    TwoLevel,
};
use proptest::prelude::*;
use std::collections::BTreeMap;
use std::vec::Vec;

const USER: Access = Access::USER.union(Access::WRITE).union(Access::EXEC);
/// Where the user's half ends at 3G.
const USER_END: Vpn = Vpn::new(0xc0000);

fn range(start: u32, len: u32) -> PageRange {
    PageRange::with_len(Vpn::new(start), len).unwrap()
}

fn features() -> Features {
    Features { global: true, no_execute: true }
}

fn put<F: Host>(space: &Space<'_, F>, page: Vpn, pfn: Pfn) -> Result<Flush, NoMemory> {
    let flush =
        if leaf(space, page).is_none() { ensure_leaf(space, page)? } else { Flush::Nothing };
    leaf(space, page).unwrap().cell(page).set(space.format().page(pfn, USER));
    Ok(flush)
}

/// Whether a frame is a private page; the others are a file's.
fn is_private(pfn: Pfn) -> bool {
    pfn.as_u32().is_multiple_of(2)
}

/// Has the gather hold what an entry said.
fn hold<F: Host>(gather: &mut Gather<'_>, store: &Store<F>, slot: Slot) {
    if let Some(pfn) = frame_of(slot) {
        let page = store.page(pfn);
        if gather.take(page, pfn) != Taken::Freed {
            page.remove_mapping();
            gather.hold(pfn);
        }
    }
}

fn frame_of(slot: Slot) -> Option<Pfn> {
    match slot {
        Slot::Page { pfn, .. } => Some(pfn),
        _ => None,
    }
}

/// An address space on a CPU, and what it should look like.
struct World<'s, F: Host> {
    space: Space<'s, F>,
    tlb: Tlb,
    model: BTreeMap<u32, Pfn>,
    next_frame: u32,
}

impl<'s, F: Host> World<'s, F> {
    fn new(store: &'s Store<F>) -> Self {
        let space = Space::new(store, features());
        let (tlb, model) = (Tlb::default(), BTreeMap::new());
        Self { space, tlb, model, next_frame: 1 }
    }

    fn map(&mut self, page: u32) {
        if self.model.contains_key(&page) {
            return;
        }
        let pfn = Pfn::new(self.next_frame);
        if let Ok(flush) = put(&self.space, Vpn::new(page), pfn) {
            self.tlb.invalidate(flush);
            self.next_frame += 1;
            self.model.insert(page, pfn);
            let page = self.space.store.page(pfn);
            page.reset(PageFlags::empty());
            page.set_refcount(1);
            if is_private(pfn) {
                page.become_private(1, 0);
            } else {
                page.add_mapping();
            }
        }
    }

    fn flush(&mut self, gather: &mut Gather<'_>) {
        let Self { tlb, space, .. } = self;
        let mut released = Vec::new();
        gather.flush(&space.store.pages, |flush| tlb.invalidate(flush), |it| released.push(it));
        for it in released {
            match it {
                Released::Table(table) => {
                    tlb.assert_forgotten(table);
                    space.store.release(table);
                }
                Released::Frame(pfn) => {
                    if space.store.page(pfn).put() {
                        tlb.assert_forgotten(pfn);
                    }
                }
                Released::Free(chain) => {
                    for pfn in chain.iter(&space.store.pages) {
                        let page = space.store.page(pfn);
                        assert!(page.refcount() == 0 && page.mapcount() == 0 && page.has_no_use());
                        tlb.assert_forgotten(pfn);
                    }
                }
            }
        }
    }

    fn unmap(&mut self, pages: PageRange) {
        let mut room = [Pfn::default(); 8];
        let mut gather = Gather::new(&mut room);
        let mut walk = Walk::new(pages);
        loop {
            if gather.room() == 0 {
                self.flush(&mut gather);
            }
            let Some(run) = walk.next(&self.space, gather.room()) else { break };
            let (model, store) = (&mut self.model, self.space.store);
            run.take_each(&mut gather, |gather, page, slot| {
                assert_eq!(model.remove(&page.as_u32()), frame_of(slot));
                hold(gather, store, slot);
            });
        }
        // The neighbours are the nearest pages in use.
        let floor = self.model.range(..pages.start().as_u32()).next_back();
        let floor = floor.map_or(0, |(&page, _)| page + 1);
        let ceiling = self.model.range(pages.end().as_u32()..).next();
        let ceiling = ceiling.map_or(USER_END.as_u32(), |(&page, _)| page);
        let neighbours = range(floor, ceiling - floor);
        free_tables(&self.space, &self.space.store.pages, pages, neighbours, &mut gather);
        self.flush(&mut gather);
        assert!(self.model.range(pages.start().as_u32()..pages.end().as_u32()).next().is_none());
    }

    fn relocate(&mut self, from: PageRange, to: u32) {
        let Some(mut walk) = MoveWalk::new(from, Vpn::new(to)) else { return };
        self.unmap(range(to, from.len()));
        match walk.reserve(&self.space) {
            Ok(flush) => self.tlb.invalidate(flush),
            Err(NoMemory) => return,
        }
        let mut gather = Gather::new(&mut []);
        while walk.step(&self.space, &mut gather, 16) {}
        self.flush(&mut gather);
        let moved: Vec<u32> = self
            .model
            .range(from.start().as_u32()..from.end().as_u32())
            .map(|(&page, _)| page)
            .collect();
        for page in moved {
            let pfn = self.model.remove(&page).unwrap();
            self.model.insert(page - from.start().as_u32() + to, pfn);
        }
    }

    /// Hides pages, shows them again, or takes the right to write away, by the page's number.
    fn protect(&mut self, pages: PageRange) {
        let format = self.space.format();
        let mut gather = Gather::new(&mut []);
        let mut walk = Walk::new(pages);
        while let Some(run) = walk.next(&self.space, 64) {
            let before: Vec<_> = run.used().map(|(page, cell)| (page, cell.load())).collect();
            let wanted = |page: Vpn, access: Access| match page.as_u32() % 4 {
                0 => access - Access::PROT_NONE,
                1 => access | Access::PROT_NONE,
                2 => access - Access::WRITE,
                _ => access | Access::WRITE,
            };
            run.change_each(format, &mut gather, |page, pfn, access| {
                assert_eq!(self.model.get(&page.as_u32()), Some(&pfn));
                wanted(page, access)
            });
            for (page, raw) in before {
                let Slot::Page { pfn, access } = F::decode(raw, Level::Leaf) else { panic!() };
                let now = Slot::Page { pfn, access: wanted(page, access) };
                let cell = leaf(&self.space, page).unwrap().cell(page).load();
                assert_eq!(F::decode(cell, Level::Leaf), now);
            }
        }
        self.flush(&mut gather);
    }

    /// Forks, compares, and lets the child die.
    fn fork(&mut self) {
        let child = Space::new(self.space.store, features());
        let all = range(0, USER_END.as_u32());
        let mut walk = CopyWalk::new(all);
        let mut copied = BTreeMap::new();
        let complete = loop {
            match walk.next(&self.space, &child, 64) {
                Err(NoMemory) => break false,
                Ok(None) => break true,
                Ok(Some(run)) => {
                    run.each(|raw, from, to| {
                        from.clear_bits(Access::WRITE);
                        to.set(F::without(raw, Access::WRITE));
                        let pfn = frame_of(F::decode(raw, Level::Leaf)).unwrap();
                        let frame = self.space.store.page(pfn);
                        frame.get();
                        frame.add_mapping();
                        let (page, _) =
                            self.model.iter().find(|(_, other)| **other == pfn).unwrap();
                        copied.insert(*page, pfn);
                    });
                }
            }
        };
        self.tlb.invalidate(Flush::All);
        assert!(!complete || copied == self.model);
        for (&page, &pfn) in &copied {
            let Slot::Page { pfn: found, access } = lookup(&child, Vpn::new(page)) else {
                panic!()
            };
            assert!(found == pfn && !access.contains(Access::WRITE));
        }
        let tlb = core::mem::take(&mut self.tlb);
        let parent = core::mem::replace(&mut self.space, child);
        let model = core::mem::replace(&mut self.model, copied);
        self.exit();
        (self.space, self.tlb, self.model) = (parent, tlb, model);
    }

    fn exit(&mut self) {
        let all = range(0, USER_END.as_u32());
        // It is loaded nowhere any more.
        self.tlb.invalidate(Flush::All);
        let mut walk = Walk::new(all);
        while let Some(run) = walk.next(&self.space, 100) {
            run.empty_each(|slot| {
                let pfn = frame_of(slot).unwrap();
                self.tlb.assert_forgotten(pfn);
                let page = self.space.store.page(pfn);
                page.remove_mapping();
                page.put();
            });
        }
        let mut gather = Gather::new(&mut []);
        free_tables(&self.space, &self.space.store.pages, all, all, &mut gather);
        free_directories(&self.space, &self.space.store.pages, USER_END, &mut gather);
        self.flush(&mut gather);
    }

    fn check(&self) {
        self.tlb.assert_current(&self.space);
        let mut found = BTreeMap::new();
        let mut walk = Walk::new(range(0, USER_END.as_u32()));
        while let Some(run) = walk.next(&self.space, 100) {
            for (page, cell) in run.cells() {
                if let Slot::Page { pfn, .. } = F::decode(cell.load(), Level::Leaf) {
                    found.insert(page.as_u32(), pfn);
                }
            }
        }
        assert_eq!(found, self.model);
    }
}

#[derive(Clone, Debug)]
enum Step {
    Map(u32),
    Touch(u32),
    Unmap(u32, u32),
    Protect(u32, u32),
    Move(u32, u32, u32),
    Fork,
}

/// Few places, near borders of tables and directories, so that steps meet.
fn page() -> impl Strategy<Value = u32> {
    let near = prop::sample::select(&[0x200u32, 0x400, 0x8048, 0x40000, 0x7fe00, 0xbff00][..]);
    (near, 0u32..40).prop_map(|(base, offset)| base + offset - 20)
}

fn step() -> impl Strategy<Value = Step> {
    let len = prop_oneof![1u32..40, 1u32..3000];
    prop_oneof![
        4 => page().prop_map(Step::Map),
        4 => page().prop_map(Step::Touch),
        2 => (page(), len.clone()).prop_map(|(start, len)| Step::Unmap(start, len)),
        2 => (page(), len.clone()).prop_map(|(start, len)| Step::Protect(start, len)),
        2 => (page(), len, page()).prop_map(|(start, len, to)| Step::Move(start, len, to)),
        1 => Just(Step::Fork),
    ]
}

fn agrees<F: Host>(steps: &[Step], tables: u32) {
    let store = Store::<F>::new(tables);
    let mut world = World::new(&store);
    let clip = |start: u32, len: u32| range(start, len.min(USER_END.as_u32() - start));
    for step in steps {
        match *step {
            Step::Map(page) => {
                world.map(page);
                // Most pages are used, so that most mistakes leave something stale.
                if page % 4 != 0 {
                    world.tlb.touch(&world.space, Vpn::new(page));
                }
            }
            Step::Touch(page) => {
                let found = world.tlb.touch(&world.space, Vpn::new(page)).map(|(pfn, _)| pfn);
                let hidden = translate(&world.space, Vpn::new(page)).is_none();
                assert_eq!(found, world.model.get(&page).copied().filter(|_| !hidden));
            }
            Step::Unmap(start, len) => world.unmap(clip(start, len)),
            Step::Protect(start, len) => world.protect(clip(start, len)),
            Step::Move(start, len, to) => {
                let len = clip(start, len).len().min(clip(to, len).len());
                world.relocate(range(start, len), to);
            }
            Step::Fork => world.fork(),
        }
        world.check();
    }
    world.exit();
    assert_eq!(store.free_tables(), tables as usize, "tables were lost");
    assert!(store.pages.iter().all(|page| page.refcount() == 0), "frames were lost");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn two_level_agrees_with_a_map(steps in prop::collection::vec(step(), 1..40), tables in 1u32..24) {
        agrees::<TwoLevel>(&steps, tables);
    }

    #[test]
    fn pae_agrees_with_a_map(steps in prop::collection::vec(step(), 1..40), tables in 1u32..24) {
        agrees::<Pae>(&steps, tables);
    }
}

#[test]
#[should_panic(expected = "still cached")]
fn the_model_notices_a_frame_that_goes_before_its_flush() {
    let store = Store::<Pae>::new(4);
    let mut world = World::new(&store);
    world.map(5);
    world.tlb.touch(&world.space, Vpn::new(5));
    let taken = leaf(&world.space, Vpn::new(5)).unwrap().cell(Vpn::new(5)).take();
    world.tlb.assert_forgotten(frame_of(Pae::decode(taken, Level::Leaf)).unwrap());
}

#[test]
fn a_new_directory_asks_for_a_flush_in_pae_alone() {
    let (two_level, pae) = (Store::<TwoLevel>::new(4), Store::<Pae>::new(4));
    let (two_level, pae) = (Space::new(&two_level, features()), Space::new(&pae, features()));
    assert_eq!(put(&two_level, Vpn::new(1), Pfn::new(1)), Ok(Flush::Nothing));
    assert_eq!(put(&pae, Vpn::new(1), Pfn::new(1)), Ok(Flush::All));
    assert_eq!(put(&pae, Vpn::new(0x201), Pfn::new(1)), Ok(Flush::Nothing));
}

#[test]
fn only_wanted_entries_are_taken() {
    let store = Store::<Pae>::new(4);
    let mut world = World::new(&store);
    for page in 0..6 {
        world.map(page);
        world.tlb.touch(&world.space, Vpn::new(page));
    }
    let stays = world.model[&3];
    let mut room = [Pfn::default(); 8];
    let mut gather = Gather::new(&mut room);
    let mut walk = Walk::new(range(1, 4));
    while let Some(run) = walk.next(&world.space, gather.room()) {
        let model = &mut world.model;
        run.take_those(
            &mut gather,
            |slot| frame_of(slot) != Some(stays),
            |gather, page, slot| {
                assert_eq!(model.remove(&page.as_u32()), frame_of(slot));
                hold(gather, &store, slot);
            },
        );
    }
    world.flush(&mut gather);
    assert_eq!(world.model.keys().copied().collect::<Vec<_>>(), [0, 3, 5]);
    world.check();
    world.exit();
}

#[test]
fn a_table_that_a_neighbour_uses_stays() {
    let store = Store::<TwoLevel>::new(4);
    let mut world = World::new(&store);
    world.map(10);
    world.map(20);
    world.unmap(range(20, 1));
    assert_eq!(store.free_tables(), 3);
    world.unmap(range(10, 1));
    assert_eq!(store.free_tables(), 4);
}

#[test]
fn a_move_without_frames_for_tables_changes_nothing() {
    let store = Store::<TwoLevel>::new(1);
    let mut world = World::new(&store);
    world.map(10);
    let walk = MoveWalk::new(range(8, 8), Vpn::new(0x800)).unwrap();
    assert_eq!(walk.reserve(&world.space), Err(NoMemory));
    world.check();
    assert!(MoveWalk::new(range(8, 8), Vpn::new(15)).is_none());
    assert!(MoveWalk::new(range(8, 8), Vpn::new(0xfffff)).is_none());
}

#[test]
fn a_table_made_for_the_target_may_lie_within_the_source() {
    let store = Store::<Pae>::new(3);
    let mut world = World::new(&store);
    world.map(1024);
    world.relocate(range(1004, 21), 492);
    world.check();
    assert_eq!(world.model.keys().copied().collect::<Vec<_>>(), [512]);
}

#[test]
fn the_kernels_entries_are_shared_from_page_offset_on() {
    fn shared<F: Host>(page_offset: u32, expected: u32) {
        let kernel = F::make_root();
        for index in 0..F::ROOT_LEN {
            F::root_cell(&kernel, index).set(F::new(features()).table(Pfn::new(index), Level::Top));
        }
        let root = F::make_root();
        share_kernel::<F>(&kernel, &root, Vpn::new(page_offset));
        for index in 0..F::ROOT_LEN {
            let is_shared = F::root_cell(&root, index).load() != F::EMPTY;
            assert_eq!(is_shared, index >= expected);
        }
    }
    shared::<TwoLevel>(0xc0000, 768);
    shared::<TwoLevel>(0x40000, 256);
    shared::<Pae>(0xc0000, 3);
    shared::<Pae>(0x80000, 2);
}

#[test]
fn the_top_of_the_address_space_does_not_wrap() {
    let store = Store::<Pae>::new(4);
    let space = Space::new(&store, features());
    let top = range(0xff000, 0x1000);
    let flush = ensure_leaves(&space, range(0xfff00, 0x100));
    assert_eq!(flush, Ok(Flush::All));
    let mut walk = Walk::new(top);
    assert_eq!(walk.next(&space, 4096).unwrap().range(), range(0xffe00, 0x200));
    assert!(walk.next(&space, 4096).is_none());
    assert_eq!(walk.position().address(), None);
}

fn every_entry_is_shown_once<F: Host>() {
    let store = Store::<F>::new(16);
    let space = Space::new(&store, features());
    let pages = [0x10, 0x11, 0x3ff, 0x400, 0x9_0000, 0xb_ffff];
    for (frame, page) in (1..).zip(pages) {
        let _ = put(&space, Vpn::new(page), Pfn::new(frame)).unwrap();
    }
    let big = 0xc_0000;
    ensure_directory(&space, Vpn::new(big))
        .unwrap()
        .0
        .set(space.format().big_page(Pfn::new(0x1000), Access::KERNEL));
    let all = PageRange::new(Vpn::new(0), Vpn::new(0x10_0000)).unwrap();
    for limit in [1, 3, 1 << 20] {
        let (mut at, mut shown) = (all.start(), Vec::new());
        while at < all.end() {
            at = entries(&space, all.above(at), limit, |page, count, slot| {
                shown.push((page.as_u32(), count, slot));
            });
        }
        let Some((page, count, Slot::BigPage { pfn, .. })) = shown.pop() else { panic!() };
        assert_eq!((page, count, pfn.as_u32()), (big, 1 << F::LEAF_BITS, 0x1000));
        let frames: Vec<_> = shown.iter().map(|it| (it.0, frame_of(it.2).unwrap())).collect();
        let expected: Vec<_> = pages.into_iter().zip((1..).map(Pfn::new)).collect();
        assert_eq!(frames, expected);
    }
}

#[test]
fn every_entry_is_shown_once_two_level() {
    every_entry_is_shown_once::<TwoLevel>();
}

#[test]
fn every_entry_is_shown_once_pae() {
    every_entry_is_shown_once::<Pae>();
}
