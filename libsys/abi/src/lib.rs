//! What crosses the kernel boundary: system calls, error numbers, structures.

#![no_std]
#![forbid(unsafe_code)]

#[cfg(test)]
extern crate std;

pub mod frame;
