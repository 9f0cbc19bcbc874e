//! What `wait` tells about a process.

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
        if status == abi::process::STATUS_CONTINUED {
            Self::Continued
        } else if signal == 0 {
            Self::Exited((status >> 8) & 0xff)
        } else if signal == 0x7f {
            Self::Stopped((status >> 8) & 0xff)
        } else {
            Self::Signaled(signal)
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
    use abi::process::{STATUS_CONTINUED, STATUS_CORE};
    use abi::process::{status_exited, status_signaled, status_stopped};

    #[test]
    fn statuses_survive_the_word() {
        for code in 0..256 {
            assert_eq!(Status::from_raw(status_exited(code)), Status::Exited(code));
        }
        for signal in 1..=64 {
            let word = status_signaled(signal);
            assert_eq!(Status::from_raw(word), Status::Signaled(signal));
            assert_eq!(Status::from_raw(word | STATUS_CORE), Status::Signaled(signal));
            assert_eq!(Status::from_raw(status_stopped(signal)), Status::Stopped(signal));
        }
        assert_eq!(Status::from_raw(STATUS_CONTINUED), Status::Continued);
    }

    #[test]
    fn shells_add_128_to_signals() {
        assert_eq!(Status::Exited(3).code(), 3);
        assert_eq!(Status::Signaled(9).code(), 137);
    }
}
