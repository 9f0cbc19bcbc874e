//! Bits of memory that flip by themselves, and what comes of it.
//!
//! ```text
//!  snapshot of a guest at work ─► places   bits in use: of programs, of page tables, of the heap
//!         │                          │
//!         └─ restore, flip one, go on ─► what is seen ─► outcome ─► table
//! ```
//!
//! Instructions are counted and a flip is chosen by class, number and seed, so each trial can be
//! repeated exactly.

mod campaign;
mod heap;
mod outcome;
mod places;
mod scenarios;
mod spaces;
mod table;

pub use places::Flip;
pub use scenarios::{each_flip_comes_to_something, one_flip_again_and_again};
