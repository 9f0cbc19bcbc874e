use super::*;
use proptest::prelude::*;
use std::collections::BTreeMap;
use std::vec::Vec;

#[test]
fn an_object_of_one_page_has_no_node() {
    let (mut nodes, mut tree) = (Nodes::new(), PageIndex::new());
    assert_eq!(tree.get(&nodes, 0), None);
    assert_eq!(tree.insert(&mut nodes, 0, 7), Ok(None));
    assert_eq!((tree.get(&nodes, 0), tree.get(&nodes, 1), nodes.in_use()), (Some(7), None, 0));
    assert_eq!(tree.insert(&mut nodes, 0, 8), Ok(Some(7)));
    assert_eq!((tree.remove(&mut nodes, 0), tree.len()), (Some(8), 0));
}

#[test]
fn the_tree_grows_to_the_last_offset_and_falls_back() {
    let (mut nodes, mut tree) = (Nodes::new(), PageIndex::new());
    tree.insert(&mut nodes, 0, 1).unwrap();
    tree.insert(&mut nodes, u32::MAX, 2).unwrap();
    // One path of six, and the five levels below the top for offset 0.
    assert_eq!((tree.height, nodes.in_use()), (6, 11));
    assert_eq!(tree.next(&nodes, 1), Some((u32::MAX, 2)));
    assert!(tree.range(&nodes, 0, u32::MAX).eq([(0, 1)]));
    assert_eq!(tree.remove(&mut nodes, u32::MAX), Some(2));
    assert_eq!((tree.height, nodes.in_use(), tree.get(&nodes, 0)), (0, 0, Some(1)));
}

#[test]
fn a_tree_that_begins_high_has_only_the_path() {
    let (mut nodes, mut tree) = (Nodes::new(), PageIndex::new());
    tree.insert(&mut nodes, 5000, 1).unwrap();
    assert_eq!((tree.height, nodes.in_use()), (3, 3));
    assert_eq!((tree.remove(&mut nodes, 5001), tree.remove(&mut nodes, 1 << 30)), (None, None));
    assert_eq!(tree.next(&nodes, 5001), None);
}

#[test]
fn unused_frames_go_back_and_low_nodes_come_first() {
    let (mut nodes, mut tree) = (Nodes::new(), PageIndex::new());
    for offset in (0..64 * 64).step_by(64) {
        tree.insert(&mut nodes, offset, offset).unwrap();
    }
    let frames = nodes.frames();
    assert!(frames >= 5);
    assert!(!tree.truncate(&mut nodes, 64, u32::MAX, |_, _| {}));
    nodes.shrink();
    assert_eq!((nodes.frames(), nodes.in_use()), (0, 0));
    assert_eq!(tree.get(&nodes, 0), Some(0));
}

#[test]
fn truncation_goes_in_steps() {
    let (mut nodes, mut tree) = (Nodes::new(), PageIndex::new());
    (0..200).for_each(|offset| assert_eq!(tree.insert(&mut nodes, offset, offset), Ok(None)));
    let mut removed = Vec::new();
    assert!(tree.truncate(&mut nodes, 100, 60, |index, _| removed.push(index)));
    assert!(!tree.truncate(&mut nodes, 100, 60, |index, _| removed.push(index)));
    assert!(removed.into_iter().eq(100..200));
    assert_eq!((tree.len(), tree.first_absent(&nodes, 0, 300)), (100, Some(100)));
}

#[derive(Clone, Debug)]
enum Step {
    Insert(u32, u32),
    Replace(u32, u32),
    Remove(u32),
    Next(u32),
    Truncate(u32, u32),
    Shrink,
}

