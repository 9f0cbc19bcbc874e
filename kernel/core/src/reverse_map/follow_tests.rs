//! Reverse maps that follow the edits of address spaces find every page, and need no more memory
//! than the kernel reserves before an edit.

use super::{Mapping, ReverseMap};
use crate::addr::{PageRange, Vpn};
use crate::vma::{Backing, Edit, Extent, VmFlags, Vma, VmaId, VmaSet};
use proptest::prelude::*;
use std::collections::BTreeSet;
use std::vec::Vec;

/// Object and chain are numbers of maps; a chain that ends is not begun again.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
struct Back {
    object: Option<usize>,
    chain: Option<usize>,
}

impl Backing for Back {
    fn merges_with(&self, next: &Self) -> bool {
        let chains = self.chain == next.chain || self.chain.is_none() || next.chain.is_none();
        self.object == next.object && chains
    }

    fn has_chain(&self) -> bool {
        self.chain.is_some()
    }

    fn adopt_chain(&mut self, other: &Self) {
        self.chain = other.chain;
    }

    fn is_anonymous(&self) -> bool {
        self.object.is_none()
    }
}

impl Back {
    fn maps(self) -> impl Iterator<Item = usize> {
        self.object.into_iter().chain(self.chain)
    }
}

const PAGES: u32 = 120;
const SPACES: usize = 3;
const OBJECTS: usize = 2;
/// What the kernel reserves in the maps of the area it edits.
const RESERVED: u32 = 2;
const R: VmFlags = VmFlags::READ;
const RW: VmFlags = VmFlags::READ.union(VmFlags::WRITE);

/// Address spaces, the maps of objects and then of chains, and every private page with its chain
/// and index.
struct Machine {
    spaces: [VmaSet<Back>; SPACES],
    maps: Vec<ReverseMap>,
    private: BTreeSet<(usize, u32, usize, u32)>,
}

fn pages(start: u32, len: u32) -> PageRange {
    PageRange::new(Vpn::new(start), Vpn::new((start + len).min(PAGES))).unwrap()
}

fn mapping(space: usize, id: VmaId, extent: Extent) -> Mapping {
    let Extent { range, pgoff: first, .. } = extent;
    let (space, area, start) = (space as u32, id.as_u32(), range.start());
    Mapping { space, area, start, first, last: first + range.len() - 1 }
}

/// What `Mm::follow` of the kernel does.
fn follow(maps: &mut [ReverseMap], space: usize, edit: &Edit<'_, Back>) {
    match edit {
        Edit::Added { id, vma } => {
            vma.backing.maps().for_each(|n| maps[n].insert(mapping(space, *id, vma.extent())));
        }
        Edit::Changed { id, was, vma } => vma.backing.maps().for_each(|n| {
            assert!(maps[n].change(was.pgoff, mapping(space, *id, vma.extent())));
        }),
        Edit::Removed { id, vma } => vma.backing.maps().for_each(|n| {
            assert!(maps[n].remove(space as u32, id.as_u32(), vma.pgoff()));
        }),
        Edit::Inherited { id, vma, from, gone } => {
            if let Some(n) = gone.backing.object {
                assert!(maps[n].remove(space as u32, from.as_u32(), gone.pgoff()));
            }
            let old = mapping(space, *from, gone.extent()).key();
            let new = mapping(space, *id, vma.extent());
            assert!(maps[gone.backing.chain.unwrap()].replace(old, new));
        }
        Edit::Adopted { id, vma } => {
            maps[vma.backing.chain.unwrap()].insert(mapping(space, *id, vma.extent()));
        }
    }
}

impl Machine {
    fn new() -> Self {
        let maps = (0..OBJECTS).map(|_| ReverseMap::new()).collect();
        Self { spaces: Default::default(), maps, private: BTreeSet::new() }
    }

