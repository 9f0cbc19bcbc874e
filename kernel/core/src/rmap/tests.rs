use super::*;
use crate::vma::{VmFlags, Vma};
use proptest::prelude::*;
use std::collections::BTreeSet;
use std::vec::Vec;

#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
struct Back {
    object: Option<usize>,
    chain: Option<ChainId>,
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

impl Chained for Back {
    fn chain(&self) -> Option<ChainId> {
        self.chain
    }
}

const PAGES: u32 = 120;
const MMS: usize = 3;
const OBJECTS: usize = 2;
const R: VmFlags = VmFlags::READ;
const RW: VmFlags = VmFlags::READ.union(VmFlags::WRITE);

/// Address spaces, objects, reverse maps, and every private page with its chain and index.
#[derive(Default)]
struct Machine {
    mms: [VmaSet<Back>; MMS],
    objects: [IntervalTree; OBJECTS],
    rmap: ReverseMaps,
    anon: BTreeSet<(usize, u32, ChainId, u32)>,
}

fn pages(start: u32, len: u32) -> PageRange {
    PageRange::new(Vpn::new(start), Vpn::new((start + len).min(PAGES))).unwrap()
}

impl Machine {
    /// Lets `edit` change the set of `mm` while the reverse maps, with what an edit may take
    /// reserved, follow.
    fn edit(
        &mut self,
        mm: usize,
        edit: impl FnOnce(&mut VmaSet<Back>, &mut dyn FnMut(Edit<'_, Back>)),
    ) {
        self.rmap.reserve(ENTRIES_PER_EDIT).unwrap();
        let before = self.rmap.entries.len();
        let Self { mms, objects, rmap, .. } = self;
        edit(&mut mms[mm], &mut |edit| {
            let object = edit.vma().backing.object.map(|object| &mut objects[object]);
            rmap.follow(mm as u32, &edit, object);
        });
        assert!(self.rmap.entries.len() <= before + ENTRIES_PER_EDIT);
    }

    fn map(&mut self, mm: usize, range: PageRange, flags: VmFlags, object: Option<usize>) {
        self.unmap(mm, range);
        let pgoff = range.start().as_u32() + object.map_or(0, |object| object as u32 * 7);
        let vma = Vma::new(range, flags, pgoff, Back { object, chain: None });
        self.edit(mm, |set, mut report| _ = set.insert(vma, &mut report).unwrap());
    }

    fn unmap(&mut self, mm: usize, range: PageRange) {
        self.edit(mm, |set, mut report| set.unmap(range, &mut report).unwrap());
        self.anon.retain(|&(of, page, ..)| of != mm || !range.contains(Vpn::new(page)));
    }

    fn change(&mut self, mm: usize, range: PageRange, flags: VmFlags) {
        let mut at = range.start();
        while let Some((id, vma)) = self.mms[mm].find(at) {
            let Some(piece) = vma.range().intersection(range.above(at)) else { break };
            self.edit(mm, |set, mut report| {
                set.change(id, piece, flags, &mut report).unwrap();
            });
            at = piece.end();
        }
    }

    /// The first write to a private page.
    fn fault(&mut self, mm: usize, page: u32) {
        let Some((id, vma)) = self.mms[mm].containing(Vpn::new(page)) else { return };
        let (extent, index) = (vma.extent(), vma.index_of(Vpn::new(page)));
        let chain = vma.backing.chain.unwrap_or_else(|| {
            self.rmap.reserve_chain().unwrap();
            let shared = self.rmap.chain_to_share(&self.mms[mm], id);
            if let Some(chain) = shared {
                self.rmap.join_chain(chain, mm as u32, id, extent);
            }
            shared.unwrap_or_else(|| self.rmap.start_chain(mm as u32, id, extent))
        });
        self.mms[mm].get_mut(id).unwrap().backing.chain = Some(chain);
        self.anon.retain(|&(of, at, ..)| (of, at) != (mm, page));
        self.anon.insert((mm, page, chain, index));
    }

    fn relocate(&mut self, mm: usize, from: PageRange, to: PageRange) {
        let Some((_, vma)) = self.mms[mm].containing(from.start()) else { return };
        let Some(from) = from.intersection(vma.range()) else { return };
        if from.overlaps(to) || to.len() < from.len() {
            return;
        }
        self.unmap(mm, to);
        let Some((id, _)) = self.mms[mm].containing(from.start()) else { return };
        self.edit(mm, |set, mut report| _ = set.relocate(id, from, to, &mut report).unwrap());
        let moved: Vec<_> = self
            .anon
            .extract_if(.., |page| page.0 == mm && from.contains(Vpn::new(page.1)))
            .collect();
        self.anon.extend(moved.into_iter().map(|(mm, page, chain, index)| {
            (mm, page - from.start().as_u32() + to.start().as_u32(), chain, index)
        }));
    }

    fn exit(&mut self, mm: usize) {
        let Self { mms, objects, rmap, .. } = self;
        mms[mm].clear(|id, vma| {
            let object = vma.backing.object.map(|object| &mut objects[object]);
            rmap.follow(mm as u32, &Edit::Removed { id, vma }, object);
        });
        self.anon.retain(|page| page.0 != mm);
    }

    fn fork(&mut self, parent: usize, child: usize) {
        if parent == child {
            return;
        }
        self.exit(child);
        self.mms[child] = self.mms[parent].duplicate(|_, vma| vma.backing).unwrap();
        self.rmap.reserve(self.mms[child].len() * ENTRIES_PER_AREA).unwrap();
        for (id, vma) in self.mms[child].iter() {
            let Back { object, chain } = vma.backing;
            let object = object.map(|object| &mut self.objects[object]);
            self.rmap.add_area(child as u32, id, vma.extent(), chain, object);
        }
        let pages: Vec<_> = self.anon.iter().filter(|page| page.0 == parent).copied().collect();
        self.anon.extend(pages.into_iter().map(|page| (child, page.1, page.2, page.3)));
    }

    fn check(&self) {
        for &(mm, page, chain, index) in &self.anon {
            let found = self.rmap.anon_candidates(chain, index);
            let here = found.filter(|(member, at)| (member.mm, at.as_u32()) == (mm as u32, page));
            assert_eq!(here.count(), 1, "private page {page} of {mm}");
        }
        for (number, &object) in self.objects.iter().enumerate() {
            for index in 0..PAGES + 10 {
                let mut found: Vec<_> = self
                    .rmap
                    .candidates(object, index)
                    .map(|(member, page)| (member.mm, page))
                    .collect();
                found.sort();
                let mut expected = Vec::new();
                for (mm, set) in self.mms.iter().enumerate() {
                    let areas = set.iter().filter(|(_, vma)| vma.backing.object == Some(number));
                    for (_, vma) in areas {
                        let pages = vma.range().pages().filter(|&at| vma.index_of(at) == index);
                        expected.extend(pages.map(|page| (mm as u32, page)));
                    }
                }
                expected.sort();
                assert_eq!(found, expected, "page {index} of object {number}");
            }
        }
        let areas = || self.mms.iter().flat_map(|set| set.iter().map(|(_, vma)| vma.backing));
        let objects = areas().filter(|back| back.object.is_some()).count();
        let chains: Vec<_> = areas().filter_map(|back| back.chain).collect();
        let distinct = chains.iter().collect::<BTreeSet<_>>().len();
        let counts = ((objects + chains.len()) as u32, distinct as u32);
        assert_eq!(self.rmap.len(), counts, "entries and chains");
    }
}

#[test]
fn a_page_is_found_in_parent_and_child_after_all_kinds_of_edits() {
    let mut machine = Machine::default();
    machine.map(0, pages(10, 20), RW, None);
    machine.fault(0, 15);
    machine.fork(0, 1);
    machine.relocate(1, pages(12, 6), pages(80, 6));
    machine.change(0, pages(14, 4), R);
    machine.check();
    let &(.., chain, index) = machine.anon.first().unwrap();
    let mut found: Vec<_> = machine
        .rmap
        .anon_candidates(chain, index)
        .map(|(member, page)| (member.mm, page.as_u32()))
        .collect();
    found.sort();
    assert_eq!(found, [(0, 15), (1, 83)]);
}

#[test]
fn a_chain_outlives_the_area_that_began_it() {
    let mut machine = Machine::default();
    machine.map(0, pages(10, 10), RW, None);
    machine.map(0, pages(20, 10), R, None);
    machine.fault(0, 25);
    machine.change(0, pages(20, 10), RW);
    assert_eq!((machine.mms[0].len(), machine.rmap.len()), (1, (1, 1)));
    machine.check();
}

#[test]
fn neighbours_share_a_chain_while_it_is_short() {
    let mut machine = Machine::default();
    for n in 0..20 {
        machine.map(0, pages(n * 2, 2), if n % 2 == 0 { R } else { RW }, None);
        machine.fault(0, n * 2);
    }
    assert_eq!(machine.rmap.len(), (20, 3));
    machine.change(0, pages(0, 40), R);
    assert_eq!(machine.mms[0].len(), 3);
    machine.check();
}

#[test]
fn ranges_are_cut_to_what_was_asked_for() {
    let mut machine = Machine::default();
    machine.map(0, pages(50, 10), R, Some(0));
    machine.map(1, pages(20, 10), R, Some(0));
    let tail = Interval { first: 55, last: u32::MAX };
    let ranges: Vec<_> = machine.rmap.ranges(machine.objects[0], tail).collect();
    assert_eq!(ranges.len(), 1);
    assert_eq!((ranges[0].0.mm, ranges[0].1), (0, pages(55, 5)));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]
    #[test]
    fn every_place_of_every_page_is_found(
        steps in prop::collection::vec((0..9u32, 0..MMS, 0..11u32, 1..4u32, 0..11u32), 1..60),
    ) {
        let mut machine = Machine::default();
        for (kind, mm, at, len, other) in steps {
            let range = pages(at * 10, len * 10);
            match kind {
                0 => machine.map(mm, range, RW, None),
                1 => machine.map(mm, range, R, Some(other as usize % OBJECTS)),
                2 => machine.map(mm, range, RW, Some(other as usize % OBJECTS)),
                3 => machine.unmap(mm, pages(at * 10 + 5, len * 10)),
                4 => machine.change(mm, range, if other % 2 == 0 { R } else { RW }),
                5 | 6 => machine.fault(mm, at * 10 + other),
                7 => machine.relocate(mm, range, pages(other * 10, len * 10)),
                _ => machine.fork(mm, other as usize % MMS),
            }
            machine.check();
        }
        (0..MMS).for_each(|mm| machine.exit(mm));
        prop_assert!(machine.rmap.is_empty());
        prop_assert!(machine.objects.iter().all(|object| object.is_empty()));
    }
}
