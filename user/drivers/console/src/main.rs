//! `console`: the console server. See the library of this package.

#![cfg_attr(target_arch = "x86", no_std, no_main)]

#[cfg(target_arch = "x86")]
sys::entry!(console::machine::run);

/// There is no line for it.
#[cfg(not(target_arch = "x86"))]
fn main() {}
