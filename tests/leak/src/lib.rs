//! What a test must leave as it found it: the kernel's memory, object for object, and no process.
//!
//! What is told by looking again and again is tested on the host; `machine` looks.

#![no_std]

extern crate alloc;

mod looks;
#[cfg(target_arch = "x86")]
mod machine;

pub use looks::{Look, Looks, between};
#[cfg(target_arch = "x86")]
pub use machine::{Snapshot, await_heartbeats, end_orphans, on_folio};
