//! Processes that this one starts.

use core::time::Duration;
use sys::abi::process::WNOHANG;
use sys::abi::signal::SIGKILL;
use sys::process::{self, Fork};
use sys::wait::Status;
use sys::{Errno, time};

/// Between two looks.
const PAUSE: Duration = Duration::from_micros(500);

/// Runs `body` in a child, which exits with what it returns; the child's id.
pub fn start(body: impl FnOnce() -> i32) -> i32 {
    match process::fork().expect("fork") {
        Fork::Parent(pid) => pid,
        Fork::Child => process::exit(body()),
    }
}

/// Waits for the end of one child.
pub fn wait(pid: i32) -> Status {
    loop {
        match process::wait(pid, 0) {
            Ok(Some((_, status))) => return status,
            Ok(None) | Err(Errno::EINTR) => {}
            Err(errno) => panic!("wait4({pid}): {errno}"),
        }
    }
}

/// The same, but at this time it is killed.
pub fn wait_until(pid: i32, deadline: Duration) -> Status {
    while time::now() < deadline {
        match process::wait(pid, WNOHANG) {
            Ok(Some((_, status))) => return status,
            Ok(None) | Err(Errno::EINTR) => time::sleep(PAUSE),
            Err(errno) => panic!("wait4({pid}): {errno}"),
        }
    }
    let _ = process::kill(pid, SIGKILL);
    wait(pid)
}
