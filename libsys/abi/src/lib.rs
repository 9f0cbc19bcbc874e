//! What crosses the kernel boundary: system calls, error numbers, structures, constants.
//!
//! Structures are those of Linux 6.1 on i386, byte for byte, also when compiled for a 64-bit host.
//! Their fields carry Linux's names without the prefix (`st_size` is `size`).

#![no_std]
#![forbid(unsafe_code)]

#[cfg(test)]
extern crate std;

mod plain;

pub mod argument;
pub mod auxv;
pub mod boot;
pub mod checked_argument;
pub mod console;
pub mod epoll;
pub mod errno;
pub mod failpoint;
pub mod file;
pub mod frame;
pub mod ipc;
pub mod line_discipline;
pub mod memory;
pub mod node;
pub mod permission;
pub mod pointer;
pub mod poll;
pub mod process;
pub mod signal;
pub mod socket;
pub mod statistics;
pub mod syscall;
pub mod terminal;
pub mod time;
pub mod trace;

pub use errno::Errno;
pub use plain::Plain;
pub use pointer::{UserMutPtr, UserPtr, UserStr};
