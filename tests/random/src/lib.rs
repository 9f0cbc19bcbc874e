//! Calls at random, from several processes at a time, with arguments that are half valid.
//!
//! A [`Step`] is one call: what memory and registers hold before it, and what is kept of it for later
//! ones. The step of a process at some place depends on that place and the seed alone, so that any of
//! them can be left out and the others stay as they are: that is how a crash is reduced. [`generate`]
//! makes steps, also on the host, where they are written down as a program; [`machine`] takes them.
//!
//! The program `random` reads what it is to do, a [`Batch`] a line, and answers a line for each:
//!
//! ```text
//! SEED PROCESSES STEPS [PROCESS:FROM-END …]        all steps, or only those
//! done CALLS DEATHS KILLS MILLISECONDS ERRNO=COUNT …
//! wrong CALLS … : WHY                             somebody cannot be killed, or something was lost
//! ```

#![no_std]

extern crate alloc;
#[cfg(test)]
extern crate std;

mod batch;
mod chance;
pub mod generate;
#[cfg(target_arch = "x86")]
pub mod machine;
pub mod place;
mod step;
mod table;

pub use batch::{Batch, Range};
pub use step::{Keep, Made, Step, Value, WORDS, Word};
pub use table::{Call, Gate, Parameter};

/// The first line on its standard output: from now on it waits for batches.
pub const READY: &str = "random\n";
