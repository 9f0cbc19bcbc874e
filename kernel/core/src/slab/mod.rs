//! The slab allocator: objects of one size in single frames, handed out by number.
//!
//! ```text
//!  size class ─► Magazine (this CPU, addresses)   allocation and freeing: pop and push
//!                   │ empty / full: half a magazine
//!                   ▼
//!               Cache (lock) ─► Page of each slab: what is free
//! ```
//!
//! What the kernel adds: it maps `(slab, number)` to an address in the direct map and back, shows
//! a slab's first words as atomics, and gets and gives frames. A slab's entry in `mem_map` has
//! [`SLAB`](crate::page::PageFlags::SLAB), `mapping` = the cache, `private` = the objects that
//! are free: their bits if there are at most 32, otherwise their count, and the bits are the
//! slab's first words.

mod cache;
mod class;
mod magazine;
mod shape;

#[cfg(test)]
mod tests;

pub use cache::{BadFree, Cache, Freed, Slabs};
pub use class::{CLASS_NAMES, CLASSES, LARGEST, class_of};
pub use magazine::Magazine;
pub use shape::Shape;
