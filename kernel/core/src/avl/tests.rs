use super::check::subtree;
use super::*;
use proptest::prelude::*;
use std::vec::Vec;

struct Number {
    links: Links,
    value: u32,
}

impl Node for Number {
    fn links(&self) -> &Links {
        &self.links
    }

    fn links_mut(&mut self) -> &mut Links {
        &mut self.links
    }
}

#[derive(Default)]
struct Numbers {
    arena: Arena<Number, 8>,
    tree: Tree,
}

impl Numbers {
    fn insert(&mut self, value: u32, weight: u32) {
        let (mut parent, mut side, mut id) = (NIL, Left, self.tree.root());
        while id != NIL {
            parent = id;
            side = if value < self.arena[id].value { Left } else { Right };
            id = self.arena[id].links.child(side);
        }
        self.arena.reserve(1).unwrap();
        let id = self.arena.insert(Number { links: Links::new(weight), value });
        self.tree.insert(&mut self.arena, (parent, side), id, NIL);
    }

    fn nth(&self, nth: usize) -> u32 {
        let first = self.tree.first(&self.arena);
        (0..nth).fold(first, |id, _| self.tree.next(&self.arena, id))
    }

    fn remove(&mut self, nth: usize) -> (u32, u32) {
        let id = self.nth(nth);
        self.tree.remove(&mut self.arena, id, NIL);
        let node = self.arena.remove(id).unwrap();
        (node.value, node.links.weight)
    }

    fn weigh(&mut self, nth: usize, weight: u32) {
        let id = self.nth(nth);
        self.arena[id].links.weigh(weight);
        self.tree.spread(&mut self.arena, id);
    }

    fn check(&self) -> Vec<(u32, u32)> {
        assert_eq!(check(&self.arena, self.tree), self.arena.len());
        let mut values = Vec::new();
        let mut id = self.tree.first(&self.arena);
        while id != NIL {
            values.push((self.arena[id].value, self.arena[id].links.weight));
            id = self.tree.next(&self.arena, id);
        }
        values
    }
}

#[test]
fn sorted_insertion_stays_low() {
    let mut numbers = Numbers::default();
    (0..1000).for_each(|value| numbers.insert(value, 0));
    assert_eq!(numbers.check().len(), 1000);
    assert_eq!(subtree(&numbers.arena, numbers.tree.root(), NIL).0, 10);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]
    #[test]
    fn a_tree_is_a_sorted_list(
        steps in prop::collection::vec((0..7u32, 0..1000u32, 0..20u32), 1..150),
    ) {
        let (mut numbers, mut model) = (Numbers::default(), Vec::new());
        for (kind, value, weight) in steps {
            let nth = value as usize % model.len().max(1);
            if kind < 4 || model.is_empty() {
                numbers.insert(value, weight);
                let at = model.partition_point(|&(other, _)| other <= value);
                model.insert(at, (value, weight));
            } else if kind == 4 {
                numbers.weigh(nth, weight);
                model[nth].1 = weight;
            } else {
                prop_assert_eq!(numbers.remove(nth), model.remove(nth));
            }
            prop_assert_eq!(&numbers.check(), &model);
        }
    }
}
