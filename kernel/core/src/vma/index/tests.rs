use super::*;
use crate::arena::NIL;
use proptest::prelude::*;
use std::collections::BTreeMap;

#[derive(Clone, Debug)]
enum Step {
    Insert(u32, u32),
    Remove(prop::sample::Index),
    Gap(prop::sample::Index, u32),
    Move(prop::sample::Index, u32),
    Ask(u32, u32),
}

fn step() -> impl Strategy<Value = Step> {
    let any = any::<prop::sample::Index>;
    prop_oneof![
        6 => (0..60u32, 0..50u32).prop_map(|(start, gap)| Step::Insert(start, gap)),
        4 => any().prop_map(Step::Remove),
        2 => (any(), 0..50u32).prop_map(|(nth, gap)| Step::Gap(nth, gap)),
        1 => (any(), 0..100u32).prop_map(|(nth, part)| Step::Move(nth, part)),
        3 => (0..1000u32, 0..50u32).prop_map(|(at, pages)| Step::Ask(at * 10, pages)),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]
    #[test]
    fn an_index_is_a_map_from_starts(steps in prop::collection::vec(step(), 1..300)) {
        // Small nodes make a high tree of few areas.
        let mut index = Index::<8>::new();
        let mut model: BTreeMap<u32, (u32, u32)> = BTreeMap::new();
        for (step, id) in steps.into_iter().zip(0..) {
            match step {
                Step::Insert(start, gap) if !model.contains_key(&(start * 100)) => {
                    let start = start * 100;
                    let path = index.seek(start);
                    index.reserve(&path, 1).unwrap();
                    let above = model.range_mut(start..).next();
                    let above = above.map(|(start, (_, gap))| {
                        *gap /= 2;
                        Above { start: *start, gap: *gap }
                    });
                    index.insert(&path, Entry { start, id, gap }, above);
                    model.insert(start, (id, gap));
                }
                Step::Remove(nth) if !model.is_empty() => {
                    let start = *nth.get(&model.keys().copied().collect::<std::vec::Vec<_>>());
                    model.remove(&start);
                    let above = model.range_mut(start..).next();
                    let above = above.map(|(start, (_, gap))| {
                        *gap += 7;
                        Above { start: *start, gap: *gap }
                    });
                    index.remove(&index.seek(start), above);
                }
                Step::Gap(nth, gap) if !model.is_empty() => {
                    let start = *nth.get(&model.keys().copied().collect::<std::vec::Vec<_>>());
                    model.get_mut(&start).unwrap().1 = gap;
                    index.set_gap(start, gap);
                }
                Step::Move(nth, part) if !model.is_empty() => {
                    let start = *nth.get(&model.keys().copied().collect::<std::vec::Vec<_>>());
                    // Anywhere between the neighbours.
                    let low = model.range(..start).next_back().map_or(0, |(low, _)| low + 1);
                    let high = model.range(start + 1..).next().map_or(20_000, |(high, _)| *high);
                    let to = low + (high - 1 - low) * part / 100;
                    let (id, gap) = model.remove(&start).unwrap();
                    index.change(start, to, gap + 1);
                    model.insert(to, (id, gap + 1));
                }
                Step::Ask(at, pages) => {
                    let path = index.seek(at);
                    let found = model.range(..=at).next_back().map(|(_, (id, _))| *id);
                    let next = model.range(at..).next().map(|(_, (id, _))| *id);
                    prop_assert_eq!(index.find(at), found.or(next).unwrap_or(NIL));
                    match path.area {
                        Ok(id) => prop_assert_eq!(Some(id), found),
                        Err(id) => prop_assert_eq!((Some(id), None), (next.or(Some(NIL)), found)),
                    }
                    let fits = |(_, (id, gap)): (&u32, &(u32, u32))| (*gap >= pages).then_some(*id);
                    let below = model.range(..=at).rev().find_map(fits);
                    prop_assert_eq!(index.gap_below(&path, pages), below);
                    let above = model.range(at + 1..).find_map(fits);
                    prop_assert_eq!(index.gap_above(&path, pages), above);
                }
                _ => {}
            }
            let mut seen = BTreeMap::new();
            index.check(|entry| _ = seen.insert(entry.start, (entry.id, entry.gap)));
            prop_assert_eq!(&seen, &model);
        }
    }
}

#[test]
fn pushing_many_keeps_the_tree_low() {
    let mut index = Index::<FANOUT>::new();
    for n in 0..70_000 {
        index.push(Entry { start: n * 2, id: n, gap: n % 7 }).unwrap();
    }
    let mut count = 0;
    index.check(|entry| {
        assert_eq!(entry.id, count);
        count += 1;
    });
    assert_eq!((count, index.height), (70_000, 4));
}
