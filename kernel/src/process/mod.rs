//! Processes and their threads: what programs are, from fork and exec to exit and wait.
//!
//! A [`Thread`] hangs on a task, and its [`Process`] holds what threads share. The family
//! (`table`) knows all processes; a zombie is a process that only the family knows.
//!
//! Timers fire in interrupts, which take none of the locks here: they only leave word.
//!
//! Locks, outermost first: the family, one process's signals, the pool of signal infos, one
//! process's shared state.

pub mod alarm;
pub mod cpu_alarm;
pub mod cpu_clock;
pub mod cpu_timer;
pub mod credentials;
mod current;
pub mod details;
pub mod exec;
pub mod exit;
pub mod fork;
pub mod futex;
mod limits;
pub mod machine;
mod mm_user;
pub mod permission;
mod personality;
pub mod posix_timer;
#[expect(clippy::module_inception, reason = "the one type that the folder is about")]
mod process;
pub mod report;
mod robust_list;
pub mod signal;
pub mod spawn;
pub mod table;
mod thread;
pub mod trace;
pub mod usage;
pub mod user_accounts;
pub mod wait;

pub use credentials::Credentials;
pub use current::{CurrentThread, current, try_current};
pub use personality::set_personality;
pub use process::Process;
pub use thread::{Restart, Thread};
