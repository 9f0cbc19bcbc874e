//! `agent`: does in a booted guest what a test on the host asks for. See the library of this package.

#![cfg_attr(target_arch = "x86", no_std, no_main)]

#[cfg(target_arch = "x86")]
sys::entry!(agent::machine::run);

/// There is no kernel for it.
#[cfg(not(target_arch = "x86"))]
fn main() {}
