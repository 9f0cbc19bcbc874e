//! The program, and pipes to its three streams.

use alloc::vec::Vec;
use sys::abi::boot::Arguments;
use sys::abi::process::WNOHANG;
use sys::file::{File, duplicate_to, pipe};
use sys::io::{Fd, STDERR, STDIN, STDOUT};
use sys::process::{self, Fork};
use sys::wait::Status;
use sys::{Errno, Result};

/// The running program and our ends of its streams.
pub struct Child {
    pid: i32,
    pub stdin: Option<File>,
    pub stdout: File,
    pub stderr: File,
}

impl Child {
    /// Starts it; the inner error is what `execve` said.
    pub fn start(arguments: &Arguments<'_>) -> Result<core::result::Result<Self, Errno>> {
        let words: Vec<&[u8]> = arguments.arguments().collect();
        let environment: Vec<&[u8]> = arguments.environment().collect();
        let path = words.first().copied().ok_or(Errno::EINVAL)?;
        let (stdin_reader, stdin) = pipe()?;
        let (stdout, stdout_writer) = pipe()?;
        let (stderr, stderr_writer) = pipe()?;
        // Closed by a successful `execve`.
        let (why, failed) = pipe()?;
        let pid = match process::fork()? {
            Fork::Parent(pid) => pid,
            Fork::Child => {
                let ends = [
                    (stdin_reader.fd(), STDIN),
                    (stdout_writer.fd(), STDOUT),
                    (stderr_writer.fd(), STDERR),
                ];
                let error = become_program(ends, path, &words, &environment);
                // The parent takes a missing number for success, and then meets status 127.
                let _ = failed.write_all(&error.number().to_le_bytes());
                process::exit(127)
            }
        };
        drop((stdin_reader, stdout_writer, stderr_writer, failed));
        let mut number = [0; 2];
        match why.read(&mut number)? {
            2 => {
                process::wait(pid, 0)?;
                Ok(Err(Errno::from_number(u16::from_le_bytes(number)).unwrap_or(Errno::EIO)))
            }
            _ => Ok(Ok(Self { pid, stdin: Some(stdin), stdout, stderr })),
        }
    }

    /// How it ended, if it has.
    pub fn ended(&self) -> Result<Option<Status>> {
        let found = process::wait(self.pid, WNOHANG)?;
        Ok(found.map(|(_, status)| status))
    }
}

/// Returns only if it fails. All descriptors of ours are above those of the streams.
fn become_program(
    ends: [(Fd, Fd); 3],
    path: &[u8],
    arguments: &[&[u8]],
    environment: &[&[u8]],
) -> Errno {
    for (own, standard) in ends {
        if let Err(error) = duplicate_to(own, standard) {
            return error;
        }
    }
    process::exec(path, arguments, environment)
}
