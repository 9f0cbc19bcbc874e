//! Whether a tree is one, for tests.

use super::links::Balance;
use super::{Node, Tree, largest};
use crate::arena::{Arena, NIL};

/// Asserts that links, balance and largest weights agree; returns the number of nodes. For tests;
/// recurses as deep as the tree is high.
pub fn check<T: Node, const N: usize>(arena: &Arena<T, N>, tree: Tree) -> u32 {
    subtree(arena, tree.root, NIL).1
}

/// Height and number of nodes.
pub(super) fn subtree<T: Node, const N: usize>(
    arena: &Arena<T, N>,
    id: u32,
    parent: u32,
) -> (u32, u32) {
    if id == NIL {
        return (0, 0);
    }
    let links = arena[id].links();
    assert_eq!(links.parent, parent, "parent link of {id}");
    let [(left, nodes_left), (right, nodes_right)] =
        links.child.map(|child| subtree(arena, child, id));
    let balance = match (left, right) {
        _ if left == right => Balance::Even,
        _ if left == right + 1 => Balance::Left,
        _ if right == left + 1 => Balance::Right,
        _ => panic!("{id} leans too far"),
    };
    assert_eq!(links.balance, balance, "balance of {id}");
    let below = links.child.map(|child| largest(arena, child));
    assert_eq!(links.largest, links.weight.max(below[0]).max(below[1]), "largest of {id}");
    (left.max(right) + 1, nodes_left + nodes_right + 1)
}
