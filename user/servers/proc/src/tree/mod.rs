//! Which nodes there are.
//!
//! A node's number says what it is, so the next instance of the server knows it: process, thread,
//! and which of their files; or for process 0 the place in the list of the machine's files.

mod file_system;
mod fixed;
mod listing;
mod number;
mod of_process;
mod proc;

pub use proc::Proc;
