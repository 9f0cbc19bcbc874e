//! Starting programs.

use super::{log, open_log};
use crate::manifest::Manifest;
use crate::session::Program;
use alloc::vec::Vec;
use sys::abi::file::O_RDONLY;
use sys::command::exec_status;
use sys::file::{File, duplicate_to, pipe};
use sys::io::{STDERR, STDIN, STDOUT};
use sys::ipc::{Level, raise_level};
use sys::process::{self, Fork};
use sys::{Errno, Result, terminal};

/// The nice value of programs that have not asked for another one.
const USUAL: i32 = 0;

/// What servers find as their standard streams: nothing to read, and the kernel's log.
pub struct Streams {
    nothing: File,
    log: File,
}

impl Streams {
    /// Opens them.
    pub fn open() -> Result<Self> {
        Ok(Self { nothing: File::open_with("/dev/null", O_RDONLY, 0)?, log: open_log()? })
    }
}

/// Starts a server; its process id.
pub fn server(manifest: &Manifest, streams: &Streams) -> Result<i32> {
    match process::fork()? {
        Fork::Parent(pid) => Ok(pid),
        Fork::Child => {
            let why = become_server(manifest, streams);
            let (service, program) = (manifest.service, &manifest.program);
            log(&streams.log, format_args!("{service}: {program}: {why}"));
            process::exit(exec_status(why))
        }
    }
}

/// Returns only if it fails.
fn become_server(manifest: &Manifest, streams: &Streams) -> Errno {
    let prepare = || {
        process::new_session()?;
        process::set_nice(USUAL)?;
        duplicate_to(streams.nothing.fd(), STDIN)?;
        duplicate_to(streams.log.fd(), STDOUT)?;
        duplicate_to(streams.log.fd(), STDERR)?;
        raise_level(manifest.level)
    };
    if let Err(why) = prepare() {
        return why;
    }
    let mut arguments = Vec::from([manifest.program.as_bytes()]);
    arguments.extend(manifest.arguments.iter().map(|argument| argument.as_bytes()));
    process::exec(&manifest.program, &arguments, &[])
}

/// Starts the session's program on the console; its process id, and a file that tells why it could
/// not be executed, or nothing.
pub fn session(program: &Program, level: Level, log_file: &File) -> Result<(i32, File)> {
    // Closed by a successful `execve`.
    let (failure, failed) = pipe()?;
    match process::fork()? {
        Fork::Parent(pid) => Ok((pid, failure)),
        Fork::Child => {
            let why = become_session(program, level);
            log(log_file, format_args!("{}: {why}", program.path.escape_ascii()));
            // The status is the same if this fails.
            let _ = failed.write_all(&why.number().to_le_bytes());
            process::exit(exec_status(why))
        }
    }
}

/// Returns only if it fails.
fn become_session(program: &Program, level: Level) -> Errno {
    let prepare = || {
        process::new_session()?;
        process::set_nice(USUAL)?;
        // Standard input need not be a terminal.
        let _ = terminal::make_controlling(STDIN);
        raise_level(level)
    };
    if let Err(why) = prepare() {
        return why;
    }
    let arguments: Vec<&[u8]> = program.arguments.iter().map(Vec::as_slice).collect();
    let environment: Vec<&[u8]> = program.environment.iter().map(Vec::as_slice).collect();
    process::exec(&program.path, &arguments, &environment)
}
