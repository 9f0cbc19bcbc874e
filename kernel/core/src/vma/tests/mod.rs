mod model;

use super::*;
use crate::addr::{PageRange, VirtAddr, Vpn};
use crate::arena::NoMemory;
use proptest::prelude::*;
use std::collections::BTreeMap;
use std::vec::Vec;

/// The number of an object.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
struct Back(Option<u32>);

impl Backing for Back {
    fn merges_with(&self, next: &Self) -> bool {
        self == next
    }

    fn is_anonymous(&self) -> bool {
        self.0.is_none()
    }
}

const RW: VmFlags = VmFlags::READ.union(VmFlags::WRITE);
const R: VmFlags = VmFlags::READ;
const STACK: VmFlags = RW.union(VmFlags::GROWSDOWN);

fn range(start: u32, end: u32) -> PageRange {
    PageRange::new(Vpn::new(start), Vpn::new(end)).unwrap()
}

fn anon(start: u32, end: u32, flags: VmFlags) -> Vma<Back> {
    Vma::new(range(start, end), flags, start, Back::default())
}

fn file(start: u32, end: u32, pgoff: u32) -> Vma<Back> {
    Vma::new(range(start, end), R, pgoff, Back(Some(7)))
}

fn written(start: u32, end: u32) -> Vma<Back> {
    let vma = anon(start, end, RW);
    vma.note_private();
    vma
}

/// What reports tell of an area.
type Known = (Extent, Back);

/// A set, and what somebody who only listens to its reports believes of it.
#[derive(Default)]
struct Watched {
    set: VmaSet<Back>,
    mirror: BTreeMap<VmaId, Known>,
}

fn known(vma: &Vma<Back>) -> Known {
    (vma.extent(), vma.backing)
}

fn follow(mirror: &mut BTreeMap<VmaId, Known>, edit: Edit<'_, Back>) {
    match edit {
        Edit::Added { id, vma } => assert_eq!(mirror.insert(id, known(vma)), None),
        Edit::Changed { id, was, vma } => {
            assert_eq!(mirror.insert(id, known(vma)), Some((was, vma.backing)));
        }
        Edit::Removed { id, vma } => assert_eq!(mirror.remove(&id), Some(known(vma))),
    }
}

impl Watched {
    fn with(areas: impl IntoIterator<Item = Vma<Back>>) -> Self {
        let mut watched = Self::default();
        for vma in areas {
            watched.insert(vma);
        }
        watched
    }

    fn insert(&mut self, vma: Vma<Back>) -> VmaId {
        let id = self.set.insert(vma, &mut |edit| follow(&mut self.mirror, edit)).unwrap();
        self.check();
        id
    }

    fn unmap(&mut self, range: PageRange) -> Result<(), NoMemory> {
        let result = self.set.unmap(range, &mut |edit| follow(&mut self.mirror, edit));
        self.check();
        result
    }

    /// mprotect's walk: every area in `range` gets `flags`.
    fn change(&mut self, range: PageRange, flags: VmFlags) {
        let mut at = range.start();
        while let Some((id, vma)) = self.set.find(at) {
            let Some(piece) = vma.range().intersection(range.above(at)) else { break };
            let report = &mut |edit: Edit<'_, Back>| follow(&mut self.mirror, edit);
            let id = self.set.change(id, piece, flags, report).unwrap();
            assert_eq!(self.set.get(id).unwrap().flags(), flags);
            assert!(self.set.get(id).unwrap().range().contains_range(piece));
            at = piece.end();
            self.check();
        }
    }

    fn relocate(&mut self, from: PageRange, to: PageRange) {
        let (id, _) = self.set.containing(from.start()).unwrap();
        let report = &mut |edit: Edit<'_, Back>| follow(&mut self.mirror, edit);
        let id = self.set.relocate(id, from, to, report).unwrap();
        assert!(self.set.get(id).unwrap().range().contains_range(to));
        self.check();
    }

    fn grow_down(&mut self, at: u32, start: u32) {
        let (id, _) = self.set.containing(Vpn::new(at)).unwrap();
        self.set.grow_down(id, Vpn::new(start), &mut |edit| follow(&mut self.mirror, edit));
        self.check();
    }

    fn grow_up(&mut self, at: u32, end: u32) {
        let (id, _) = self.set.containing(Vpn::new(at)).unwrap();
        self.set.grow_up(id, Vpn::new(end), &mut |edit| follow(&mut self.mirror, edit));
        self.check();
    }

    fn split_at(&mut self, page: u32) {
        let report = &mut |edit: Edit<'_, Back>| follow(&mut self.mirror, edit);
        self.set.split_at(Vpn::new(page), report).unwrap();
        self.check();
    }

    fn check(&self) {
        self.set.check();
        let seen: BTreeMap<_, _> = self.set.iter().map(|(id, vma)| (id, known(vma))).collect();
        assert_eq!(seen, self.mirror);
    }

    fn shape(&self) -> Vec<(u32, u32)> {
        self.set.iter().map(|(_, vma)| (vma.start().as_u32(), vma.end().as_u32())).collect()
    }
}

