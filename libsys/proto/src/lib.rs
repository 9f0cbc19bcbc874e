//! What user processes say to each other. The kernel does not know these messages.

#![no_std]
#![forbid(unsafe_code)]
