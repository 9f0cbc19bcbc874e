//! Starting another program.

use crate::io::{Fd, STDERR, STDIN, STDOUT};
use crate::process::{self, Fork};
use crate::wait::Status;
use crate::{Errno, Result, env, file};
use alloc::vec::Vec;

/// A program to start, with its arguments and standard descriptors.
#[derive(Debug)]
pub struct Command<'a> {
    path: &'a [u8],
    arguments: Vec<&'a [u8]>,
    standard: [Fd; 3],
}

impl<'a> Command<'a> {
    /// The program at `path`, which is also argument 0. The environment is the caller's.
    pub fn new(path: &'a (impl AsRef<[u8]> + ?Sized)) -> Self {
        let path = path.as_ref();
        Self { path, arguments: Vec::from([path]), standard: [STDIN, STDOUT, STDERR] }
    }

    /// Adds an argument.
    pub fn arg(&mut self, argument: &'a (impl AsRef<[u8]> + ?Sized)) -> &mut Self {
        self.arguments.push(argument.as_ref());
        self
    }

    /// Gives it another standard input.
    pub fn stdin(&mut self, fd: Fd) -> &mut Self {
        self.standard[0] = fd;
        self
    }

    /// Gives it another standard output.
    pub fn stdout(&mut self, fd: Fd) -> &mut Self {
        self.standard[1] = fd;
        self
    }

    /// Gives it another standard error.
    pub fn stderr(&mut self, fd: Fd) -> &mut Self {
        self.standard[2] = fd;
        self
    }

    /// Starts it; returns its process id. (`fork`, `dup2`, `execve`)
    ///
    /// The child exits with status 127 if there is no such program, 126 if it cannot be executed.
    pub fn spawn(&self) -> Result<i32> {
        match process::fork()? {
            Fork::Parent(pid) => Ok(pid),
            Fork::Child => {
                let error = self.replace();
                crate::eprintln!("{}: {error}", self.path.escape_ascii());
                process::exit(exec_status(error))
            }
        }
    }

    /// Starts it and waits for its end. (`wait4`)
    pub fn status(&self) -> Result<Status> {
        let pid = self.spawn()?;
        loop {
            match process::wait(pid, 0) {
                Ok(Some((_, status))) => return Ok(status),
                Ok(None) | Err(Errno::EINTR) => {}
                Err(error) => return Err(error),
            }
        }
    }

    /// Becomes the program; returns only if that fails.
    fn replace(&self) -> Errno {
        // A wanted descriptor below 3 may be overwritten on the way: moves them all up first.
        let mut moved = self.standard;
        for fd in &mut moved {
            match duplicate_above_standard(*fd) {
                Ok(copy) => *fd = copy,
                Err(error) => return error,
            }
        }
        for (fd, target) in moved.into_iter().zip([STDIN, STDOUT, STDERR]) {
            if let Err(error) = file::duplicate_to(fd, target) {
                return error;
            }
        }
        let environment: Vec<&[u8]> = env::vars().collect();
        process::exec(self.path, &self.arguments, &environment)
    }
}

fn duplicate_above_standard(fd: Fd) -> Result<Fd> {
    use abi::file::F_DUPFD_CLOEXEC;
    // SAFETY: the call names no memory.
    let copy = unsafe { crate::syscall::linux::fcntl64(fd.0, F_DUPFD_CLOEXEC, 3) }?;
    Ok(Fd(copy.cast_signed()))
}

/// The exit status that stands for a failed `execve`.
pub fn exec_status(error: Errno) -> i32 {
    match error {
        Errno::ENOENT | Errno::ENOTDIR => 127,
        _ => 126,
    }
}
