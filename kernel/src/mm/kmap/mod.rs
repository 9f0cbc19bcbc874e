//! Reaching frames that the direct map does not cover.
//!
//! [`kmap_atomic`] is cheap, but whoever holds one must not sleep. [`kmap`] may sleep and be held
//! while sleeping; a task holds at most one, or tasks that each wait for a second could wait for
//! ever.

mod atomic;
mod pkmap;

pub use atomic::{AtomicMapping, copy_from_phys, kmap_atomic};
pub use pkmap::{Kmap, initialise, kmap, next_slot, slots, slots_in_use};
