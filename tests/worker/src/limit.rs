//! A child that has so much time and no more.

use core::time::Duration;
use sys::abi::process::WNOHANG;
use sys::abi::signal::SIGKILL;
use sys::process::{self, Fork};
use sys::wait::Status;
use sys::{Result, file, time};

const GLANCE: Duration = Duration::from_millis(10);

/// Forks a child that exits with what `work` returns, and waits for its end. Its time begins when it
/// calls what it is given.
pub fn limited(limit: Duration, work: impl FnOnce(&dyn Fn()) -> i32) -> Result<Option<Status>> {
    let (from, to) = file::pipe()?;
    let child = match process::fork()? {
        Fork::Parent(child) => child,
        Fork::Child => process::exit(work(&|| {
            let _ = to.write(b"!");
        })),
    };
    drop(to);
    // The pipe's end is one, too.
    let _ = from.read(&mut [0]);
    wait(child, limit)
}

/// How a child ends; `None` if it has to be killed because it takes too long.
pub fn wait(child: i32, limit: Duration) -> Result<Option<Status>> {
    let deadline = time::now() + limit;
    loop {
        if let Some((_, status)) = process::wait(child, WNOHANG)? {
            return Ok(Some(status));
        }
        if time::now() > deadline {
            let _ = process::kill(child, SIGKILL);
            process::wait(child, 0)?;
            return Ok(None);
        }
        time::sleep(GLANCE);
    }
}
