//! The library that Folio's programs are written against.
//!
//! It makes only Linux calls unless a module says otherwise, so its programs also run on Linux.
//! A program has a copy of what it uses, or depends on the package `libsys-so` in the place of this one
//! and shares `libsys.so` with all that do; its source is the same. `library` opens more libraries.
//!
//! On the host, where there is no i386 kernel boundary, only the logic is compiled and tested.

#![no_std]

extern crate alloc;
#[cfg(test)]
extern crate std;

pub use abi;
pub use abi::Errno;
pub use proto;

/// What most functions return: a value, or why the call failed.
pub type Result<T> = core::result::Result<T, Errno>;

pub mod calendar;
pub mod ipc;
pub mod mode;
pub mod node;
pub mod options;
pub mod path;
#[cfg_attr(not(target_arch = "x86"), allow(dead_code, reason = "for the guest"))]
mod vdso;
pub mod wait;

#[cfg(target_arch = "x86")]
mod machine;

#[cfg(target_arch = "x86")]
pub use machine::*;
