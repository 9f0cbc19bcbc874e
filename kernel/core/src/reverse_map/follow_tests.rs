//! Reverse maps that follow the edits of address spaces find every page, and need no more memory
//! than the kernel reserves before an edit.

use super::{MOST_ADDED, ReverseMap};
use crate::addr::{PageRange, Vpn};
use crate::anon_mm::AnonMm;
use crate::vma::{Backing, Edit, VmFlags, Vma, VmaSet};
use proptest::prelude::*;
use std::collections::BTreeMap;
use std::vec::Vec;

/// The number of an object.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
struct Back(Option<usize>);

impl Backing for Back {
    fn merges_with(&self, next: &Self) -> bool {
        self == next
    }

    fn is_anonymous(&self) -> bool {
        self.0.is_none()
    }
}

const PAGES: u32 = 120;
const SPACES: usize = 4;
const OBJECTS: usize = 2;
const R: VmFlags = VmFlags::READ;
const RW: VmFlags = VmFlags::READ.union(VmFlags::WRITE);
const WIPED: VmFlags = RW.union(VmFlags::WIPEONFORK);

/// An address space.
#[derive(Default)]
struct Space {
    areas: VmaSet<Back>,
    /// The frames of its private pages.
    table: BTreeMap<u32, usize>,
    lineage: usize,
}

struct Machine {
    spaces: [Space; SPACES],
    objects: [ReverseMap; OBJECTS],
    lineages: Vec<AnonMm>,
    /// Of every frame its lineage and home, as its page says.
    frames: Vec<(usize, u32)>,
}

fn pages(start: u32, len: u32) -> PageRange {
    PageRange::new(Vpn::new(start), Vpn::new((start + len).min(PAGES))).unwrap()
}

impl Machine {
    fn new() -> Self {
        let mut machine = Self {
            spaces: Default::default(),
            objects: Default::default(),
            lineages: Vec::new(),
            frames: Vec::new(),
        };
        (0..SPACES).for_each(|space| machine.begin(space));
        machine
    }

    /// Begins a lineage.
    fn begin(&mut self, space: usize) {
        self.lineages.push(AnonMm::new());
        self.spaces[space].lineage = self.lineages.len() - 1;
        self.lineages.last_mut().unwrap().join(space as u32).unwrap();
    }

