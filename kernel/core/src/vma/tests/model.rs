//! Random edits of a set, against an array of pages.

use super::*;

const FLAGS: [VmFlags; 6] =
    [R, RW, RW, STACK, RW.union(VmFlags::ACCOUNT), R.union(VmFlags::LOCKED)];
const PAGES: u32 = 1200;

#[derive(Clone, Copy, PartialEq, Debug)]
struct PageModel {
    flags: VmFlags,
    object: Option<u32>,
    index: Option<u32>,
    /// Of its private page.
    home: Option<u32>,
}

#[derive(Clone, Debug)]
enum Step {
    Map { at: u32, len: u32, flags: VmFlags, object: Option<u32>, pgoff: u32 },
    Unmap { at: u32, len: u32 },
    Change { at: u32, len: u32, flags: VmFlags },
    Fault { at: u32 },
    Move { at: u32, len: u32, more: u32, to: u32 },
    GrowDown { at: u32, by: u32 },
    GrowUp { at: u32, by: u32 },
    Split { at: u32 },
    Place { pages: u32, low: u32, high: u32 },
}

fn steps() -> impl Strategy<Value = Step> {
    // Few distinct numbers, so that edges meet.
    let at = (0..PAGES / 10 - 4).prop_map(|n| n * 10);
    let len = prop_oneof![(1..4u32).prop_map(|n| n * 10), 1..40u32];
    let flags = prop::sample::select(FLAGS.as_slice());
    let any = (at.clone(), len.clone(), flags.clone());
    prop_oneof![
        4 => (any.clone(), prop::option::of(0..2u32), 0..3u32).prop_map(
            |((at, len, flags), object, skew)| {
                Step::Map { at, len, flags, object, pgoff: at + skew * 10 }
            }
        ),
        2 => any.clone().prop_map(|(at, len, _)| Step::Unmap { at, len }),
        4 => any.clone().prop_map(|(at, len, flags)| Step::Change { at, len, flags }),
        2 => at.clone().prop_map(|at| Step::Fault { at }),
        2 => (any, 0..20u32, at.clone())
            .prop_map(|((at, len, _), more, to)| Step::Move { at, len, more, to }),
        1 => (at.clone(), 1..30u32).prop_map(|(at, by)| Step::GrowDown { at, by }),
        1 => (at.clone(), 1..30u32).prop_map(|(at, by)| Step::GrowUp { at, by }),
        1 => (0..PAGES).prop_map(|at| Step::Split { at }),
        2 => (1..200u32, 0..PAGES, 0..PAGES)
            .prop_map(|(pages, low, high)| Step::Place { pages, low, high }),
    ]
}

struct Model(Vec<Option<PageModel>>);

impl Model {
    fn pages(&mut self, range: PageRange) -> &mut [Option<PageModel>] {
        &mut self.0[range.start().as_u32() as usize..range.end().as_u32() as usize]
    }

    fn is_clear(&self, range: PageRange) -> bool {
        range.pages().all(|page| self.0[page.as_u32() as usize].is_none())
    }

    /// Whether a new mapping may use the page: free and not in a guard gap.
    fn usable(&self, page: u32) -> bool {
        let above = &self.0[page as usize..];
        let near = above.iter().position(|page| page.is_some());
        match near {
            None => true,
            Some(0) => false,
            Some(n) => {
                let stack = above[n].unwrap().flags.contains(VmFlags::GROWSDOWN);
                !stack || n as u32 > STACK_GUARD_GAP
            }
        }
    }

    fn fits(&self, start: u32, pages: u32) -> bool {
        (start..start + pages).all(|page| self.usable(page))
    }

    fn compare(&self, set: &VmaSet<Back>) {
        for (n, model) in self.0.iter().enumerate() {
            let page = Vpn::new(n as u32);
            let Some(model) = model else {
                assert!(set.containing(page).is_none(), "{page:?}");
                continue;
            };
            let (_, vma) = set.containing(page).unwrap();
            assert_eq!((vma.flags(), vma.backing.0), (model.flags, model.object));
            if let Some(index) = model.index {
                assert_eq!(vma.index_of(page), index, "{page:?}");
            }
            if let Some(home) = model.home {
                assert!(vma.has_private(), "{page:?}");
                assert_eq!(vma.home_of(page), home, "{page:?}");
            }
        }
    }
}

