//! [`libsys`] as a shared object: `libsys.so`, with `core` and `alloc` in it.
//!
//! A program that depends on this package instead of `libsys` has the same source text and the same
//! build script (`linker/program.rs`); a line of its `Cargo.toml` says which of the two it is.

#![no_std]

pub use libsys::*;

#[used]
#[unsafe(link_section = ".init_array")]
static FIRST: unsafe extern "C" fn(u32, *const u32, *const u32, *const library::Linker) =
    start_shared;
