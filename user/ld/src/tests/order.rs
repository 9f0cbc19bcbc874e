use crate::{Cycle, Range, StaticTls, TlsImage, initialisation_order, used};
use proptest::collection;
use proptest::prelude::*;
use std::vec;
use std::vec::Vec;

#[test]
fn a_cycle_is_named() {
    let needed = [vec![1], vec![2], vec![3], vec![1]];
    let order = initialisation_order(0, 4, |object| &needed[object]);
    assert_eq!(order, Err(Cycle(vec![1, 2, 3])));
    let itself = [vec![0]];
    assert_eq!(initialisation_order(0, 1, |object| &itself[object]), Err(Cycle(vec![0])));
}

#[test]
fn what_is_named_first_comes_first() {
    let needed = [vec![2, 1], vec![3], vec![3], vec![]];
    assert_eq!(initialisation_order(0, 4, |object| &needed[object]), Ok(vec![3, 2, 1, 0]));
}

#[test]
fn those_who_only_keep_each_other_are_not_used() {
    let kept = [vec![1], vec![], vec![3], vec![2, 1], vec![4]];
    let used = |roots: &[usize]| used(roots.iter().copied(), 5, |object| kept[object].iter());
    assert_eq!(used(&[0]), [true, true, false, false, false]);
    assert_eq!(used(&[0, 3]), [true, true, true, true, false]);
    assert_eq!(used(&[]), [false; 5]);
}

fn reaches(needed: &[Vec<usize>], from: usize, to: usize) -> bool {
    let mut seen = vec![false; needed.len()];
    let mut todo = needed[from].clone();
    while let Some(next) = todo.pop() {
        if next == to {
            return true;
        }
        if !std::mem::replace(&mut seen[next], true) {
            todo.extend(&needed[next]);
        }
    }
    false
}

proptest! {
    #[test]
    fn everything_needed_comes_before(needed in collection::vec(collection::vec(0usize..12, 0..4), 12), sparse in any::<bool>()) {
        let needed: Vec<Vec<usize>> = needed.into_iter().enumerate().map(|(object, needed)| {
            // Half of the cases cannot have cycles.
            needed.into_iter().filter(|other| !sparse || *other > object).collect()
        }).collect();
        let below: Vec<usize> =
            (0..12).filter(|object| *object == 0 || reaches(&needed, 0, *object)).collect();
        let has_cycle = below.iter().any(|object| reaches(&needed, *object, *object));
        match initialisation_order(0, 12, |object| &needed[object]) {
            Ok(order) => {
                prop_assert!(!has_cycle);
                let mut sorted = order.clone();
                sorted.sort_unstable();
                prop_assert_eq!(sorted, below);
                let place = |object| order.iter().position(|other| *other == object).unwrap();
                for object in &order {
                    prop_assert!(needed[*object].iter().all(|other| place(*other) < place(*object)));
                }
            }
            Err(Cycle(members)) => {
                let next = members.iter().cycle().skip(1);
                prop_assert!(members.iter().zip(next).all(|(one, other)| needed[*one].contains(other)));
            }
        }
    }

    #[test]
    fn used_is_what_can_be_reached(kept in collection::vec(collection::vec(0usize..12, 0..3), 12), root in 0usize..12) {
        let expected: Vec<bool> =
            (0..12).map(|object| object == root || reaches(&kept, root, object)).collect();
        prop_assert_eq!(used([root].into_iter(), 12, |object| kept[object].iter()), expected);
    }

    #[test]
    fn thread_local_memory_is_aligned_and_apart(images in collection::vec((0u32..200, 0u32..8), 0..10)) {
        let mut block = StaticTls::new();
        let mut places: Vec<(u32, u32)> = vec![];
        for (len, shift) in images {
            let align = 1 << shift;
            let image = TlsImage { initial: Range { start: 0, len: 0 }, len, align };
            let offset = block.place(&image).unwrap();
            prop_assert!(offset >= len && offset.is_multiple_of(align));
            prop_assert!(offset <= block.len && block.align >= align);
            // What begins so far below the thread pointer ends before the former one begins.
            prop_assert!(places.iter().all(|(other, _)| offset - len >= *other));
            places.push((offset, len));
        }
    }
}
