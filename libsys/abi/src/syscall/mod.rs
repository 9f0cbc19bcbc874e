//! The two tables of system calls: Linux's, entered by `int 0x80`, and Folio's, by `int 0x81`.
//!
//! EAX holds the number, EBX ECX EDX ESI EDI EBP the arguments; EAX returns the result
//! ([`crate::errno::decode`]) and all other registers survive.

pub mod failpoint;
pub mod folio;
pub mod ipc;
pub mod linux;
pub mod names;
pub mod statistics;
pub mod trace;

#[cfg(test)]
mod tests;
