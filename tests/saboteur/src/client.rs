//! Processes that may call servers, which this one may not: it is more trusted.

use crate::child;
use alloc::string::String;
use alloc::vec::Vec;
use core::time::Duration;
use sys::abi::signal::SIGKILL;
use sys::file::File;
use sys::io::STDERR;
use sys::ipc::{Level, raise_level};
use sys::wait::Status;
use sys::{Errno, Result, file, process, time};

/// How a piece of work with a server went.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Ended {
    Done,
    Refused(Errno),
    /// It did not live to say so.
    Died(Status),
    /// Something was not true.
    Wrong(String),
    TimedOut,
}

/// Does the work as a program, for at most so long.
pub fn work(body: fn() -> Result<()>, limit: Duration) -> (Ended, Duration) {
    let start = time::now();
    let (read, write) = file::pipe().expect("pipe");
    let pid = child::start(|| {
        let _ = file::duplicate_to(write.fd(), STDERR);
        status_of(become_program().and_then(|()| body()))
    });
    let status = child::wait_until(pid, start + limit);
    drop(write);
    let ended = match status {
        Status::Exited(0) => Ended::Done,
        Status::Exited(process::PANICKED) => Ended::Wrong(said(&read)),
        Status::Exited(code) => errno_of(code).map_or(Ended::Died(status), Ended::Refused),
        Status::Signaled(SIGKILL) => Ended::TimedOut,
        status => Ended::Died(status),
    };
    (ended, time::now() - start)
}

fn status_of(result: Result<()>) -> i32 {
    result.map_or_else(|errno| errno.number().into(), |()| 0)
}

fn errno_of(code: i32) -> Option<Errno> {
    u16::try_from(code).ok().and_then(Errno::from_number)
}

/// What a process that panicked has written.
fn said(pipe: &File) -> String {
    let mut bytes = Vec::new();
    let _ = pipe.read_to_end(&mut bytes);
    String::from_utf8_lossy(&bytes).trim().replace('\n', "; ")
}

/// Bytes that a program finds out.
pub fn ask(body: impl FnOnce() -> Result<Vec<u8>>, limit: Duration) -> Result<Vec<u8>> {
    aside(|| become_program().and_then(|()| body()), limit)
}

/// Bytes that a process of its own finds out, so that its memory is not this one's.
pub fn aside(body: impl FnOnce() -> Result<Vec<u8>>, limit: Duration) -> Result<Vec<u8>> {
    let (read, write) = file::pipe()?;
    let pid = child::start(|| status_of(body().and_then(|bytes| write.write_all(&bytes))));
    drop(write);
    // What it says has room in a pipe.
    match child::wait_until(pid, time::now() + limit) {
        Status::Exited(0) => {
            let mut bytes = Vec::new();
            read.read_to_end(&mut bytes).map(|()| bytes)
        }
        Status::Signaled(SIGKILL) => Err(Errno::ETIMEDOUT),
        Status::Exited(code) => Err(errno_of(code).unwrap_or(Errno::EIO)),
        _ => Err(Errno::EIO),
    }
}

fn become_program() -> Result<()> {
    raise_level(Level::PROGRAM).map(drop)
}
