//! What `wait` tells about a process.

use abi::process::{STATUS_CONTINUED, status_exited, status_signaled, status_stopped};

/// How a process changed state.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Status {
    /// It exited with that status, 0 to 255.
    Exited(i32),
    /// That signal ended it.
    Signaled(i32),
    /// That signal stopped it.
    Stopped(i32),
    /// It goes on.
    Continued,
}

impl Status {
    /// Decodes the word that `wait4` stores.
    pub const fn from_raw(status: i32) -> Self {
        let signal = status & 0x7f;
        if status == STATUS_CONTINUED {
            Self::Continued
        } else if signal == 0 {
            Self::Exited((status >> 8) & 0xff)
        } else if signal == 0x7f {
            Self::Stopped((status >> 8) & 0xff)
        } else {
            Self::Signaled(signal)
        }
    }

    /// The word that `wait4` stores for it.
    pub const fn raw(self) -> i32 {
        match self {
            Self::Exited(code) => status_exited(code),
            Self::Signaled(signal) => status_signaled(signal),
            Self::Stopped(signal) => status_stopped(signal),
            Self::Continued => STATUS_CONTINUED,
        }
    }

    /// The status a shell reports in `$?`.
    pub const fn code(self) -> i32 {
        match self {
            Self::Exited(code) => code,
            Self::Signaled(signal) | Self::Stopped(signal) => 128 + signal,
            Self::Continued => 0,
        }
    }

    /// Whether the process exited with status 0.
    pub const fn success(self) -> bool {
        matches!(self, Self::Exited(0))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use abi::process::STATUS_CORE;

    #[test]
    fn statuses_survive_the_word() {
        let same = |status: Status| assert_eq!(Status::from_raw(status.raw()), status);
        for code in 0..256 {
            assert_eq!(Status::from_raw(status_exited(code)), Status::Exited(code));
            same(Status::Exited(code));
        }
        for signal in 1..=64 {
            let word = status_signaled(signal);
            assert_eq!(Status::from_raw(word), Status::Signaled(signal));
            assert_eq!(Status::from_raw(word | STATUS_CORE), Status::Signaled(signal));
            assert_eq!(Status::from_raw(status_stopped(signal)), Status::Stopped(signal));
            same(Status::Signaled(signal));
            same(Status::Stopped(signal));
        }
        same(Status::Continued);
        assert_eq!(Status::from_raw(STATUS_CONTINUED), Status::Continued);
    }

    #[test]
    fn shells_add_128_to_signals() {
        assert_eq!(Status::Exited(3).code(), 3);
        assert_eq!(Status::Signaled(9).code(), 137);
    }
}
