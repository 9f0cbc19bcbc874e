//! Everything that needs the kernel.

mod start;

pub use start::{start, start_shared};

pub mod command;
pub mod console;
pub mod directory;
pub mod env;
pub mod failpoint;
pub mod file;
pub mod heap;
pub mod io;
pub(crate) mod ipc;
pub mod library;
pub mod memory;
pub mod process;
pub mod service;
pub mod signal;
pub mod statistics;
pub mod syscall;
pub mod terminal;
pub mod thread;
pub mod time;
pub mod trace;
