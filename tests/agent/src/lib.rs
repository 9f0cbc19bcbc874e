//! What a test on the host asks of a booted guest, and what it is answered: [`Request`]s come on
//! standard input, a [`Reply`] for each goes to standard output. A guest that counts instructions gets no
//! input: there `agent FILE` reads them from a file.
//!
//! ```text
//!  Begin     from now on faults happen to what is run, as a plan has it
//!  Run …     programs, one after the other
//!  End       what happened, and what was lost between the two
//! ```

#![no_std]

extern crate alloc;
#[cfg(test)]
extern crate std;

#[cfg(target_arch = "x86")]
pub mod machine;
mod message;

pub use message::{Ended, Failure, Program, Ran, Reply, Request, Service, frame, length, parse};

/// The first bytes on its standard output: from now on it waits for requests.
pub const READY: &[u8] = b"agent\n";
