//! Everything that touches memory or makes system calls.

mod debugger;
mod entry;
mod failure;
mod file;
mod functions;
mod lazy;
mod library;
mod linker;
mod load;
mod lock;
mod memory;
mod program;
mod symbols;
mod thread;
mod tls_address;
mod turn;
