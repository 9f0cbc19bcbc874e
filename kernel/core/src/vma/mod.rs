//! The areas of an address space: a balanced tree threaded as a sorted list.
//!
//! ```text
//!            [ tree: find, insert, remove and gap search are O(log n) ]
//!             /                  |                         \
//!  0 .. [ text ] ──► [ data ] ──► [ file ] ──► ... ──► gap [ stack ] TASK_SIZE
//!       first                 list                            last
//! ```
//!
//! The tree also knows the gap in front of each area, less the guard gap of one that grows down,
//! and the largest gap of each node. An edit reserves first, then commits and cannot fail; it
//! reports every area it changed through a callback, in an order in which reverse maps can follow.

mod account;
mod area;
mod change;
mod check;
mod duplicate;
mod find;
mod flags;
mod gap;
mod grow;
mod index;
mod insert;
mod relocate;
mod set;
mod unmap;

#[cfg(test)]
mod tests;

pub use account::Account;
pub use area::{Backing, Extent, Vma};
pub use flags::VmFlags;
pub use gap::{Placement, mmap_base};
pub use set::{Edit, MAX_MAP_COUNT, STACK_GUARD_GAP, VmaId, VmaSet};
