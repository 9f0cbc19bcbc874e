//! System calls and page faults as text, in the manner of Linux's strace.
//!
//! Which calls there are, and what their arguments are called and point to, comes from the tables of
//! [`abi::syscall`]; what is here says how each kind of argument looks. Nothing in it needs a kernel.

#![no_std]
#![forbid(unsafe_code)]

extern crate alloc;
#[cfg(test)]
extern crate std;

mod argument;
mod call;
mod command;
pub mod fault;
mod flags;
mod futex;
mod memory;
mod number;
mod outcome;
mod quote;
pub mod region;
pub mod report;
mod shape;
pub mod signal;
mod socket;
mod structure;
pub mod summary;
pub mod table;

#[cfg(test)]
mod tests;

pub use memory::Memory;
