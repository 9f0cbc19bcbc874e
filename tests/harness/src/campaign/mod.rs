//! Scenarios under faults.
//!
//! ```text
//!  declaration  scenarios and their sweeps, as a test writes them down
//!  options      what the command line asks for
//!  command      does that, and writes the report
//!  vm           one boot, restored whenever a guest is lost
//!  guest        what a scenario may do: asks `tests/agent` inside
//!  course       one fault after the other, until a run has none left
//!  replay       one fault again, exactly, in a guest that counts instructions
//!  script       what such a guest is asked: it gets no input
//!  run          one run, and what was wrong with it
//!  said         what its programs wrote, against what they write when nothing fails
//!  lost         what had failed before a guest was lost
//!  verdict      what a run may come to
//! ```

mod choice;
mod command;
mod course;
mod declaration;
mod guest;
mod id;
mod lost;
mod options;
mod ran;
mod replay;
mod run;
mod said;
mod script;
mod sweep;
mod verdict;
mod vm;

pub use command::main;
pub use declaration::{Campaign, Scenario};
pub use guest::Guest;
pub use ran::Ran;
pub use sweep::{Output, Sweep};
pub use verdict::{Failure, Outcome, Refusal};
