//! From the kernel's first program to the supervisor at work.

use super::start::{self, Streams};
use super::{Kernel, log, open_log, watch_children};
use crate::manifest::{FOLDER, Manifest, service_of};
use crate::session::{self, Program, Session, exit_of_failure};
use crate::supervisor::{CHILD_ENDED, Supervisor};
use crate::words::Mistake;
use alloc::format;
use alloc::vec::Vec;
use sys::abi::boot::ARGUMENTS_PATH;
use sys::abi::frame::Exit;
use sys::file::{self, File};
use sys::ipc::{Level, Port, serve, set_supervisor};
use sys::{Errno, Result, directory, eprintln, process};

/// Above every server: one that never sleeps must not keep `init` from ending it.
const NICE: i32 = -20;

/// Runs until the machine ends. Returns only if it cannot.
pub fn run() -> i32 {
    let log_file = match open_log() {
        Ok(file) => file,
        Err(why) => {
            eprintln!("init: /dev/kmsg: {why}");
            return 1;
        }
    };
    let Err(why) = supervise(&log_file);
    log(&log_file, format_args!("{why}"));
    1
}

fn supervise(log_file: &File) -> Result<core::convert::Infallible> {
    process::set_nice(NICE)?;
    let own = Port::new(Level::INIT)?;
    set_supervisor(&own)?;
    watch_children(&own)?;
    let port = own.attach(CHILD_ENDED)?;

    let manifests = manifests(log_file)?;
    let session = session_file(log_file)?;
    let Some(program) = program(&session)? else {
        log(
            log_file,
            format_args!("{ARGUMENTS_PATH} in the boot archive is damaged: nothing is started"),
        );
        return Err(process::shut_down(Exit::Failed));
    };
    let streams = Streams::open()?;
    let mut supervisor =
        Supervisor::new(Kernel { port: &port, log: log_file, streams, failure: None });
    for manifest in manifests {
        supervisor.add(manifest);
    }
    match start::session(&program, session.level, log_file) {
        Ok((pid, failure)) => {
            supervisor.machine().failure = Some(failure);
            supervisor.set_session(pid);
        }
        Err(why) => {
            log(log_file, format_args!("cannot start a process: {why}"));
            return Err(process::shut_down(exit_of_failure(why)));
        }
    }
    drop(program);
    serve(&port, &mut supervisor)
}

/// What the files of the folder say, in the order of their names. Those with mistakes are left out.
fn manifests(log_file: &File) -> Result<Vec<Manifest>> {
    let mut files = match directory::entries(FOLDER) {
        Ok(files) => files,
        Err(Errno::ENOENT) => return Ok(Vec::new()),
        Err(why) => return Err(why),
    };
    files.sort_by(|a, b| a.name.cmp(&b.name));
    let mut manifests = Vec::new();
    for entry in files.iter().filter(|entry| !entry.name.starts_with(b".")) {
        let path = format!("{FOLDER}/{}", entry.name.escape_ascii());
        let Some(service) = service_of(&entry.name) else {
            complain(log_file, format_args!("{path}: not called SERVICE.conf"));
            continue;
        };
        let text = file::read(format!("{FOLDER}/{service}.conf"))?;
        match Manifest::parse(service, &text) {
            Ok(manifest) => manifests.push(manifest),
            Err(mistake) => wrong(log_file, &path, &mistake),
        }
    }
    Ok(manifests)
}

fn session_file(log_file: &File) -> Result<Session> {
    let text = match file::read(session::FILE) {
        Ok(text) => text,
        Err(Errno::ENOENT) => return Ok(Session::default()),
        Err(why) => return Err(why),
    };
    Ok(Session::parse(&text).unwrap_or_else(|mistake| {
        wrong(log_file, session::FILE, &mistake);
        Session::default()
    }))
}

/// What to start. `None`: the file that says it is damaged.
fn program(session: &Session) -> Result<Option<Program>> {
    match file::read(ARGUMENTS_PATH) {
        Ok(file) => Ok(Program::asked_for(&file)),
        Err(Errno::ENOENT) => Ok(Some(Program::usual(session))),
        Err(why) => Err(why),
    }
}

fn wrong(log_file: &File, path: &str, mistake: &Mistake) {
    complain(log_file, format_args!("{path}:{mistake}"));
}

/// For whoever made the archive, who need not be watching the log. No server runs yet whom this
/// could wait for.
fn complain(log_file: &File, line: core::fmt::Arguments<'_>) {
    log(log_file, line);
    eprintln!("init: {line}");
}