#[test]
fn a_new_area_merges_with_both_neighbours() {
    let mut areas = Watched::with([anon(10, 20, RW), anon(30, 40, RW)]);
    areas.insert(anon(20, 25, RW));
    assert_eq!(areas.shape(), [(10, 25), (30, 40)]);
    areas.insert(anon(27, 30, RW));
    assert_eq!(areas.shape(), [(10, 25), (27, 40)]);
    areas.insert(anon(25, 27, RW));
    assert_eq!(areas.shape(), [(10, 40)]);
}

#[test]
fn flags_objects_and_offsets_keep_areas_apart() {
    let mut areas = Watched::with([file(10, 20, 0)]);
    areas.insert(file(20, 30, 11));
    areas.insert(anon(30, 40, R));
    areas.insert(anon(40, 50, RW));
    areas.insert(anon(50, 60, RW | VmFlags::DONTEXPAND));
    areas.insert(anon(60, 70, RW | VmFlags::DONTEXPAND));
    assert_eq!(areas.set.len(), 6);
    areas.insert(file(5, 10, u32::MAX - 4));
    assert_eq!(areas.set.len(), 6, "offsets continue modulo 2^32");
}

#[test]
fn pages_that_were_moved_differently_keep_areas_apart() {
    let mut areas = Watched::with([written(10, 20), written(40, 50), file(60, 70, 0)]);
    areas.set.find(Vpn::new(60)).unwrap().1.note_private();
    areas.relocate(range(10, 20), range(100, 110));
    areas.relocate(range(40, 50), range(110, 120));
    areas.insert(anon(120, 130, RW));
    assert_eq!(areas.shape(), [(60, 70), (100, 110), (110, 120), (120, 130)]);
    areas.relocate(range(60, 70), range(200, 210));
    areas.insert(file(210, 220, 10));
    assert_eq!(areas.set.len(), 5);
}

#[test]
fn the_survivor_of_a_merge_has_the_private_pages() {
    let mut areas = Watched::with([anon(10, 20, RW), written(21, 30)]);
    let id = areas.insert(anon(20, 21, RW));
    assert_eq!(areas.shape(), [(10, 30)]);
    assert!(areas.set.get(id).unwrap().has_private());
}

#[test]
fn a_change_takes_each_of_its_six_shapes() {
    // P, the area and N as in the drawing of `change`.
    let three = |prev: bool, next: bool| {
        let flags = |same| if same { R } else { R | VmFlags::EXEC };
        Watched::with([anon(10, 20, flags(prev)), anon(20, 30, RW), anon(30, 40, flags(next))])
    };
    for (prev, next, piece, shape) in [
        (true, true, (20, 30), [(10, 40)].as_slice()),
        (true, false, (20, 30), &[(10, 30), (30, 40)]),
        (true, true, (20, 25), &[(10, 25), (25, 30), (30, 40)]),
        (false, true, (20, 30), &[(10, 20), (20, 40)]),
        (true, true, (25, 30), &[(10, 20), (20, 25), (25, 40)]),
        (true, true, (22, 28), &[(10, 20), (20, 22), (22, 28), (28, 30), (30, 40)]),
        (false, false, (20, 30), &[(10, 20), (20, 30), (30, 40)]),
        (false, false, (20, 25), &[(10, 20), (20, 25), (25, 30), (30, 40)]),
        (false, false, (25, 30), &[(10, 20), (20, 25), (25, 30), (30, 40)]),
    ] {
        let mut areas = three(prev, next);
        areas.change(range(piece.0, piece.1), R);
        assert_eq!(areas.shape(), shape, "{prev} {next} {piece:?}");
    }
}

#[test]
fn a_moved_border_takes_private_pages_along() {
    let mut areas = Watched::with([anon(10, 20, R), written(20, 30)]);
    areas.change(range(20, 25), R);
    assert_eq!(areas.shape(), [(10, 25), (25, 30)]);
    assert!(areas.set.iter().all(|(_, vma)| vma.has_private()));
}

#[test]
fn unmapping_the_middle_leaves_two_regions() {
    let mut areas = Watched::with([file(10, 20, 100)]);
    areas.unmap(range(13, 15)).unwrap();
    assert_eq!(areas.shape(), [(10, 13), (15, 20)]);
    let (_, upper) = areas.set.containing(Vpn::new(15)).unwrap();
    assert_eq!((upper.pgoff(), upper.index_of(Vpn::new(17))), (105, 107));
}

#[test]
fn at_the_limit_only_splits_fail() {
    let mut set = VmaSet::new();
    let mut none = |_: Edit<'_, Back>| {};
    for n in 0..MAX_MAP_COUNT {
        set.insert(anon(n * 8, n * 8 + 4, RW), &mut none).unwrap();
    }
    set.check();
    assert_eq!(set.unmap(range(1, 2), &mut none), Err(NoMemory));
    let (id, _) = set.find(Vpn::new(8)).unwrap();
    assert_eq!(set.change(id, range(8, 9), R, &mut none), Err(NoMemory));
    assert_eq!(set.split_at(Vpn::new(9), &mut none), Err(NoMemory));
    set.change(id, range(8, 12), R, &mut none).unwrap();
    set.insert(anon(600_000, 600_001, RW), &mut none).unwrap();
    assert_eq!(set.len(), MAX_MAP_COUNT + 1);
    assert_eq!(set.insert(anon(600_002, 600_003, RW), &mut none), Err(NoMemory));
    set.insert(anon(600_001, 600_002, RW), &mut none).unwrap();
    set.unmap(range(0, 1), &mut none).unwrap();
    set.unmap(range(0, 100_000), &mut none).unwrap();
    assert_eq!(set.len(), MAX_MAP_COUNT + 1 - 12_500);
    set.check();
}

