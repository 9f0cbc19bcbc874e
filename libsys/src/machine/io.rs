//! Descriptors as streams of bytes, and the three every program starts with.

use crate::Result;
use crate::syscall::{linux, pointer, pointer_mut};
use abi::{Errno, UserMutPtr, UserPtr};
use core::fmt;

/// Standard input.
pub const STDIN: Fd = Fd(0);
/// Standard output.
pub const STDOUT: Fd = Fd(1);
/// Standard error.
pub const STDERR: Fd = Fd(2);

/// A descriptor that somebody else closes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Fd(pub i32);

impl Fd {
    /// Reads at most `buffer.len()` bytes; 0 is the end of the file. (`read`)
    pub fn read(self, buffer: &mut [u8]) -> Result<usize> {
        let address = UserMutPtr::new(pointer_mut(buffer));
        // SAFETY: the buffer is exclusively ours and that long.
        let count = unsafe { linux::read(self.0, address, buffer.len() as u32) }?;
        Ok(count as usize)
    }

    /// Writes at least one byte, unless `bytes` is empty; returns how many. (`write`)
    pub fn write(self, bytes: &[u8]) -> Result<usize> {
        let address = UserPtr::new(pointer(bytes));
        // SAFETY: the kernel only reads the slice.
        let count = unsafe { linux::write(self.0, address, bytes.len() as u32) }?;
        Ok(count as usize)
    }

    /// Writes all bytes, going on after a signal. (`write`)
    pub fn write_all(self, mut bytes: &[u8]) -> Result<()> {
        while !bytes.is_empty() {
            match self.write(bytes) {
                Ok(0) => return Err(Errno::EIO),
                Ok(count) => bytes = bytes.get(count..).unwrap_or_default(),
                Err(Errno::EINTR) => {}
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }
}

/// Collects what one `print!` produces, so that it is one `write` if it is short.
struct Collected {
    fd: Fd,
    length: usize,
    bytes: [u8; 512],
    result: Result<()>,
}

impl Collected {
    fn flush(&mut self) {
        let pending = self.bytes.get(..self.length).unwrap_or_default();
        if self.result.is_ok() {
            self.result = self.fd.write_all(pending);
        }
        self.length = 0;
    }
}

impl fmt::Write for Collected {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        let mut bytes = text.as_bytes();
        while !bytes.is_empty() {
            let room = self.bytes.get_mut(self.length..).unwrap_or_default();
            let count = room.len().min(bytes.len());
            let (now, later) = bytes.split_at(count);
            if let Some(room) = room.get_mut(..count) {
                room.copy_from_slice(now);
            }
            self.length += count;
            bytes = later;
            if self.length == self.bytes.len() {
                self.flush();
            }
        }
        if self.result.is_ok() { Ok(()) } else { Err(fmt::Error) }
    }
}

/// Writes formatted text to a descriptor. (`write`)
pub fn write_fmt(fd: Fd, arguments: fmt::Arguments<'_>) -> Result<()> {
    let mut collected = Collected { fd, length: 0, bytes: [0; 512], result: Ok(()) };
    let formatted = fmt::write(&mut collected, arguments);
    collected.flush();
    collected.result?;
    formatted.map_err(|_| Errno::EINVAL)
}

/// What `print!` calls. Errors end the program, as a program whose output nobody takes is of no use.
#[doc(hidden)]
pub fn print_or_exit(arguments: fmt::Arguments<'_>) {
    if let Err(error) = write_fmt(STDOUT, arguments) {
        let _ = write_fmt(
            STDERR,
            format_args!("{}: standard output: {error}\n", crate::env::program()),
        );
        crate::process::exit(1);
    }
}

/// Writes formatted text to standard output; the program ends with status 1 if that fails. (`write`)
#[macro_export]
macro_rules! print {
    ($($argument:tt)*) => { $crate::io::print_or_exit(format_args!($($argument)*)) };
}

/// `print!` and a line feed.
#[macro_export]
macro_rules! println {
    () => { $crate::print!("\n") };
    ($($argument:tt)*) => {
        $crate::io::print_or_exit(format_args!("{}\n", format_args!($($argument)*)))
    };
}

/// Writes formatted text to standard error; failures are ignored. (`write`)
#[macro_export]
macro_rules! eprint {
    ($($argument:tt)*) => {{
        let _ = $crate::io::write_fmt($crate::io::STDERR, format_args!($($argument)*));
    }};
}

/// `eprint!` and a line feed.
#[macro_export]
macro_rules! eprintln {
    () => { $crate::eprint!("\n") };
    ($($argument:tt)*) => { $crate::eprint!("{}\n", format_args!($($argument)*)) };
}
