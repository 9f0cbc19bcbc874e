//! Sockets of this machine.

mod calls;
mod control;
pub mod credentials;
pub mod end;
pub mod name;
pub mod option;
pub mod rights;
pub mod several;
pub mod transfer;
pub mod unconnected;
