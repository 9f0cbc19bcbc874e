//! The supervisor: process 1.
//!
//! It reads which services there are ([`manifest`]), makes their ports, starts their servers with
//! exactly the rights they are to have, watches them and starts the next one when one dies
//! ([`service`], [`restart`]). It knows them by name ([`supervisor`]). Beside them it starts the
//! program that the machine was booted for ([`session`]), and ends the machine when that ends.
//!
//! Everybody may call it, and it calls nobody; it never writes to the console either, so no server
//! can make it wait. What it decides is here and tested on any machine; what it needs the kernel for
//! is [`supervisor::Machine`], and `machine` does that.

#![no_std]

extern crate alloc;
#[cfg(test)]
extern crate std;

#[cfg(target_arch = "x86")]
pub mod machine;
pub mod manifest;
pub mod restart;
pub mod service;
pub mod session;
pub mod supervisor;
#[cfg(test)]
mod tests;
pub mod words;
