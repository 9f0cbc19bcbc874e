//! Reading what `/proc` says, for the tools that show it.

#![no_std]
#![forbid(unsafe_code)]

extern crate alloc;

mod counters;
mod mapping;
mod process;
mod table;

pub use counters::{Counters, Rates};
pub use mapping::{Mapping, mappings};
pub use process::Process;
pub use table::{Table, number};
