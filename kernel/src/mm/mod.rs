//! Memory, from frames up.

pub mod heap;
