//! What user processes say to each other. The kernel does not know these messages.
//!
//! Each protocol is a module with a type for what can be asked. Encoding gives a label and words for
//! a message; decoding takes any label and words, and says `None` to what means nothing.

#![no_std]
#![forbid(unsafe_code)]

#[cfg(test)]
extern crate std;

mod name;
pub mod supervisor;

pub use name::{NAME_BYTES, NAME_WORDS, Name};
