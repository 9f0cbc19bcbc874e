//! `random`: makes calls at random in a booted guest, as a test on the host asks. See the library of
//! this package.

#![cfg_attr(target_arch = "x86", no_std, no_main)]

#[cfg(target_arch = "x86")]
sys::entry!(random::machine::run);

/// There is no kernel for it.
#[cfg(not(target_arch = "x86"))]
fn main() {}
