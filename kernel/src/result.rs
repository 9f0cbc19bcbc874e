//! What a system call, and what it is made of, returns.

pub use abi::Errno;

pub type Result<T> = core::result::Result<T, Errno>;
