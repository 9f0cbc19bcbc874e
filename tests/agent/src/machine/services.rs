//! The services of `init`, as a test sees them.

use crate::message::Service;
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;
use core::time::Duration;
use sys::abi::signal::SIGKILL;
use sys::proto::supervisor::{Entry, State};
use sys::time::{now, sleep};
use sys::{Errno, Result, process, service};

const PAUSE: Duration = Duration::from_millis(5);

pub fn all() -> Vec<Service> {
    let known = service::list().map(|entry| Service {
        name: String::from(entry.name.as_str()),
        pid: is_there(&entry).then_some(entry.pid.cast_signed()),
        instance: entry.starts,
    });
    known.collect()
}

/// Kills a service's server. ENOENT: there is no such service; ESRCH: it has no server at the moment.
pub fn kill(name: &str) -> Result<()> {
    let service = service::list().find(|entry| entry.name.as_str() == name);
    // Where there is no server, init says 0: that would be this program's own group.
    let server = service.ok_or(Errno::ENOENT).and_then(|entry| match is_there(&entry) {
        true => Ok(entry.pid.cast_signed()),
        false => Err(Errno::ESRCH),
    });
    process::kill(server?, SIGKILL)
}

/// Waits until each service has a server that is ready; which one has none, if it takes too long.
pub fn await_all(patience: Duration) -> Option<String> {
    let deadline = now() + patience;
    loop {
        let absent = service::list().find(|entry| !is_there(entry))?;
        if absent.state == State::GivenUp || now() > deadline {
            let (name, state) = (absent.name, absent.state.as_str());
            return Some(format!("service {} is {state}", name.as_str()));
        }
        sleep(PAUSE);
    }
}

fn is_there(entry: &Entry) -> bool {
    entry.state == State::Running
}
