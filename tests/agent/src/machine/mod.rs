//! The program itself.

mod faults;
mod program;
mod services;
mod streams;

use crate::READY;
use crate::message::{Failure, Reply, Request, frame, length, parse};
use alloc::string::ToString;
use alloc::vec::Vec;
use core::time::Duration;
use faults::{Faults, Known};
use sys::abi::signal::SIGPIPE;
use sys::file::{self, File};
use sys::io::{STDIN, STDOUT};
use sys::{Errno, Result, env, process, signal};

/// Answers requests until there are no more.
pub fn run() -> i32 {
    match serve() {
        Ok(()) => 0,
        Err(error) => {
            sys::eprintln!("agent: {error}");
            1
        }
    }
}

fn serve() -> Result<()> {
    process::adopt_orphans(true)?;
    // A program that does not read to its end of input is no reason to die.
    signal::ignore(SIGPIPE)?;
    if let Some(requests) = env::args().nth(1) {
        file::duplicate_to(File::open(requests)?.fd(), STDIN)?;
    }
    STDOUT.write_all(READY)?;
    let (mut faults, mut known) = (None, Known::new());
    while let Some(request) = next_request()? {
        let reply = match request {
            Ok(request) => answer(request, &mut faults, &mut known),
            Err(errno) => failed("request", errno),
        };
        STDOUT.write_all(&frame(&reply))?;
    }
    Ok(())
}

/// `None` at the end of what there is to read, and where only zeroes follow.
fn next_request() -> Result<Option<Result<Request>>> {
    let mut prefix = [0; 4];
    if !read_exactly(&mut prefix)? {
        return Ok(None);
    }
    let length = length(prefix).ok_or(Errno::EMSGSIZE)?;
    if length == 0 {
        return Ok(None);
    }
    let mut body = Vec::new();
    body.try_reserve_exact(length).map_err(|_| Errno::ENOMEM)?;
    body.resize(length, 0);
    if !read_exactly(&mut body)? {
        return Ok(None);
    }
    Ok(Some(parse(&body).ok_or(Errno::EBADMSG)))
}

/// Whether there were as many bytes.
fn read_exactly(mut place: &mut [u8]) -> Result<bool> {
    while !place.is_empty() {
        match STDIN.read(place) {
            Ok(0) => return Ok(false),
            Ok(count) => place = place.get_mut(count..).unwrap_or_default(),
            Err(Errno::EINTR) => {}
            Err(error) => return Err(error),
        }
    }
    Ok(true)
}

fn answer(request: Request, faults: &mut Option<Faults>, known: &mut Known) -> Reply {
    match request {
        Request::Begin(plan) => match Faults::begin(&plan) {
            Ok(begun) => {
                *faults = Some(begun);
                Reply::Done
            }
            Err(errno) => failed("fault_create", errno),
        },
        Request::Run(program) => {
            reply(&program.path, program::run(&program, faults.as_ref()), Reply::Ran)
        }
        Request::End { within } => match faults.take() {
            Some(begun) => {
                let patience = Duration::from_secs(within.into());
                reply("fault_state", begun.end(patience, known), Reply::Ended)
            }
            None => failed("end", Errno::EINVAL),
        },
        Request::Write { path, contents } => {
            reply(&path, write(&path, &contents), |()| Reply::Done)
        }
        Request::Read { path } => reply(&path, file::read(&path), Reply::Contents),
        Request::Services => Reply::Services(services::all()),
        Request::Kill { service } => reply(&service, services::kill(&service), |()| Reply::Done),
    }
}

fn reply<T>(what: &str, result: Result<T>, reply: impl FnOnce(T) -> Reply) -> Reply {
    result.map_or_else(|errno| failed(what, errno), reply)
}

fn failed(what: &str, errno: Errno) -> Reply {
    Reply::Failed(Failure { what: what.to_string(), errno: errno.number() })
}

fn write(path: &str, contents: &[u8]) -> Result<()> {
    File::create(path)?.write_all(contents)
}