    /// Edits a set while the maps follow. No map may ever hold more than the kernel reserves for
    /// an edit of the area at `page`, or of a new one of `object`.
    fn edit(
        &mut self,
        space: usize,
        page: Vpn,
        object: Option<usize>,
        edit: impl FnOnce(&mut VmaSet<Back>, &mut dyn FnMut(Edit<'_, Back>)),
    ) {
        let Self { spaces, objects, lineages, .. } = self;
        let Space { areas, lineage, .. } = &mut spaces[space];
        let lineage = &mut lineages[*lineage];
        let lens = |objects: &[ReverseMap], lineage: &AnonMm| -> Vec<u32> {
            objects.iter().map(ReverseMap::len).chain([lineage.len()]).collect()
        };
        let mut room = lens(objects, lineage);
        let area = areas.containing(page).map(|(_, vma)| vma);
        if let Some(object) = area.map_or(object, |vma| vma.backing.0) {
            objects[object].reserve(MOST_ADDED).unwrap();
            room[object] += MOST_ADDED;
        }
        if area.is_some_and(|vma| vma.is_away() || vma.has_private()) {
            lineage.reserve().unwrap();
            room[OBJECTS] += MOST_ADDED;
        }
        edit(areas, &mut |edit| {
            if let Some(object) = edit.vma().backing.0 {
                objects[object].follow(space as u32, &edit);
            }
            if AnonMm::concerns(&edit) {
                lineage.follow(space as u32, &edit);
            }
            let fits = |(len, room): (&u32, &u32)| *len <= (*room).max(super::FEW as u32);
            assert!(lens(objects, lineage).iter().zip(&room).all(fits));
        });
    }

    fn map(&mut self, space: usize, range: PageRange, flags: VmFlags, object: Option<usize>) {
        self.unmap(space, range);
        let pgoff = range.start().as_u32() + object.map_or(0, |object| object as u32 * 7);
        let vma = Vma::new(range, flags, pgoff, Back(object));
        self.edit(space, range.start(), object, |set, mut report| {
            set.insert(vma, &mut report).unwrap();
        });
    }

    fn unmap(&mut self, space: usize, range: PageRange) {
        self.edit(space, range.start(), None, |set, mut report| {
            set.unmap(range, &mut report).unwrap();
        });
        self.spaces[space].table.retain(|&page, _| !range.contains(Vpn::new(page)));
    }

    fn change(&mut self, space: usize, range: PageRange, flags: VmFlags) {
        let mut at = range.start();
        while let Some((id, vma)) = self.spaces[space].areas.find(at) {
            let Some(piece) = vma.range().intersection(range.above(at)) else { break };
            self.edit(space, piece.start(), None, |set, mut report| {
                set.change(id, piece, flags, &mut report).unwrap();
            });
            at = piece.end();
        }
    }

    /// The first write to a private page.
    fn fault(&mut self, space: usize, page: u32) {
        let Space { areas, table, lineage } = &mut self.spaces[space];
        if let Some((_, vma)) = areas.containing(Vpn::new(page)) {
            vma.note_private();
            self.frames.push((*lineage, vma.home_of(Vpn::new(page))));
            table.insert(page, self.frames.len() - 1);
        }
    }

    /// mremap, with DONTUNMAP if `keep`.
    fn relocate(&mut self, space: usize, from: PageRange, to: PageRange, keep: bool) {
        let Some((_, vma)) = self.spaces[space].areas.containing(from.start()) else { return };
        let Some(from) = from.intersection(vma.range()) else { return };
        if from.overlaps(to) || to.len() < from.len() {
            return;
        }
        self.unmap(space, to);
        let Some((id, vma)) = self.spaces[space].areas.containing(from.start()) else { return };
        let (flags, object) = (vma.flags(), vma.backing.0);
        self.edit(space, from.start(), None, |set, mut report| {
            set.relocate(id, from, to, &mut report).unwrap();
        });
        let table = &mut self.spaces[space].table;
        let moves = |page: &u32, _: &mut usize| from.contains(Vpn::new(*page));
        let moved: Vec<_> = table.extract_if(.., moves).collect();
        let (old, new) = (from.start().as_u32(), to.start().as_u32());
        table.extend(moved.into_iter().map(|(page, frame)| (page - old + new, frame)));
        if keep {
            self.map(space, from, flags, object);
        }
    }

    /// exec, or exit and somebody else's beginning.
    fn exec(&mut self, space: usize) {
        self.exit(space);
        self.begin(space);
    }

    fn exit(&mut self, space: usize) {
        let Self { spaces, objects, lineages, .. } = self;
        let Space { areas, table, lineage } = &mut spaces[space];
        let lineage = &mut lineages[*lineage];
        areas.clear(|id, vma| {
            let edit = Edit::Removed { id, vma: &vma };
            if let Some(object) = vma.backing.0 {
                objects[object].follow(space as u32, &edit);
            }
            lineage.follow(space as u32, &edit);
        });
        lineage.leave(space as u32);
        table.clear();
    }

    fn fork(&mut self, parent: usize, child: usize) {
        if parent == child {
            return;
        }
        self.exit(child);
        let Self { spaces, objects, lineages, .. } = self;
        let Space { areas, table, lineage } = &spaces[parent];
        let areas = areas.duplicate().unwrap();
        lineages[*lineage].join(child as u32).unwrap();
        for (id, vma) in areas.iter() {
            let edit = Edit::Added { id, vma };
            if let Some(object) = vma.backing.0 {
                objects[object].reserve(MOST_ADDED).unwrap();
                objects[object].follow(child as u32, &edit);
            }
            if AnonMm::concerns(&edit) {
                lineages[*lineage].reserve().unwrap();
                lineages[*lineage].follow(child as u32, &edit);
            }
        }
        let has_page =
            |page: u32| areas.containing(Vpn::new(page)).is_some_and(|(_, vma)| vma.has_private());
        let table = table.iter().filter(|(page, _)| has_page(**page));
        let table = table.map(|(page, frame)| (*page, *frame)).collect();
        spaces[child] = Space { areas, table, lineage: *lineage };
    }

    /// Where the reverse map says a frame may be and the tables say that it is.
    fn found(&self, frame: usize) -> Vec<(u32, u32)> {
        let (lineage, home) = self.frames[frame];
        let mut found = Vec::new();
        self.lineages[lineage].for_each(home, |space, page| {
            if self.spaces[space as usize].table.get(&page.as_u32()) == Some(&frame) {
                found.push((space, page.as_u32()));
            }
        });
        found.sort();
        found
    }

    fn check(&self) {
        let mut mapped: BTreeMap<usize, Vec<_>> = BTreeMap::new();
        for (space, Space { areas, table, .. }) in (0..).zip(&self.spaces) {
            for (&page, &frame) in table {
                assert!(areas.containing(Vpn::new(page)).unwrap().1.has_private());
                mapped.entry(frame).or_default().push((space, page));
            }
        }
        for (frame, places) in mapped {
            assert_eq!(self.found(frame), places, "frame {frame}: {:?}", self.frames[frame]);
        }
        for (object, map) in self.objects.iter().enumerate() {
            for index in 0..PAGES + 10 {
                let (mut expected, mut found) = (Vec::new(), Vec::new());
                for (space, Space { areas, .. }) in (0..).zip(&self.spaces) {
                    for (_, vma) in areas.iter().filter(|(_, vma)| vma.backing.0 == Some(object)) {
                        let pages = vma.range().pages().filter(|&at| vma.index_of(at) == index);
                        expected.extend(pages.map(|page| (space, page)));
                    }
                }
                map.for_each(index, index, |mapping| {
                    found.push((mapping.space, mapping.pages(index, index).start()));
                });
                expected.sort();
                found.sort();
                assert_eq!(found, expected, "page {index} of {object}");
            }
        }
        // One entry an address space, and one an area that is away.
        let areas = || self.spaces.iter().flat_map(|space| space.areas.iter());
        let away = areas().filter(|(_, vma)| vma.is_away()).count();
        let entries: u32 = self.lineages.iter().map(AnonMm::len).sum();
        assert_eq!(entries as usize, SPACES + away);
        let of_objects = areas().filter(|(_, vma)| vma.backing.0.is_some()).count();
        let entries: u32 = self.objects.iter().map(ReverseMap::len).sum();
        assert_eq!(entries as usize, of_objects);
    }
}

#[test]
fn a_page_is_found_in_parent_and_child_after_all_kinds_of_edits() {
    let mut machine = Machine::new();
    machine.map(0, pages(10, 20), RW, None);
    machine.fault(0, 15);
    machine.fork(0, 1);
    machine.relocate(1, pages(12, 6), pages(80, 6), false);
    machine.change(0, pages(14, 4), R);
    machine.check();
    assert_eq!(machine.found(0), [(0, 15), (1, 83)]);
    machine.fork(1, 2);
    machine.exec(0);
    machine.check();
    assert_eq!(machine.found(0), [(1, 83), (2, 83)]);
}

#[test]
fn what_stays_behind_has_pages_of_its_own() {
    let mut machine = Machine::new();
    machine.map(0, pages(10, 10), RW, Some(0));
    machine.fault(0, 12);
    machine.relocate(0, pages(10, 10), pages(50, 10), true);
    machine.fault(0, 12);
    machine.check();
    assert_eq!(machine.frames[0], machine.frames[1]);
    assert_eq!((machine.found(0), machine.found(1)), ([(0, 52)].to_vec(), [(0, 12)].to_vec()));
}

#[test]
fn areas_that_come_home_are_known_by_nobody() {
    let mut machine = Machine::new();
    machine.map(0, pages(10, 10), RW, None);
    machine.fault(0, 10);
    machine.relocate(0, pages(10, 10), pages(50, 10), false);
    assert_eq!(machine.lineages[0].len(), 2);
    machine.relocate(0, pages(50, 10), pages(10, 10), false);
    assert_eq!(machine.lineages[0].len(), 1);
    machine.check();
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]
    #[test]
    fn every_place_of_every_page_is_found(
        steps in prop::collection::vec((0..11u32, 0..SPACES, 0..11u32, 1..4u32, 0..11u32), 1..60),
    ) {
        let mut machine = Machine::new();
        for (kind, space, at, len, other) in steps {
            let range = pages(at * 10, len * 10);
            match kind {
                0 => machine.map(space, range, if other == 0 { WIPED } else { RW }, None),
                1 => machine.map(space, range, R, Some(other as usize % OBJECTS)),
                2 => machine.map(space, range, RW, Some(other as usize % OBJECTS)),
                3 => machine.unmap(space, pages(at * 10 + 5, len * 10)),
                4 => machine.change(space, range, if other % 2 == 0 { R } else { RW }),
                5 | 6 => machine.fault(space, at * 10 + other),
                7 | 8 => machine.relocate(space, range, pages(other * 10, len * 10), kind == 8),
                9 if other == 0 => machine.exec(space),
                _ => machine.fork(space, other as usize % SPACES),
            }
            machine.check();
        }
        (0..SPACES).for_each(|space| machine.exit(space));
        prop_assert!(machine.lineages.iter().all(AnonMm::is_empty));
        prop_assert!(machine.objects.iter().all(ReverseMap::is_empty));
    }
}
