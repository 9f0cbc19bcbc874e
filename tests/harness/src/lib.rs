//! Tests of programs on Folio, and of what they make of every failure that can happen.
//!
//! A scenario is a function over a booted guest. It says what a program does when nothing fails; a
//! campaign runs it again and again, each time with another failure in the kernel on its behalf, and
//! looks whether the work was done all the same or refused honestly, whether anything was lost, and
//! whether the machine lives.
//!
//! ```ignore
//! harness::campaign! {
//!     #[sweep(points = [Slab, PageLow])]
//!     fn a_greeting_is_said(guest) {
//!         guest.run("/bin/hello", &[])?.says("hello, world\n")
//!     }
//! }
//! ```
//!
//! `tests/README.md` shows how a crate of one's own gets there.

mod campaign;

pub use abi::failpoint::Failpoint;
pub use abi::signal;
pub use campaign::{
    Campaign, Failure, Guest, Outcome, Output, Ran, Refusal, Scenario, Sweep, main,
};
