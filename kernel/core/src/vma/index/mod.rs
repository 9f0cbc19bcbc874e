//! Where areas start and how much is free in front of them: a B+ tree.
//!
//! ```text
//!  root   [ 08048 .. | b7f00 .. ]            start of the child, its largest gap
//!            |           |
//!  leaf   [ 08048 | 0804a | 0804c ] [ ... ]  start of the area, the gap in front of it
//! ```
//!
//! An entry of an inner node has the start of the first area below it. Up to 64 areas are one
//! node, which is most programs: no pointers to follow and nothing to balance. Nodes that became
//! small are merged, so the tree stays low.

mod check;
mod gap;
mod insert;
mod node;
mod remove;
mod tree;

#[cfg(test)]
mod tests;

pub(super) use node::Entry;
pub(super) use tree::{Above, FANOUT, Index, Path};
