//! Verbs over page tables, each with one map per leaf table it visits.
//!
//! One page: [`leaf`], [`ensure_leaf`], [`lookup`], [`translate`]. A range: [`Walk`] hands out
//! [`Run`]s of cells, [`entries`] what they say; [`CopyWalk`] pairs a parent's with a child's; [`MoveWalk`] moves pages;
//! [`free_tables`] takes away tables nobody needs. A caller bounds each step, so it can let others
//! run in between.

mod copy;
mod cursor;
mod entries;
mod free;
mod relocate;
mod single;

#[cfg(test)]
mod tests;

pub use copy::{CopyRun, CopyWalk};
pub use cursor::{Run, Walk};
pub use entries::entries;
pub use free::{free_directories, free_tables};
pub use relocate::MoveWalk;
pub(super) use single::ensure_directory;
pub use single::{Leaf, ensure_leaf, ensure_leaves, leaf, lookup, share_kernel, translate};
