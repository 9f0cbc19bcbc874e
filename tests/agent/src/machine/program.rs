//! Runs a program, and keeps what it says.

use super::faults::{self, Faults};
use super::streams::Streams;
use crate::message::{Program, Ran};
use alloc::vec::Vec;
use core::time::Duration;
use leak::end_orphans;
use sys::abi::process::WNOHANG;
use sys::abi::signal::{SIGKILL, SIGPIPE};
use sys::command::exec_status;
use sys::file::{self, File};
use sys::io::{STDERR, STDIN, STDOUT};
use sys::process::{self, Fork};
use sys::time::now;
use sys::{Result, env, signal};

/// How long a program that wrote nothing may have been dead before that is noticed.
const PAUSE: Duration = Duration::from_millis(50);

pub fn run(program: &Program, faults: Option<&Faults>) -> Result<Ran> {
    let (stdin, stdout, stderr) = (file::pipe()?, file::pipe()?, file::pipe()?);
    let pid = match process::fork()? {
        Fork::Parent(pid) => pid,
        Fork::Child => become_it(program, [&stdin.0, &stdout.1, &stderr.1], faults),
    };
    // Both sides do it, so that it is done before either goes on.
    let _ = process::set_group(pid, 0);
    drop((stdin.0, stdout.1, stderr.1));
    let mut streams = Streams::new(&program.stdin, stdin.1, stdout.0, stderr.0)?;
    let deadline = now() + Duration::from_millis(program.milliseconds.into());
    let mut is_late = false;
    let status = loop {
        streams.pass(PAUSE)?;
        if let Some((_, status)) = process::wait(pid, WNOHANG)? {
            break status;
        }
        if !is_late && now() > deadline {
            is_late = true;
            process::kill(-pid, SIGKILL)?;
        }
    };
    // What it started does not outlive it, or its streams would never end.
    let _ = process::kill(-pid, SIGKILL);
    end_orphans();
    let (stdout, stderr) = streams.finish()?;
    Ok(Ran { status: status.raw(), is_late, stdout, stderr })
}

/// In the new process.
fn become_it(program: &Program, streams: [&File; 3], faults: Option<&Faults>) -> ! {
    let error = prepare(streams).err().unwrap_or_else(|| {
        let names = program.arguments.iter().map(|argument| argument.as_bytes());
        let arguments: Vec<&[u8]> = [program.path.as_bytes()].into_iter().chain(names).collect();
        let environment: Vec<&[u8]> = env::vars().collect();
        if let Some(Err(error)) = faults.map(Faults::enter) {
            return error;
        }
        let error = process::exec(&program.path, &arguments, &environment);
        // What it says about that does not fail, too.
        let _ = faults.map(|_| faults::leave());
        error
    });
    sys::eprintln!("{}: {error}", program.path);
    process::exit(exec_status(error))
}

fn prepare(streams: [&File; 3]) -> Result<()> {
    process::set_group(0, 0)?;
    signal::set_default(SIGPIPE)?;
    for (stream, standard) in streams.into_iter().zip([STDIN, STDOUT, STDERR]) {
        file::duplicate_to(stream.fd(), standard)?;
    }
    Ok(())
}
