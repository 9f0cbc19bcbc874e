//! Everything that needs the kernel.

mod heap;
mod start;

pub mod env;
pub mod io;
pub mod process;
pub mod syscall;