fn run(step: Step, areas: &mut Watched, model: &mut Model) {
    let clip = |at: u32, len: u32| range(at, (at + len).min(PAGES));
    match step {
        Step::Map { at, len, flags, object, pgoff } => {
            let pgoff = if object.is_some() { pgoff } else { at };
            let to = clip(at, len);
            areas.unmap(to).unwrap();
            areas.insert(Vma::new(to, flags, pgoff, Back(object)));
            for (slot, n) in model.pages(to).iter_mut().zip(0..) {
                *slot = Some(PageModel { flags, object, index: Some(pgoff + n), home: None });
            }
        }
        Step::Unmap { at, len } => {
            areas.unmap(clip(at, len)).unwrap();
            model.pages(clip(at, len)).fill(None);
        }
        Step::Change { at, len, flags } => {
            areas.change(clip(at, len), flags);
            for page in model.pages(clip(at, len)).iter_mut().flatten() {
                page.flags = flags;
            }
        }
        Step::Fault { at } => {
            if let Some((_, vma)) = areas.set.containing(Vpn::new(at)) {
                vma.note_private();
                model.0[at as usize].as_mut().unwrap().home = Some(vma.home_of(Vpn::new(at)));
            }
        }
        Step::Move { at, len, more, to } => {
            let Some((_, vma)) = areas.set.containing(Vpn::new(at)) else { return };
            let (flags, object) = (vma.flags(), vma.backing.0);
            let from = clip(at, len).intersection(vma.range()).unwrap();
            let to = clip(to, from.len() + more);
            if to.len() < from.len() || from.overlaps(to) {
                return;
            }
            areas.unmap(to).unwrap();
            let pgoff = areas.set.containing(from.start()).unwrap().1.moved(from, to).pgoff();
            areas.relocate(from, to);
            model.pages(to).fill(None);
            let pages = model.pages(from).to_vec();
            model.pages(from).fill(None);
            for (n, slot) in model.pages(to).iter_mut().enumerate() {
                let home = pages.get(n).copied().flatten().and_then(|page| page.home);
                *slot = Some(PageModel { flags, object, index: Some(pgoff + n as u32), home });
            }
        }
        Step::GrowDown { at, by } => {
            let Some((_, vma)) = areas.set.containing(Vpn::new(at)) else { return };
            let (start, old) = (vma.start().as_u32().saturating_sub(by), vma.extent());
            let grown = range(start, old.range.start().as_u32());
            if !model.is_clear(grown) {
                return;
            }
            let object = vma.backing.0;
            areas.grow_down(at, start);
            for (n, slot) in model.pages(grown).iter_mut().rev().enumerate() {
                let index = Some(old.pgoff.wrapping_sub(n as u32 + 1));
                *slot = Some(PageModel { flags: old.flags, object, index, home: None });
            }
        }
        Step::GrowUp { at, by } => {
            let Some((_, vma)) = areas.set.containing(Vpn::new(at)) else { return };
            let (end, flags, object) = (vma.end().as_u32(), vma.flags(), vma.backing.0);
            let pgoff = vma.index_of(vma.end());
            let grown = clip(end, by);
            if !model.is_clear(grown) {
                return;
            }
            areas.grow_up(at, grown.end().as_u32());
            for (n, slot) in model.pages(grown).iter_mut().enumerate() {
                let index = Some(pgoff.wrapping_add(n as u32));
                *slot = Some(PageModel { flags, object, index, home: None });
            }
        }
        Step::Split { at } => areas.split_at(at),
        Step::Place { pages, low, high } => {
            let (from, to) = (Vpn::new(low), Vpn::new(high));
            let starts = || low..(high + 1).saturating_sub(pages).max(low);
            let highest = starts().rev().find(|&start| model.fits(start, pages));
            let lowest = starts().find(|&start| model.fits(start, pages));
            let at = |start: Option<u32>| start.map(|start| range(start, start + pages));
            assert_eq!(areas.set.highest_gap(pages, from, to), at(highest));
            assert_eq!(areas.set.lowest_gap(pages, from, to), at(lowest));
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]
    #[test]
    fn a_set_of_areas_is_an_array_of_pages(steps in prop::collection::vec(steps(), 1..60)) {
        let mut areas = Watched::default();
        let mut model = Model(std::vec![None; PAGES as usize]);
        for step in steps {
            run(step, &mut areas, &mut model);
            model.compare(&areas.set);
        }
        let child = areas.set.duplicate().unwrap();
        child.check();
        let mut last = Vpn::new(0);
        areas.set.clear(|id, vma| {
            assert!(last <= vma.start());
            last = vma.end();
            assert_eq!(areas.mirror.remove(&id), Some(known(&vma)));
        });
        prop_assert!(areas.mirror.is_empty());
        areas.set.check();
    }
}
