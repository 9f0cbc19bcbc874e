//! The library that Folio's programs are written against.
//!
//! It makes only Linux calls unless a module says otherwise, so its programs also run on Linux.
//! A program has a copy of what it uses, or depends on the package `libsys-so` in the place of this one
//! and shares `libsys.so` with all that do; its source is the same. `library` opens more libraries.
//!
//! A program that panics says why on standard error and ends with status 101; one whose heap gets no more
//! memory ends by SIGABRT, as a program with Rust's `std` does, after "memory allocation of N bytes failed".
//! `try_reserve` and the like tell of that instead.
//!
//! On the host, where there is no i386 kernel boundary, only the logic is compiled and tested.

#![no_std]
// What becomes of a program without memory for its heap can be said in no other way.
#![cfg_attr(target_arch = "x86", feature(alloc_error_handler))]

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
