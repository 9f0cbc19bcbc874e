//! `procfs`: answers for `/proc`. See the library of this package.

#![cfg_attr(target_arch = "x86", no_std, no_main)]

#[cfg(target_arch = "x86")]
sys::entry!(procfs::machine::run);

/// There is no kernel for it.
#[cfg(not(target_arch = "x86"))]
fn main() {}