#[test]
fn a_small_address_space_costs_one_frame() {
    let areas = Watched::with((0..10).map(|n| anon(n * 10, n * 10 + 5, RW)));
    assert_eq!(areas.set.arena.chunks(), 1);
}

#[test]
fn the_guard_gap_below_a_stack_is_not_free() {
    let areas = Watched::with([anon(1000, 1010, RW), anon(2000, 2010, STACK)]);
    let high = |pages, end| areas.set.highest_gap(pages, Vpn::new(16), Vpn::new(end));
    assert_eq!(high(10, 2000), Some(range(1734, 1744)));
    assert_eq!(high(734, 2000), Some(range(1010, 1744)));
    assert_eq!(high(735, 2000), Some(range(265, 1000)));
    assert_eq!(high(985, 2000), None);
    assert_eq!(high(10, 3000), Some(range(2990, 3000)));
    assert_eq!(high(1, 1500), Some(range(1499, 1500)));
    assert!(!areas.set.is_free(range(1740, 1745)));
    assert!(areas.set.is_free(range(1740, 1744)));
}

#[test]
fn placement_prefers_the_hint_then_high_then_low() {
    let space =
        Placement { lowest: Vpn::new(16), mmap_base: Vpn::new(3000), task_size: Vpn::new(6000) };
    let areas = Watched::with([anon(100, 2990, RW)]);
    let place = |pages, hint: Option<u32>| areas.set.place(pages, hint.map(Vpn::new), space);
    assert_eq!(place(5, Some(3500)), Some(range(3500, 3505)));
    assert_eq!(place(5, Some(200)), Some(range(2995, 3000)));
    assert_eq!(place(5, Some(15)), Some(range(2995, 3000)));
    assert_eq!(place(5, Some(5996)), Some(range(2995, 3000)));
    assert_eq!(place(11, None), Some(range(89, 100)));
    assert_eq!(place(85, None), Some(range(2990, 3075)));
    assert_eq!(place(3011, None), None);
}

#[test]
fn mmap_base_is_linuxs() {
    let base = |task_size, stack| {
        mmap_base(VirtAddr::new(task_size), stack, 0, 0).address().unwrap().as_u32()
    };
    assert_eq!(base(0xc000_0000, 8 << 20), 0xb800_0000);
    assert_eq!(base(0xc000_0000, u32::MAX), 0x2000_0000);
    assert_eq!(base(0xc000_0000, 0x1000_0000), 0xaff0_0000);
    assert_eq!(base(0x8000_0000, u32::MAX), 0x1555_6000);
}

#[test]
fn a_forks_child_is_unlocked_and_lacks_what_is_not_to_be_copied() {
    let areas = Watched::with([
        anon(10, 20, RW | VmFlags::LOCKED),
        anon(20, 30, RW | VmFlags::DONTCOPY),
        anon(30, 40, STACK),
        anon(40, 50, RW | VmFlags::WIPEONFORK),
    ]);
    areas.set.iter().for_each(|(_, vma)| vma.note_private());
    let child = areas.set.duplicate().unwrap();
    child.check();
    assert_eq!(child.account(), &Account { total: 30, data: 20, stack: 10, ..Account::default() });
    assert_eq!(child.len(), 3);
    assert_eq!(child.first().unwrap().1.flags(), RW);
    let private: Vec<_> = child.iter().map(|(_, vma)| vma.has_private()).collect();
    assert_eq!(private, [true, true, false]);
}

#[test]
fn moving_renumbers_only_memory_nobody_has_written() {
    let mut areas = Watched::with([anon(10, 20, RW), written(30, 40)]);
    areas.relocate(range(12, 15), range(100, 103));
    areas.relocate(range(32, 35), range(200, 210));
    let pgoff = |page| areas.set.containing(Vpn::new(page)).unwrap().1.pgoff();
    assert_eq!((pgoff(100), pgoff(200)), (100, 32));
    let home = |page| areas.set.containing(Vpn::new(page)).unwrap().1.home_of(Vpn::new(page));
    assert_eq!((home(102), home(202)), (102, 34));
    assert_eq!(areas.set.len(), 6);
}

#[test]
fn moving_next_to_itself_merges() {
    let mut areas = Watched::with([anon(10, 20, RW)]);
    areas.relocate(range(15, 20), range(5, 10));
    assert_eq!(areas.shape(), [(5, 15)]);
}

#[test]
#[should_panic(expected = "areas overlap")]
fn an_area_on_top_of_another_is_a_bug() {
    Watched::with([anon(10, 20, RW), anon(19, 21, RW)]);
}
