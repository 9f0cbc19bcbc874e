use super::*;
use proptest::prelude::*;
use std::vec::Vec;

fn mapping(space: u32, area: u32, first: u32, len: u32) -> Mapping {
    Mapping { space, area, start: Vpn::new(1000 * area + first), first, last: first + len - 1 }
}

fn found(map: &ReverseMap, first: u32, last: u32) -> Vec<(u32, u32)> {
    let mut found = Vec::new();
    map.for_each(first, last, |mapping| found.push((mapping.space, mapping.area)));
    found.sort_unstable();
    found
}

#[test]
fn few_mappings_need_no_memory() {
    let mut map = ReverseMap::new();
    map.reserve(3).unwrap();
    map.insert(mapping(1, 1, 10, 5));
    map.insert(mapping(2, 1, 10, 5));
    map.insert(mapping(1, 2, 20, 5));
    assert_eq!(map.arena.chunks(), 0);
    assert_eq!(found(&map, 14, 19), [(1, 1), (2, 1)]);
    assert!(map.change(10, mapping(1, 1, 12, 3)));
    assert_eq!(found(&map, 0, 11), [(2, 1)]);
    assert!(!map.remove(1, 1, 10));
    assert!(map.remove(1, 1, 12) && map.remove(2, 1, 10));
    map.reserve(2).unwrap();
    assert_eq!(map.arena.chunks(), 0);
    assert!(map.remove(1, 2, 20));
    assert!(map.is_empty());
}

#[test]
fn what_was_reserved_and_not_needed_is_given_back() {
    let mut map = ReverseMap::new();
    map.reserve(5).unwrap();
    assert_eq!(map.arena.chunks(), 2);
    (1..=3).for_each(|area| map.insert(mapping(1, area, 10 * area, 5)));
    map.shrink();
    assert_eq!((map.len(), map.arena.chunks()), (3, 0));
    map.reserve(2).unwrap();
    map.insert(mapping(1, 4, 40, 5));
    map.shrink();
    assert_eq!(found(&map, 0, 99), [(1, 1), (1, 2), (1, 3), (1, 4)]);
}

#[test]
fn few_mappings_keep_no_room() {
    let mut map = ReverseMap::new();
    for area in 1..=3 {
        map.reserve(MOST_ADDED).unwrap();
        map.insert(mapping(1, area, 10 * area, 5));
    }
    assert_eq!((map.arena.len(), map.arena.chunks()), (0, 1));
    assert!(map.remove(1, 1, 10));
    assert_eq!(map.arena.chunks(), 1, "an edit that adds two may be under way");
    assert!(map.remove(1, 2, 20));
    assert_eq!(map.arena.chunks(), 0);
    (4..=5).for_each(|area| map.insert(mapping(1, area, 10 * area, 5)));
    assert_eq!(map.len(), 3);
}

#[test]
fn pages_of_a_mapping_are_where_the_area_is() {
    let mapping = Mapping { space: 1, area: 1, start: Vpn::new(100), first: 10, last: 19 };
    let range = |start, len| PageRange::with_len(Vpn::new(start), len).unwrap();
    assert_eq!(mapping.pages(0, u32::MAX), range(100, 10));
    assert_eq!(mapping.pages(12, 13), range(102, 2));
    assert!(mapping.pages(20, 30).is_empty());
}

#[derive(Clone, Debug)]
enum Step {
    Insert(u32, u32, u32),
    Remove(prop::sample::Index),
    Change(prop::sample::Index, u32, u32),
    Ask(u32, u32),
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        3 => (0u32..4, 0u32..60, 1u32..20).prop_map(|(s, f, l)| Step::Insert(s, f, l)),
        2 => any::<prop::sample::Index>().prop_map(Step::Remove),
        2 => (any::<prop::sample::Index>(), 0u32..60, 1u32..20)
            .prop_map(|(i, f, l)| Step::Change(i, f, l)),
        3 => (0u32..80, 0u32..20).prop_map(|(f, l)| Step::Ask(f, f + l)),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    #[test]
    fn the_map_finds_what_a_list_finds(steps in prop::collection::vec(step(), 1..120)) {
        let mut map = ReverseMap::new();
        let mut list: Vec<Mapping> = Vec::new();
        let mut next_area = 0;
        for step in steps {
            match step {
                Step::Insert(space, first, len) => {
                    next_area += 1;
                    let new = mapping(space, next_area, first, len);
                    map.reserve(1).unwrap();
                    map.insert(new);
                    list.push(new);
                }
                Step::Remove(index) if !list.is_empty() => {
                    let old = list.swap_remove(index.index(list.len()));
                    prop_assert!(map.remove(old.space, old.area, old.first));
                    prop_assert!(!map.remove(old.space, old.area, old.first));
                }
                Step::Change(index, first, len) if !list.is_empty() => {
                    let at = index.index(list.len());
                    let new = mapping(list[at].space, list[at].area, first, len);
                    prop_assert!(map.change(list[at].first, new));
                    list[at] = new;
                }
                Step::Ask(first, last) => {
                    let mut expected: Vec<_> = list
                        .iter()
                        .filter(|mapping| mapping.overlaps(first, last))
                        .map(|mapping| (mapping.space, mapping.area))
                        .collect();
                    expected.sort_unstable();
                    prop_assert_eq!(found(&map, first, last), expected.clone());
                    let mut stepped = Vec::new();
                    let mut after = None;
                    while let Some(mapping) = map.next(after, first, last) {
                        prop_assert!(after.is_none_or(|after| after < mapping.key()));
                        after = Some(mapping.key());
                        stepped.push((mapping.space, mapping.area));
                    }
                    stepped.sort_unstable();
                    prop_assert_eq!(stepped, expected);
                }
                _ => {}
            }
            prop_assert_eq!(map.len() as usize, list.len());
            avl::check(&map.arena, map.tree);
        }
    }
}
