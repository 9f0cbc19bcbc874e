//! What comes of every failure that can happen: `suite --faults`.
//!
//! A scenario is a function that does some ordinary work and says how it went. It runs again and
//! again, each time in a process of its own, while the 1st, 2nd, … thing that can fail in the kernel
//! on its behalf does fail, until a run has nothing left that could. The same goes for what can come
//! late, or once too often. A notification or an interrupt that never comes is swept where a driver has
//! to find out by itself, and the work is slow, no more. Then two things fail in one run, and then
//! several by chance. Whatever fails, the work is either done or answered by an error that is written down, and nothing is lost.
//! Who refuses, moves fewer bytes than he was asked to, or is ended by a signal needs a fault that
//! explains it, and a panic is wrong whatever failed. A service that lost its server answers again within
//! five seconds. Who lives to say how the work went leaves nothing in `/tmp`.
//!
//! ```text
//! suite --faults [--long] [--report] [--part K/N] [--after SCENARIO] [FILTER…]
//! suite --faults [--report] --only SCENARIO:CHOICE
//! ```
//!
//! `--long` takes some twenty times as many of the faults that are not taken one by one; `--part K/N`
//! runs each Nth scenario, from the Kth on; `--after` leaves the scenarios out up to that one. `CHOICE` is
//! which opportunities fail: one to four numbers, as in `17` or `3,9`; for what comes late or twice, `+NTH`;
//! for what happens to a driver's, the kind before that, `fail_irq_lost+NTH`; where chance chooses,
//! `%PER_MILLION-SEED`.
//! `--only` repeats one run, which the kernel's log then tells of. All choices are the same
//! each time.
//!
//! With `--report` the host learns of each run, in lines that are short because there are many:
//!
//! ```text
//! expect SCENARIO RUNS MICROSECONDS       before all others: so many runs of such a length, about
//! scenario SCENARIO                       what follows is about this one
//! try CHOICE                              a run begins
//! run OUTCOME MICROSECONDS FAULT…         and ends
//! site NUMBER HITS FAULTS                 at the end, for each place of the catalogue
//! ```
//!
//! - `OUTCOME`: `done`, `refused:ERRNO`, `short`, `ended:` and `exit-STATUS` or the signal, or `failed`; then
//!   ` # ` and the reason end the line.
//! - `FAULT`: `OPPORTUNITY/SITE/THREAD/CALL,…`: the site's place in the catalogue, with an `s` if that was
//!   in a server, the thread's id, 0 for an interrupt, and the call path's addresses, the innermost first.

mod campaign;
mod children;
mod choice;
pub mod files;
mod options;
mod outcome;
mod plans;
mod report;
mod runner;
mod scenarios;
mod servers;
mod strictness;
mod sweep;
mod verdict;

pub use campaign::run;
pub use children::{became, child, ended_well, join, told, wait};
pub use choice::Choice;
pub use outcome::{Failure, Outcome, Scenario, whole};
pub use runner::{QUIET, Runner};
pub use strictness::TESTS;
pub use sys::failpoint::without_faults;
pub use verdict::Right;
