//! The server of `/proc`: the kernel's figures as text, in Linux's formats.
//!
//! | module | |
//! |---|---|
//! | [`Kernel`] | what the kernel tells; a test has one of its own |
//! | `process` | the files of a process or thread, a function each |
//! | `system` | the files of the machine |
//! | `tree` | which nodes there are |
//! | `stream` | a file on its way to a reader, who sees one text however small his reads are |
//!
//! All that is kept between two requests are texts that are being read, and any of them can be made
//! anew: the next instance of a server that died goes on as if nothing had happened.

#![no_std]

extern crate alloc;
#[cfg(test)]
extern crate std;

#[cfg(test)]
mod example;
mod kernel;
#[cfg(target_arch = "x86")]
pub mod machine;
mod process;
mod stream;
mod system;
#[cfg(test)]
mod tests;
mod text;
mod tree;

pub use kernel::{Kernel, Processor};
pub use tree::Proc;
