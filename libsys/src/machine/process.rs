//! Processes: copies, new programs, ends, signals, groups.

use crate::path::CPath;
use crate::syscall::{folio, linux, output, pointer};
use crate::wait::Status;
use crate::{Errno, Result, heap, library, signal};
use abi::frame::Exit;
use abi::process::{PR_SET_CHILD_SUBREAPER, PRIO_PROCESS};
use abi::signal::{SIG_UNBLOCK, SIGABRT, SignalSet};
use abi::{UserMutPtr, UserPtr, UserStr};
use alloc::vec::Vec;

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

/// Ends the machine, telling the host how the program ended that it was booted for. Returns only if
/// that fails. (Folio's `end_machine`)
///
/// EPERM: this is not process 1.
pub fn shut_down(exit: Exit) -> Errno {
    // SAFETY: the call names no memory.
    match unsafe { folio::end_machine(exit.to_raw()) } {
        Ok(_) => Errno::EIO,
        Err(why) => why,
    }
}

/// Ends the process. (`exit_group`)
pub fn exit(status: i32) -> ! {
    loop {
        // SAFETY: the call names no memory and does not return.
        let _ = unsafe { linux::exit_group(status) };
    }
}

/// Ends the process by SIGABRT, whoever blocks or ignores that; a handler of the program's runs before.
/// (`tgkill`)
pub fn abort() -> ! {
    let _ = signal::change_mask(SIG_UNBLOCK, SignalSet::of(SIGABRT));
    raise(SIGABRT);
    // It is ignored, or handled.
    let _ = signal::set_default(SIGABRT);
    raise(SIGABRT);
    exit(128 + SIGABRT)
}

/// Sends a signal to this thread.
fn raise(signal: i32) {
    // SAFETY: the calls name no memory.
    let _ =
        unsafe { linux::gettid().and_then(|tid| linux::tgkill(id(), tid.cast_signed(), signal)) };
}

/// Which of the two processes this is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fork {
    /// The new one.
    Child,
    /// The old one, with the id of the new one.
    Parent(i32),
}

/// Copies the process. (`fork`)
///
/// EAGAIN: too many processes. ENOMEM: no memory for tables.
pub fn fork() -> Result<Fork> {
    // No other thread may be in the middle of using it, for the child would wait in vain.
    let _heap = heap::hold();
    let pid = library::fork()?;
    Ok(if pid == 0 { Fork::Child } else { Fork::Parent(pid.cast_signed()) })
}

/// A vector of strings as `execve` wants it.
struct StringVector {
    _bytes: Vec<u8>,
    addresses: Vec<UserStr>,
}

impl StringVector {
    fn new<'a>(strings: impl Iterator<Item = &'a [u8]> + Clone) -> Self {
        let mut bytes = Vec::new();
        for string in strings.clone() {
            bytes.extend_from_slice(string);
            bytes.push(0);
        }
        let mut addresses = Vec::new();
        let mut address = pointer(bytes.as_slice());
        for string in strings {
            addresses.push(UserStr::new(address));
            address += string.len() as u32 + 1;
        }
        addresses.push(UserStr::NULL);
        Self { _bytes: bytes, addresses }
    }

    fn as_user(&self) -> UserPtr<UserStr> {
        UserPtr::new(pointer(self.addresses.as_slice()))
    }
}

/// Replaces the program by the one at `path`; returns only if that fails. (`execve`)
///
/// Arguments begin with the program's name; the environment is `NAME=VALUE` each.
pub fn exec(path: impl AsRef<[u8]>, arguments: &[&[u8]], environment: &[&[u8]]) -> Errno {
    let path = match CPath::new(path) {
        Ok(path) => path,
        Err(error) => return error,
    };
    let arguments = StringVector::new(arguments.iter().copied());
    let environment = StringVector::new(environment.iter().copied());
    // SAFETY: the kernel only reads the strings; if it succeeds nothing of this program is left.
    match unsafe { linux::execve(path.as_user(), arguments.as_user(), environment.as_user()) } {
        Ok(_) => Errno::EIO,
        Err(error) => error,
    }
}

/// Waits for a child to change state; `None` with `WNOHANG` if none has. (`wait4`)
///
/// `pid` is a child's id, −1 for any, 0 for any of the own group, −n for any of group n.
///
/// ECHILD: there is no such child. EINTR: a signal was handled.
pub fn wait(pid: i32, options: u32) -> Result<Option<(i32, Status)>> {
    let mut status = 0;
    // SAFETY: the status is exclusively ours.
    let found = unsafe { linux::wait4(pid, output(&mut status), options, UserMutPtr::NULL) }?;
    Ok((found != 0).then_some((found.cast_signed(), Status::from_raw(status))))
}

/// The process id. (`getpid`)
pub fn id() -> i32 {
    // SAFETY: the call names no memory. It cannot fail.
    unsafe { linux::getpid() }.map_or(0, u32::cast_signed)
}

/// The parent's process id. (`getppid`)
pub fn parent_id() -> i32 {
    // SAFETY: the call names no memory. It cannot fail.
    unsafe { linux::getppid() }.map_or(0, u32::cast_signed)
}

/// The process group. (`getpgrp`)
pub fn group() -> i32 {
    // SAFETY: the call names no memory. It cannot fail.
    unsafe { linux::getpgrp() }.map_or(0, u32::cast_signed)
}

/// Puts process `pid` (0: the caller) into group `group` (0: its own id). (`setpgid`)
pub fn set_group(pid: i32, group: i32) -> Result<()> {
    // SAFETY: the call names no memory.
    unsafe { linux::setpgid(pid, group) }.map(drop)
}

/// Starts a session and a group, both with the caller's id, without a terminal. (`setsid`)
///
/// EPERM: the caller leads a group.
pub fn new_session() -> Result<()> {
    // SAFETY: the call names no memory.
    unsafe { linux::setsid() }.map(drop)
}

/// Whether the orphans among the caller's descendants become its children, to wait for.
/// (`prctl` PR_SET_CHILD_SUBREAPER)
pub fn adopt_orphans(adopts: bool) -> Result<()> {
    // SAFETY: this option names no memory.
    unsafe { linux::prctl(PR_SET_CHILD_SUBREAPER, u32::from(adopts), 0, 0, 0) }.map(drop)
}

/// Sets the caller's nice value, −20 to 19: the lower, the more of the processor. (`setpriority`)
///
/// EACCES: lower than it is, without the privilege.
pub fn set_nice(nice: i32) -> Result<()> {
    // SAFETY: the call names no memory.
    unsafe { linux::setpriority(PRIO_PROCESS, 0, nice) }.map(drop)
}

/// Sends a signal to process `pid`, to group −`pid`, to the own group (0) or to all (−1). (`kill`)
///
/// Signal 0 only asks whether it could be sent. ESRCH: nobody there.
pub fn kill(pid: i32, signal: i32) -> Result<()> {
    // SAFETY: the call names no memory.
    unsafe { linux::kill(pid, signal) }.map(drop)
}
