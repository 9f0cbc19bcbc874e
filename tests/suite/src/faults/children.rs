//! Second processes of a scenario.

use super::{Failure, Outcome};
use sys::Errno;
use sys::process::{self, Fork, PANICKED};
use sys::wait::Status;

/// Exit status of a child whose own child failed.
const GRANDCHILD: i32 = 255;

/// Runs a part of the work in a child; its process id.
pub fn child(body: impl FnOnce() -> Outcome) -> sys::Result<i32> {
    match process::fork()? {
        Fork::Parent(pid) => Ok(pid),
        Fork::Child => process::exit(match body() {
            Ok(()) => 0,
            Err(Failure::Call(errno)) => errno.number().into(),
            Err(Failure::Child(_)) => GRANDCHILD,
        }),
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
        Status::Exited(code) if code != GRANDCHILD => {
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

/// Fails unless a program ended well.
pub fn ended_well(status: Status) -> Outcome {
    match status {
        Status::Exited(0) => Ok(()),
        status => Err(Failure::Child(status)),
    }
}
