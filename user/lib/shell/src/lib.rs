//! What a shell thinks: command lines to trees, words to arguments, keys to lines.
//!
//! Nothing here calls the kernel; `user/bin/sh` does what this says.

#![no_std]
#![forbid(unsafe_code)]

extern crate alloc;
#[cfg(test)]
extern crate std;

pub mod editor;
pub mod expand;
pub mod history;
pub mod key;
pub mod parse;
pub mod pattern;
pub mod syntax;
