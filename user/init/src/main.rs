//! Process 1. See the library of this package.

#![cfg_attr(target_arch = "x86", no_std, no_main)]

#[cfg(target_arch = "x86")]
sys::entry!(init::machine::run);

/// There is only one machine for it.
#[cfg(not(target_arch = "x86"))]
fn main() {}
