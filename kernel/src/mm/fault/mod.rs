//! Performing what `kcore::fault` decides about a page fault.
//!
//! The areas are read-locked throughout. Each round looks at the entry under the page-table lock
//! and acts under the same lock; what is not at hand (a table, a frame, a page of an object) is
//! fetched outside of it, and the next round looks again. No other order of events has to be
//! thought through.

mod cached;
mod serve;
mod stack;

pub use serve::Outcome;
pub(super) use serve::{entry_of, own_copy};