/// Offsets of all sizes, often near each other.
fn offset() -> impl Strategy<Value = u32> {
    prop_oneof![
        4 => 0u32..200,
        2 => (0u32..200).prop_map(|low| 4096 * 64 - 100 + low),
        1 => (0u32..200).prop_map(|low| u32::MAX - low),
        1 => any::<u32>(),
    ]
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        6 => (offset(), 0..=PageIndex::MAX_VALUE).prop_map(|(at, value)| Step::Insert(at, value)),
        2 => (offset(), 0..1000u32).prop_map(|(at, value)| Step::Replace(at, value)),
        4 => offset().prop_map(Step::Remove),
        3 => offset().prop_map(Step::Next),
        1 => (offset(), 0u32..8).prop_map(|(at, limit)| Step::Truncate(at, limit)),
        1 => Just(Step::Shrink),
    ]
}

/// Nodes a tree over these offsets needs.
fn nodes_needed(model: &BTreeMap<u32, u32>) -> u32 {
    let Some((&last, _)) = model.last_key_value() else { return 0 };
    let height = (32 - last.leading_zeros()).div_ceil(BITS);
    let at_level = |level: u32| {
        let shift = level * BITS;
        let mut prefixes: Vec<u32> =
            model.keys().map(|&index| if shift < 32 { index >> shift } else { 0 }).collect();
        prefixes.dedup();
        prefixes.len() as u32
    };
    (1..=height).map(at_level).sum()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    #[test]
    fn agrees_with_a_map(steps in prop::collection::vec((any::<bool>(), step()), 1..80)) {
        let mut nodes = Nodes::new();
        let mut trees = [PageIndex::new(), PageIndex::new()];
        let mut models = [BTreeMap::new(), BTreeMap::new()];
        for (which, step) in steps {
            let (tree, model) = (&mut trees[usize::from(which)], &mut models[usize::from(which)]);
            match step {
                Step::Insert(at, value) => {
                    prop_assert_eq!(tree.insert(&mut nodes, at, value), Ok(model.insert(at, value)));
                }
                Step::Replace(at, value) => {
                    let old = model.get_mut(&at).map(|entry| core::mem::replace(entry, value));
                    prop_assert_eq!(tree.replace(&mut nodes, at, value), old);
                }
                Step::Remove(at) => {
                    prop_assert_eq!(tree.remove(&mut nodes, at), model.remove(&at));
                }
                Step::Next(at) => {
                    let next = model.range(at..).next().map(|(&index, &value)| (index, value));
                    prop_assert_eq!(tree.next(&nodes, at), next);
                    prop_assert_eq!(tree.get(&nodes, at), model.get(&at).copied());
                    let end = at.saturating_add(30);
                    let absent = (at..end).find(|index| !model.contains_key(index));
                    prop_assert_eq!(tree.first_absent(&nodes, at, end), absent);
                }
                Step::Truncate(at, limit) => {
                    let keys: Vec<u32> = model.range(at..).map(|(&index, _)| index).collect();
                    let mut removed = Vec::new();
                    let more = tree.truncate(&mut nodes, at, limit, |index, value| {
                        removed.push((index, value));
                    });
                    prop_assert_eq!(more, keys.len() > limit as usize);
                    for (&key, &(index, value)) in keys.iter().zip(&removed) {
                        prop_assert_eq!((key, model.remove(&key)), (index, Some(value)));
                    }
                    prop_assert_eq!(removed.len(), keys.len().min(limit as usize));
                }
                Step::Shrink => nodes.shrink(),
            }
            prop_assert_eq!(tree.len() as usize, model.len());
            let needed = models.iter().map(nodes_needed).sum::<u32>();
            prop_assert_eq!(nodes.in_use(), needed);
        }
        for (tree, model) in trees.iter_mut().zip(&models) {
            let entries = model.iter().map(|(&index, &value)| (index, value));
            prop_assert!(tree.range(&nodes, 0, u32::MAX).eq(entries.filter(|e| e.0 != u32::MAX)));
            let more = tree.truncate(&mut nodes, 0, u32::MAX, |_, _| {});
            prop_assert!(!more);
        }
        nodes.shrink();
        prop_assert_eq!((nodes.in_use(), nodes.frames()), (0, 0));
    }
}
