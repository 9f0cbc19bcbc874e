//! Processes.

use crate::syscall::linux;

/// Exit status of a program that panicked.
pub const PANICKED: i32 = 101;

/// What `main` may return.
pub trait Termination {
    /// The exit status; of it, the low eight bits reach the parent.
    fn status(self) -> i32;
}

impl Termination for () {
    fn status(self) -> i32 {
        0
    }
}

impl Termination for i32 {
    fn status(self) -> i32 {
        self
    }
}

/// An error is printed and is status 1.
impl<T: Termination> Termination for crate::Result<T> {
    fn status(self) -> i32 {
        match self {
            Ok(value) => value.status(),
            Err(error) => {
                crate::eprintln!("{}: {error}", crate::env::program());
                1
            }
        }
    }
}

/// Ends the process. (`exit_group`)
pub fn exit(status: i32) -> ! {
    loop {
        // SAFETY: the call names no memory and does not return.
        let _ = unsafe { linux::exit_group(status) };
    }
}
