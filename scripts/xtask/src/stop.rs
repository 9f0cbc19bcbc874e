//! Why a command ends early, and with which exit status.

use std::fmt::Display;
use std::path::Path;

/// A message for the user and the exit status that goes with it.
#[derive(Debug, PartialEq, Eq)]
pub struct Stop {
    pub status: u8,
    pub why: String,
}

pub type Result<T> = std::result::Result<T, Stop>;

/// The command line was wrong: status 2.
pub fn usage(why: impl Into<String>) -> Stop {
    Stop { status: 2, why: why.into() }
}

/// Building, QEMU or Folio failed: status 125.
pub fn failed(why: impl Into<String>) -> Stop {
    Stop { status: 125, why: why.into() }
}

/// The message for a host file that gave trouble.
pub fn io(what: &str, path: &Path, error: impl Display) -> Stop {
    failed(format!("cannot {what} {}: {error}", path.display()))
}
