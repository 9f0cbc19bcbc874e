//! What comes of every failure that can happen: `suite --faults`.
//!
//! A scenario is a function that does some ordinary work and says how it went. It runs again and
//! again, each time in a process of its own, while the 1st, 2nd, … thing that can fail in the kernel
//! on its behalf does fail, until a run has nothing left that could. The same goes for what can come
//! late, or once too often. Then two things fail in one run, and then several by chance. Whatever
//! fails, the work is either done or answered by an error that is written down, and nothing is lost.
//!
//! ```text
//! suite --faults [--long] [--report] [FILTER…]
//! suite --faults [--only] SCENARIO:NTH[:THEN]
//! ```
//!
//! `--long` takes some twenty times as many of the faults that are not taken one by one. With
//! `--report` each fault is a line:
//!
//! ```text
//! fault SCENARIO NTH THEN POINT SITE SERVED OUTCOME MICROSECONDS
//! ```
//!
//! - `NTH THEN`: the opportunity that failed first, and after how many more the next did, or 0. For
//!   what came late or twice, `+NTH 0`; where chance chose, `%PER_MILLION SEED`.
//! - `POINT SITE SERVED`: what failed, by name; where, by its place in the catalogue; 1 if that was in a
//!   server, else 0.
//! - `OUTCOME`: of the whole run: `done`, `refused:ERRNO`, or `ended:` and `exit-STATUS` or the signal.
//! - `MICROSECONDS`: that the run took.
//!
//! A run with several faults is as many lines. `SCENARIO:NTH[:THEN]`, with the two words of a line,
//! repeats one run, which the kernel's log then tells of. All choices are the same each time.

mod campaign;
mod children;
mod choice;
mod options;
mod outcome;
mod plans;
mod report;
mod runner;
mod scenarios;
mod servers;
mod sweep;
mod verdict;

pub use campaign::run;
pub use children::{child, ended_well, join, told, wait};
pub use outcome::{Failure, Outcome, Scenario};
pub use sys::failpoint::without_faults;
