//! What `init` knows of a service.

use crate::client::ask;
use crate::target::Target;
use core::time::Duration;
use sys::abi::signal::SIGKILL;
use sys::proto::supervisor::State;
use sys::service::list;
use sys::{Errno, Result, process, time};

/// Nothing that `init` does takes longer.
const PATIENCE: Duration = Duration::from_secs(5);
const PAUSE: Duration = Duration::from_millis(1);

/// At one moment.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct View {
    /// The server's process.
    pub pid: i32,
    /// Servers of all other services, so far.
    pub others: u32,
}

/// The service once a server of it runs.
pub fn running(target: &Target) -> Result<View> {
    let look = || {
        loop {
            let (mut pid, mut others) = (None, 0);
            for entry in list() {
                if entry.name.as_str() != target.service {
                    others += entry.starts;
                } else if entry.state == State::Running {
                    pid = Some(entry.pid);
                } else if entry.state == State::GivenUp {
                    return Err(Errno::EIO);
                }
            }
            match pid {
                Some(pid) => return Ok([pid.to_le_bytes(), others.to_le_bytes()].concat()),
                None => time::sleep(PAUSE),
            }
        }
    };
    let words = ask(look, PATIENCE)?;
    let (words, _) = words.as_chunks::<4>();
    let &[pid, others] = words else { return Err(Errno::EIO) };
    Ok(View { pid: i32::from_le_bytes(pid), others: u32::from_le_bytes(others) })
}

/// Ends a server; its service has the next one then.
pub fn replace(target: &Target, pid: i32) -> Result<View> {
    match process::kill(pid, SIGKILL) {
        Ok(()) | Err(Errno::ESRCH) => {}
        Err(errno) => return Err(errno),
    }
    let deadline = time::now() + PATIENCE;
    loop {
        let view = running(target)?;
        if view.pid != pid {
            return Ok(view);
        }
        if time::now() > deadline {
            return Err(Errno::ETIMEDOUT);
        }
    }
}
