//! The dynamic linker: what the kernel starts in the place of a program that is linked with shared
//! objects. What it decides is in the library of this package.

#![cfg_attr(target_arch = "x86", no_std, no_main)]

#[cfg(target_arch = "x86")]
extern crate alloc;

#[cfg(target_arch = "x86")]
mod machine;

/// There is nothing to link for it.
#[cfg(not(target_arch = "x86"))]
fn main() {}