    /// Edits a set while the maps follow. No map may ever hold more than was reserved for.
    fn edit(
        &mut self,
        space: usize,
        of: Back,
        edit: impl FnOnce(&mut VmaSet<Back>, &mut dyn FnMut(Edit<'_, Back>)),
    ) {
        let Self { spaces, maps, .. } = self;
        let mut room: Vec<_> = maps.iter().map(|map| map.len().max(super::FEW as u32)).collect();
        for n in of.maps() {
            maps[n].reserve(RESERVED).unwrap();
            room[n] = maps[n].len() + RESERVED;
        }
        edit(&mut spaces[space], &mut |edit| {
            follow(maps, space, &edit);
            assert!(maps.iter().zip(&room).all(|(map, room)| map.len() <= *room), "{edit:?}");
        });
    }

    fn map(&mut self, space: usize, range: PageRange, flags: VmFlags, object: Option<usize>) {
        self.unmap(space, range);
        let pgoff = range.start().as_u32() + object.map_or(0, |object| object as u32 * 7);
        let vma = Vma::new(range, flags, pgoff, Back { object, chain: None });
        self.edit(space, vma.backing, |set, mut report| _ = set.insert(vma, &mut report).unwrap());
    }

    fn unmap(&mut self, space: usize, range: PageRange) {
        let area = self.spaces[space].containing(range.start());
        let of = area.map_or(Back::default(), |(_, vma)| vma.backing);
        self.edit(space, of, |set, mut report| set.unmap(range, &mut report).unwrap());
        self.private.retain(|&(of, page, ..)| of != space || !range.contains(Vpn::new(page)));
    }

    fn change(&mut self, space: usize, range: PageRange, flags: VmFlags) {
        let mut at = range.start();
        while let Some((id, vma)) = self.spaces[space].find(at) {
            let Some(piece) = vma.range().intersection(range.above(at)) else { break };
            self.edit(space, vma.backing, |set, mut report| {
                set.change(id, piece, flags, &mut report).unwrap();
            });
            at = piece.end();
        }
    }

    /// The first write to a private page.
    fn fault(&mut self, space: usize, page: u32) {
        let Some((id, vma)) = self.spaces[space].containing(Vpn::new(page)) else { return };
        let (extent, index) = (vma.extent(), vma.index_of(Vpn::new(page)));
        let chain = vma.backing.chain.unwrap_or_else(|| {
            let mut map = ReverseMap::new();
            map.insert(mapping(space, id, extent));
            self.maps.push(map);
            self.maps.len() - 1
        });
        self.spaces[space].get_mut(id).unwrap().backing.chain = Some(chain);
        self.private.retain(|&(of, at, ..)| (of, at) != (space, page));
        self.private.insert((space, page, chain, index));
    }

    fn relocate(&mut self, space: usize, from: PageRange, to: PageRange) {
        let Some((_, vma)) = self.spaces[space].containing(from.start()) else { return };
        let Some(from) = from.intersection(vma.range()) else { return };
        if from.overlaps(to) || to.len() < from.len() {
            return;
        }
        self.unmap(space, to);
        let Some((id, vma)) = self.spaces[space].containing(from.start()) else { return };
        self.edit(space, vma.backing, |set, mut report| {
            set.relocate(id, from, to, &mut report).unwrap();
        });
        let moves = |page: &_| {
            let &(of, at, ..): &(usize, u32, usize, u32) = page;
            of == space && from.contains(Vpn::new(at))
        };
        let moved: Vec<_> = self.private.extract_if(.., moves).collect();
        let (from, to) = (from.start().as_u32(), to.start().as_u32());
        let there =
            moved.into_iter().map(|(of, at, chain, index)| (of, at - from + to, chain, index));
        self.private.extend(there);
    }

    fn exit(&mut self, space: usize) {
        let Self { spaces, maps, .. } = self;
        spaces[space].clear(|id, vma| follow(maps, space, &Edit::Removed { id, vma }));
        self.private.retain(|page| page.0 != space);
    }

    fn fork(&mut self, parent: usize, child: usize) {
        if parent == child {
            return;
        }
        self.exit(child);
        self.spaces[child] = self.spaces[parent].duplicate(|_, vma| vma.backing).unwrap();
        for (id, vma) in self.spaces[child].iter() {
            vma.backing.maps().for_each(|n| self.maps[n].reserve(RESERVED).unwrap());
            follow(&mut self.maps, child, &Edit::Added { id, vma });
        }
        let pages: Vec<_> = self.private.iter().filter(|page| page.0 == parent).copied().collect();
        self.private.extend(pages.into_iter().map(|page| (child, page.1, page.2, page.3)));
    }

    fn found(&self, map: usize, index: u32) -> Vec<(u32, u32)> {
        let mut found = Vec::new();
        self.maps[map].for_each(index, index, |mapping| {
            found.push((mapping.space, mapping.pages(index, index).start().as_u32()));
        });
        found.sort();
        found
    }

    fn check(&self) {
        for &(space, page, chain, index) in &self.private {
            let found = self.found(chain, index);
            let here = found.iter().filter(|place| **place == (space as u32, page));
            assert_eq!(here.count(), 1, "private page {page} of {space}");
        }
        for object in 0..OBJECTS {
            for index in 0..PAGES + 10 {
                let mut expected = Vec::new();
                for (space, set) in self.spaces.iter().enumerate() {
                    let areas = set.iter().filter(|(_, vma)| vma.backing.object == Some(object));
                    for (_, vma) in areas {
                        let pages = vma.range().pages().filter(|&at| vma.index_of(at) == index);
                        expected.extend(pages.map(|page| (space as u32, page.as_u32())));
                    }
                }
                expected.sort();
                assert_eq!(self.found(object, index), expected, "page {index} of {object}");
            }
        }
        let areas = self.spaces.iter().flat_map(VmaSet::iter);
        let entries: usize = areas.map(|(_, vma)| vma.backing.maps().count()).sum();
        let lens = self.maps.iter().map(ReverseMap::len);
        assert_eq!(lens.sum::<u32>() as usize, entries, "one entry an area and map");
    }
}

#[test]
fn a_page_is_found_in_parent_and_child_after_all_kinds_of_edits() {
    let mut machine = Machine::new();
    machine.map(0, pages(10, 20), RW, None);
    machine.fault(0, 15);
    machine.fork(0, 1);
    machine.relocate(1, pages(12, 6), pages(80, 6));
    machine.change(0, pages(14, 4), R);
    machine.check();
    let &(.., chain, index) = machine.private.first().unwrap();
    assert_eq!(machine.found(chain, index), [(0, 15), (1, 83)]);
}

#[test]
fn a_merge_that_adopts_a_chain_needs_no_memory() {
    let mut machine = Machine::new();
    machine.map(0, pages(10, 10), RW, None);
    machine.map(0, pages(30, 10), RW, None);
    machine.fault(0, 35);
    machine.map(0, pages(20, 10), RW, None);
    assert_eq!(machine.spaces[0].len(), 1);
    machine.check();
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]
    #[test]
    fn every_place_of_every_page_is_found(
        steps in prop::collection::vec((0..9u32, 0..SPACES, 0..11u32, 1..4u32, 0..11u32), 1..60),
    ) {
        let mut machine = Machine::new();
        for (kind, space, at, len, other) in steps {
            let range = pages(at * 10, len * 10);
            match kind {
                0 => machine.map(space, range, RW, None),
                1 => machine.map(space, range, R, Some(other as usize % OBJECTS)),
                2 => machine.map(space, range, RW, Some(other as usize % OBJECTS)),
                3 => machine.unmap(space, pages(at * 10 + 5, len * 10)),
                4 => machine.change(space, range, if other % 2 == 0 { R } else { RW }),
                5 | 6 => machine.fault(space, at * 10 + other),
                7 => machine.relocate(space, range, pages(other * 10, len * 10)),
                _ => machine.fork(space, other as usize % SPACES),
            }
            machine.check();
        }
        (0..SPACES).for_each(|space| machine.exit(space));
        prop_assert!(machine.maps.iter().all(ReverseMap::is_empty));
    }
}
