//! What crosses the kernel boundary: system calls, error numbers, structures.

#![no_std]
#![forbid(unsafe_code)]
