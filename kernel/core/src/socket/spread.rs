//! What can be reached in a graph.

use abi::errno::Errno;
use alloc::vec::Vec;

/// Spreads along the edges, each from one place of `reached` to another, what can be reached. Sorts the
/// edges. ENOMEM.
pub fn spread(reached: &mut [bool], edges: &mut [(u32, u32)]) -> Result<(), Errno> {
    edges.sort_unstable();
    let mut todo = Vec::new();
    todo.try_reserve_exact(reached.len()).map_err(|_| Errno::ENOMEM)?;
    todo.extend((0u32..).zip(reached.iter()).filter(|(_, reached)| **reached).map(|(at, _)| at));
    while let Some(from) = todo.pop() {
        let first = edges.partition_point(|edge| edge.0 < from);
        let leaving = edges.iter().skip(first).take_while(|edge| edge.0 == from);
        for (_, to) in leaving {
            if let Some(place) = reached.get_mut(*to as usize)
                && !core::mem::replace(place, true)
            {
                // Each comes here once.
                todo.push(*to);
            }
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::vec;

    #[test]
    fn a_cycle_is_reached_from_outside_or_not_at_all() {
        let mut edges = [(1, 2), (2, 1), (0, 3), (3, 3)];
        let mut reached = vec![true, false, false, false];
        assert_eq!(spread(&mut reached, &mut edges), Ok(()));
        assert_eq!(reached, [true, false, false, true]);
        let mut reached = vec![false, false, true, false];
        assert_eq!(spread(&mut reached, &mut edges), Ok(()));
        assert_eq!(reached, [false, true, true, false]);
    }

    proptest! {
        #[test]
        fn it_is_what_steps_lead_to(
            start in prop::collection::vec(any::<bool>(), 1..20),
            edges in prop::collection::vec((0..20u32, 0..20u32), 0..40),
        ) {
            let mut model = start.clone();
            for _ in 0..start.len() {
                for (from, to) in &edges {
                    let (from, to) = (*from as usize, *to as usize);
                    if from < model.len() && to < model.len() && model[from] {
                        model[to] = true;
                    }
                }
            }
            let (mut reached, mut edges) = (start, edges);
            prop_assert_eq!(spread(&mut reached, &mut edges), Ok(()));
            prop_assert_eq!(reached, model);
        }
    }
}
