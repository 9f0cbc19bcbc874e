//! A program that has ended.

use super::verdict::{Failure, Outcome, Refusal};
use sys::wait::Status;
use xtask::captured::text;

/// What came of a program.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ran {
    /// What was run.
    pub path: String,
    /// How it ended.
    pub status: Status,
    /// Whether it had to be killed, because it took longer than 20 s.
    pub is_late: bool,
    /// Its standard output.
    pub stdout: Vec<u8>,
    /// Its standard error.
    pub stderr: Vec<u8>,
}

impl Ran {
    /// It has to have succeeded and written that.
    pub fn says(&self, expected: impl AsRef<[u8]>) -> Outcome {
        self.succeeds()?;
        let expected = expected.as_ref();
        if self.stdout == expected {
            return Ok(());
        }
        let (found, wanted) = (text(&self.stdout), text(expected));
        Err(Failure::Wrong(format!("{} wrote {found:?}, not {wanted:?}", self.path)))
    }

    /// It has to have ended with status 0.
    pub fn succeeds(&self) -> Outcome {
        if self.is_late {
            return Err(Failure::Wrong(format!("{} hangs", self.path)));
        }
        Err(Failure::Refused(match self.status {
            Status::Exited(0) => return Ok(()),
            Status::Exited(status) => Refusal::Exit(status, text(&self.stderr).into_owned()),
            Status::Signaled(signal) | Status::Stopped(signal) => Refusal::Signal(signal),
            Status::Continued => return Err(Failure::Wrong(format!("{} goes on", self.path))),
        }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ran(status: Status, is_late: bool, stdout: &[u8]) -> Ran {
        Ran { path: "/bin/x".into(), status, is_late, stdout: stdout.into(), stderr: b"no".into() }
    }

    #[test]
    fn other_output_is_wrong_and_another_end_is_a_refusal() {
        assert_eq!(ran(Status::Exited(0), false, b"yes").says("yes"), Ok(()));
        let wrong = ran(Status::Exited(0), false, b"ye").says("yes").unwrap_err();
        assert_eq!(wrong, Failure::Wrong("/bin/x wrote \"ye\", not \"yes\"".into()));
        let refused = ran(Status::Exited(3), false, b"yes").says("yes").unwrap_err();
        assert_eq!(refused, Failure::Refused(Refusal::Exit(3, "no".into())));
        let ended = ran(Status::Signaled(9), false, b"").succeeds().unwrap_err();
        assert_eq!(ended, Failure::Refused(Refusal::Signal(9)));
        let late = ran(Status::Signaled(9), true, b"").succeeds().unwrap_err();
        assert_eq!(late, Failure::Wrong("/bin/x hangs".into()));
    }
}
