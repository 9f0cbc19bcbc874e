//! System calls: `abi`'s tables expanded to a match, one handler a row.
//!
//! A handler takes the arguments as the table types them and returns a value or an `Errno`. A row
//! without a handler does not compile.

mod dispatch;
mod failpoint;
mod file;
mod folio;
mod identity;
mod ipc;
mod itimerspec;
mod memory;
mod process;
mod process_vm;
mod resource;
mod signal;
mod socket;
mod statistics;
mod system;
mod thread;
mod time;
mod timer;
mod trace;

pub use dispatch::{FOLIO, LINUX_HANDLERS, folio_call, on_odd_call};
