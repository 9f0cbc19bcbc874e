//! What the calls of [`for_each_statistics_call!`](crate::for_each_statistics_call) fill in.
//!
//! Pages are 4 KiB, ticks hundredths of a second. Counters begin at boot and wrap.

mod machine;
mod memory;
mod process;
mod space;

pub use machine::*;
pub use memory::*;
pub use process::*;
pub use space::*;
