//! What time it is, and what happens when.
//!
//! The monotonic clock is the time-stamp counter; the interrupt of the PIT, [`HZ`] times a
//! second, fires the timers that are due and takes ticks off time slices. So a timer fires up to
//! a tick late, and never early.

mod clock;
pub mod deadline;
#[cfg(feature = "ktest")]
pub mod ktest;
mod load;
mod tick;
mod timer;

pub use crate::arch::pit::HZ;
#[cfg(any(feature = "ktest", feature = "faults"))]
pub use clock::set_realtime;
pub use clock::{monotonic, page, read, realtime, tsc_khz};
pub use kcore::clock::SECOND;
pub use load::load_average;
pub use tick::{start, ticks};
pub use timer::{Timer, sleep_until};
