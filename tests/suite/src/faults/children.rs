//! Second processes of a scenario.

use super::verdict::{NOT_EXECUTABLE, NOT_FOUND, REFUSED};
use super::{Failure, Outcome};
use alloc::string::String;
use sys::Errno;
use sys::process::{self, Fork, PANICKED};
use sys::wait::Status;

/// Exit statuses of a child whose own child refused, in the order of those: no error has these numbers.
const EXITED: i32 = 180;
const REFUSALS: [i32; 3] = [REFUSED, NOT_EXECUTABLE, NOT_FOUND];
/// That of one whose part was [`Failure::Short`].
const SHORT: i32 = 190;
/// And less a signal's number, if that ended the child's own child.
const SIGNALED: i32 = SHORT;

/// Runs a part of the work in a child; its process id.
pub fn child(body: impl FnOnce() -> Outcome) -> sys::Result<i32> {
    match process::fork()? {
        Fork::Parent(pid) => Ok(pid),
        Fork::Child => process::exit(match body() {
            Ok(()) => 0,
            Err(Failure::Call(errno)) => errno.number().into(),
            Err(Failure::Short) => SHORT,
            Err(Failure::Child(Status::Exited(code))) => told_by_child(code),
            Err(Failure::Child(Status::Signaled(signal))) => SIGNALED + signal,
            Err(Failure::Child(status)) => panic!("a child's {status:?}"),
        }),
    }
}

fn told_by_child(code: i32) -> i32 {
    match REFUSALS.iter().position(|refusal| *refusal == code) {
        Some(place) => EXITED + place as i32,
        None => panic!("a child's exit status {code}"),
    }
}

/// Waits for a child, which tells what came of its part.
pub fn join(pid: i32) -> Outcome {
    told(wait(pid)?)
}

/// What a child's end tells.
pub fn told(status: Status) -> Outcome {
    match status {
        Status::Exited(0) => Ok(()),
        Status::Exited(PANICKED) => panic!("a child panicked"),
        Status::Exited(SHORT) => Err(Failure::Short),
        Status::Exited(code @ EXITED..SHORT) => {
            let refusal = REFUSALS.get((code - EXITED) as usize);
            Err(Failure::Child(Status::Exited(*refusal.unwrap_or(&code))))
        }
        Status::Exited(code) if code > SIGNALED => {
            Err(Failure::Child(Status::Signaled(code - SIGNALED)))
        }
        Status::Exited(code) => {
            let errno = u16::try_from(code).ok().and_then(Errno::from_number);
            Err(errno.map_or(Failure::Child(status), Failure::Call))
        }
        status => Err(Failure::Child(status)),
    }
}

/// Waits for the end of one child. EFAULT: it has ended, and nobody knows how.
pub fn wait(pid: i32) -> sys::Result<Status> {
    loop {
        match process::wait(pid, 0) {
            Ok(Some((_, status))) => return Ok(status),
            Ok(None) | Err(Errno::EINTR) => {}
            Err(errno) => return Err(errno),
        }
    }
}

/// Fails unless a program ended well. `said` is asked for what it wrote if it panicked.
pub fn ended_well(status: Status, said: impl FnOnce() -> String) -> Outcome {
    match status {
        Status::Exited(0) => Ok(()),
        Status::Exited(PANICKED) => panic!("a program panicked: {}", said()),
        status => Err(Failure::Child(status)),
    }
}

/// The same of a child that was to become a program, and tells if it could not.
pub fn became(status: Status) -> Outcome {
    match status {
        Status::Exited(REFUSED | NOT_EXECUTABLE | NOT_FOUND) => Err(Failure::Child(status)),
        status => told(status),
    }
}
