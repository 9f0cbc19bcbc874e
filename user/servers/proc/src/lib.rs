//! The server of `/proc`: the kernel's figures as text, in Linux's formats.
//!
//! What a file says is made anew for each read, from what [`Kernel`] tells. Nothing is kept between two
//! requests, so the next instance of a server that died goes on as if nothing had happened.

#![no_std]

extern crate alloc;
#[cfg(test)]
extern crate std;

#[cfg(target_arch = "x86")]
pub mod machine;
#[cfg(test)]
mod tests;
mod tree;

pub use tree::Proc;

use alloc::vec::Vec;
use sys::Result;

/// What the kernel tells.
pub trait Kernel {
    /// Nanoseconds since the boot.
    fn uptime(&mut self) -> Result<u64>;

    /// The line of `version`, without its end.
    fn version(&mut self) -> Result<Vec<u8>>;
}
