//! What comes of every failure that can happen: `suite --faults [FILTER…]`.
//!
//! A scenario is a function that does some ordinary work and says how it went. It runs again and
//! again, each time in a process of its own, while the 1st, 2nd, … thing that can fail in the kernel
//! on its behalf does fail, until a run has nothing left that could. Whatever fails, the work is either
//! done or answered by an error that is written down, and nothing is lost.

mod scenarios;
mod sweep;
mod verdict;

use sys::Errno;
use sys::wait::Status;

/// A piece of work and its name.
#[derive(Clone, Copy)]
pub struct Scenario {
    /// Group and function.
    pub name: &'static str,
    /// The work. What is wrong is a panic.
    pub run: fn() -> Outcome,
    /// Errors it may meet besides those of the failpoints.
    pub also: &'static [Errno],
}

/// How a piece of work went, if nothing was wrong.
pub type Outcome = Result<(), Failure>;

/// An honest failure.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Failure {
    /// A call's error.
    Call(Errno),
    /// How a child ended.
    Child(Status),
}

impl From<Errno> for Failure {
    fn from(errno: Errno) -> Self {
        Self::Call(errno)
    }
}

/// Waits for the end of one child. EFAULT: it has ended, and nobody knows how.
pub fn wait(pid: i32) -> sys::Result<Status> {
    loop {
        match sys::process::wait(pid, 0) {
            Ok(Some((_, status))) => return Ok(status),
            Ok(None) | Err(Errno::EINTR) => {}
            Err(errno) => return Err(errno),
        }
    }
}

/// Fails unless a child ended well.
pub fn ended_well(status: Status) -> Outcome {
    match status {
        Status::Exited(0) => Ok(()),
        status => Err(Failure::Child(status)),
    }
}

pub use sweep::run;
