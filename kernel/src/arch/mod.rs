//! The machine. Only this folder has assembly, port I/O and `cfg` of page-table format or split.

mod i386;

pub use i386::*;
