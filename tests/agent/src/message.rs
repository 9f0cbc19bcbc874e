//! Requests and replies, and how they pass a stream of bytes: length first.

use alloc::string::String;
use alloc::vec::Vec;
use serde::{Deserialize, Serialize};

/// What the host asks.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Request {
    /// Faults happen from now on to what is run. The bytes of an [`abi::failpoint::FaultPlan`].
    Begin(Vec<u8>),
    /// Runs a program to its end.
    Run(Program),
    /// No more faults. Answered when each service has a server again.
    End {
        /// Within so many seconds.
        within: u32,
    },
    /// Writes a file, which is made if it is not there.
    Write {
        /// Where.
        path: String,
        /// All that it holds then.
        contents: Vec<u8>,
    },
    /// Reads a file.
    Read {
        /// Where.
        path: String,
    },
    /// Which services there are.
    Services,
    /// Kills the server of a service. ESRCH if it has none at the moment.
    Kill {
        /// The service's name.
        service: String,
    },
}

/// A program to run.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Program {
    /// Where it is.
    pub path: String,
    /// What it is told, behind its own name.
    pub arguments: Vec<String>,
    /// What it reads.
    pub stdin: Vec<u8>,
    /// It is killed after so many milliseconds.
    pub milliseconds: u32,
}

/// What the guest answers.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Reply {
    /// It was done.
    Done,
    /// A program's end.
    Ran(Ran),
    /// The end of what a [`Request::Begin`] began.
    Ended(Ended),
    /// A file's contents.
    Contents(Vec<u8>),
    /// All services.
    Services(Vec<Service>),
    /// It cannot be done.
    Failed(Failure),
}

/// Why not.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Failure {
    /// What was tried.
    pub what: String,
    /// The call's error number.
    pub errno: u16,
}

/// How a program ended, and what it wrote.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ran {
    /// As `wait` has it.
    pub status: i32,
    /// Whether it had to be killed, because it took too long.
    pub is_late: bool,
    /// Its standard output.
    pub stdout: Vec<u8>,
    /// Its standard error.
    pub stderr: Vec<u8>,
}

/// What happened between a [`Request::Begin`] and its end.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ended {
    /// The bytes of an [`abi::failpoint::FaultState`].
    pub state: Vec<u8>,
    /// A service that had no server again in time, and how it is.
    pub absent: Option<String>,
    /// What the kernel holds now and did not before, or the other way round.
    pub lost: Option<String>,
}

/// A service of `init`'s.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Service {
    /// Its name.
    pub name: String,
    /// Its server's process, if one runs.
    pub pid: Option<i32>,
    /// How many servers it has had, with this one.
    pub instance: u32,
}

/// Bytes of a length.
const LENGTH: usize = 4;
/// No message is longer.
const LONGEST: usize = 64 << 20;

/// A message as it goes over the line.
pub fn frame(message: &impl Serialize) -> Vec<u8> {
    let body = postcard::to_allocvec(message).unwrap_or_default();
    let length = u32::try_from(body.len()).unwrap_or(u32::MAX);
    [&length.to_le_bytes()[..], &body].concat()
}

/// How many bytes follow a length; `None` if no message is so long. No message has none: behind the last
/// one of a file there may be zeroes.
pub fn length(bytes: [u8; LENGTH]) -> Option<usize> {
    usize::try_from(u32::from_le_bytes(bytes)).ok().filter(|length| *length <= LONGEST)
}

/// The message whose bytes these are; `None` if they are none.
pub fn parse<'a, T: Deserialize<'a>>(body: &'a [u8]) -> Option<T> {
    postcard::from_bytes(body).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_pass_the_line() {
        let program =
            Program { path: "/bin/cat".into(), stdin: alloc::vec![0, 255], ..Program::default() };
        let request = Request::Run(program);
        let bytes = frame(&request);
        let (first, body) = bytes.split_first_chunk().unwrap();
        assert_eq!(length(*first), Some(body.len()));
        assert_eq!(parse(body), Some(request));
        assert_eq!(parse::<Request>(&body[..3]), None);
        assert_eq!(length([255; 4]), None);
    }
}
