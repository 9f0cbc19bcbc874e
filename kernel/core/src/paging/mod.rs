//! Page tables in both of the i386's formats, behind one interface.
//!
//! - [`TwoLevel`]: 1024 × 1024 entries of 32 bits. [`Pae`]: 4 × 512 × 512 entries of 64 bits.
//! - [`Tables`] is where the tables of one address space live; only leaf tables may be in high
//!   memory.
//! - [`walk`] reads and changes ranges with one map per leaf table; [`Gather`] holds what a change
//!   frees until the TLB has been flushed.

mod access;
pub mod direct;
mod format;
mod gather;
mod pae;
mod tables;
mod two_level;
pub mod walk;

#[cfg(test)]
mod machine;

pub use crate::arena::NoMemory;
pub use access::{Access, SwapEntry};
pub use format::{Cell, Features, Format, Level, Slot};
pub use gather::{Flush, Gather, MAX_SINGLE_FLUSHES, Released};
pub use pae::{Pae, PaeCell};
pub use tables::Tables;
pub use two_level::TwoLevel;
