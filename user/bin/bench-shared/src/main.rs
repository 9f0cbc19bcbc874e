//! The smallest program with `libsys.so`, for measuring what linking costs: it only ends.

#![no_std]
#![no_main]

sys::entry!(main);

fn main() {}
