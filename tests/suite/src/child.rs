//! Processes that a test starts.

use sys::Errno;
use sys::process::{self, Fork};
use sys::wait::Status;

/// Runs `body` in a child, which exits with what it returns; the child's id.
pub fn start(body: impl FnOnce() -> i32) -> i32 {
    match process::fork().expect("fork") {
        Fork::Parent(pid) => pid,
        Fork::Child => process::exit(body()),
    }
}

/// Runs `body` in a child and waits for its end.
pub fn run(body: impl FnOnce() -> i32) -> Status {
    wait(start(body))
}

/// Waits for the end of one child.
pub fn wait(pid: i32) -> Status {
    loop {
        match process::wait(pid, 0) {
            Ok(Some((found, status))) => {
                assert_eq!(found, pid);
                return status;
            }
            Err(Errno::EINTR) => {}
            other => panic!("wait4({pid}): {other:?}"),
        }
    }
}
