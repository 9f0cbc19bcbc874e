//! [`libsys`] as a shared object: `libsys.so`, with `core` and `alloc` in it.
//!
//! A program that depends on this package instead of `libsys` has the same source text; only its
//! `Cargo.toml` and `build.rs` differ.

#![no_std]

pub use libsys::*;

#[used]
#[unsafe(link_section = ".init_array")]
static FIRST: unsafe extern "C" fn(u32, *const u32, *const u32, *const library::Linker) =
    start_shared;
