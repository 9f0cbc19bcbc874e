//! Processes: making and ending them, changing their program, switching between them.

use crate::meter::Meter;
use crate::pages::Pages;
use crate::row::Row;
use core::cell::Cell;
use sys::abi::{UserMutPtr, UserPtr, UserStr};
use sys::syscall::{input, linux, output, pointer};
use sys::{Errno, Result, env, process};

pub const ROWS: &[Row] = &[
    Row { name: "fork_exit_wait_0", run: |meter| fork_exit_wait(meter, 0, 200) },
    Row { name: "fork_exit_wait_1m", run: |meter| fork_exit_wait(meter, 256, 200) },
    Row { name: "fork_exit_wait_64m", run: |meter| fork_exit_wait(meter, 16 << 10, 16) },
    Row { name: "fork_exec_tiny", run: |meter| fork_exec(meter, b"-tiny") },
    Row { name: "fork_exec_shared", run: |meter| fork_exec(meter, b"-shared") },
    Row { name: "fork_exec_self", run: |meter| fork_exec(meter, b"") },
    Row { name: "shared_demo", run: shared_demo },
    Row { name: "pipe_pingpong", run: pingpong },
];

/// Rows that need programs of others in the archive.
pub const OF_OTHERS: &[Row] = &[Row { name: "dash_true", run: dash_true }];

/// The argument with which this program only ends, and its zero byte.
pub const ONLY_EXIT: &[u8] = b"--only-exit\0";

/// A process of ours.
#[must_use]
pub struct Child {
    pid: i32,
}

impl Child {
    /// A copy of this process; its exit status is what `work` returns there.
    #[inline(always)]
    pub fn fork(work: impl FnOnce() -> i32) -> Result<Self> {
        // SAFETY: the call names no memory, and there are no other threads.
        match unsafe { linux::fork() }? {
            0 => process::exit(work()),
            pid => Ok(Self { pid: pid.cast_signed() }),
        }
    }

    /// Waits for its end, which has to be with status 0.
    #[inline(always)]
    pub fn wait(self) -> Result<()> {
        let mut status = 0;
        // SAFETY: the status is ours.
        unsafe { linux::wait4(self.pid, output(&mut status), 0, UserMutPtr::NULL) }?;
        if status == 0 { Ok(()) } else { Err(Errno::ECHILD) }
    }
}

/// Both ends of a pipe, for single bytes.
pub struct Pipe {
    reader: i32,
    writer: Cell<Option<i32>>,
}

impl Pipe {
    pub fn new() -> Result<Self> {
        let mut fds = [0; 2];
        // SAFETY: the array is ours.
        unsafe { linux::pipe(output(&mut fds)) }?;
        let [reader, writer] = fds;
        Ok(Self { reader, writer: Cell::new(Some(writer)) })
    }

    /// Writes one byte.
    #[inline(always)]
    pub fn write(&self) -> Result<()> {
        let writer = self.writer.get().ok_or(Errno::EBADF)?;
        // SAFETY: the kernel only reads the byte.
        unsafe { linux::write(writer, input(&0_u8), 1) }.map(drop)
    }

    /// Reads one byte, or none at the end.
    #[inline(always)]
    pub fn read(&self) -> Result<u32> {
        let mut byte = 0_u8;
        // SAFETY: the byte is ours.
        unsafe { linux::read(self.reader, output(&mut byte), 1) }
    }

    pub fn close_writer(&self) {
        if let Some(writer) = self.writer.take() {
            close(writer);
        }
    }
}

impl Drop for Pipe {
    fn drop(&mut self) {
        self.close_writer();
        close(self.reader);
    }
}

fn close(fd: i32) {
    // SAFETY: only its owner closes a descriptor. Closing a pipe does not fail.
    let _ = unsafe { linux::close(fd) };
}

/// With `pages` of memory in use.
fn fork_exit_wait(meter: &mut Meter, pages: u32, count: u32) -> Result<()> {
    let count = meter.count(count);
    let pages = if pages > 0 { Some(Pages::anonymous(pages)?) } else { None };
    pages.iter().for_each(Pages::write_all);
    meter.time(count, || (0..count).try_for_each(|_| Child::fork(|| 0)?.wait()))
}

/// Executes the program named like this one and `suffix`.
fn fork_exec(meter: &mut Meter, suffix: &[u8]) -> Result<()> {
    let name = env::args().next().unwrap_or_default();
    // Short, as every page of the stack that is written to after a fork is a fault more.
    let mut path = [0; 64];
    let length = name.len() + suffix.len();
    let (start, end) = path.get_mut(..length).ok_or(Errno::ENAMETOOLONG)?.split_at_mut(name.len());
    start.copy_from_slice(name);
    end.copy_from_slice(suffix);
    if length == path.len() {
        return Err(Errno::ENAMETOOLONG);
    }
    let path = UserStr::new(pointer(&path));
    let arguments = [path, UserStr::new(pointer(ONLY_EXIT)), UserStr::NULL];
    let exec = || {
        let arguments = UserPtr::new(pointer(&arguments));
        // SAFETY: the kernel only reads the strings; afterwards nothing of the program is left.
        let result = unsafe { linux::execve(path, arguments, UserPtr::new(env::envp())) };
        i32::from(result.is_err())
    };
    let count = meter.count(200);
    meter.time(count, || (0..count).try_for_each(|_| Child::fork(exec)?.wait()))
}

/// Debian's shell, which its own loader links to its C library.
fn dash_true(meter: &mut Meter) -> Result<()> {
    let words = [b"dash\0\0", b"-c\0\0\0\0", b"true\0\0"];
    let [name, option, command] = words.map(|word| UserStr::new(pointer(word)));
    exec_other(meter, b"/bin/dash\0", &[name, option, command, UserStr::NULL])
}

/// A program of ours with two libraries, which our loader links.
fn shared_demo(meter: &mut Meter) -> Result<()> {
    const STDOUT: i32 = 1;
    let name = UserStr::new(pointer(b"shared-demo\0"));
    // What it prints goes into memory.
    // SAFETY: the call reads the name.
    let file = unsafe { linux::memfd_create(name, 0) }?.cast_signed();
    // SAFETY: standard output comes back below.
    let kept = unsafe {
        let kept = linux::dup(STDOUT)?.cast_signed();
        linux::dup2(file, STDOUT)?;
        kept
    };
    let measured = exec_other(meter, b"/bin/shared-demo\0", &[name, UserStr::NULL]);
    // SAFETY: as above.
    unsafe { linux::dup2(kept, STDOUT) }?;
    close(kept);
    close(file);
    measured
}

/// Executes the program at `path`, which a zero byte ends, without an environment.
fn exec_other(meter: &mut Meter, path: &[u8], arguments: &[UserStr]) -> Result<()> {
    let environment = [UserStr::NULL];
    let exec = || {
        let (path, arguments) = (UserStr::new(pointer(path)), UserPtr::new(pointer(arguments)));
        // SAFETY: as above.
        let result = unsafe { linux::execve(path, arguments, UserPtr::new(pointer(&environment))) };
        i32::from(result.is_err())
    };
    let count = meter.count(1000);
    meter.time(count, || (0..count).try_for_each(|_| Child::fork(exec)?.wait()))
}

/// A byte there and back.
fn pingpong(meter: &mut Meter) -> Result<()> {
    let (there, back) = (Pipe::new()?, Pipe::new()?);
    let child = Child::fork(|| {
        there.close_writer();
        loop {
            match there.read() {
                Ok(0) => return 0,
                Ok(_) if back.write().is_ok() => {}
                _ => return 1,
            }
        }
    })?;
    let count = meter.count(5000);
    meter.time(count, || {
        (0..count).try_for_each(|_| {
            there.write()?;
            back.read().map(drop)
        })
    })?;
    there.close_writer();
    child.wait()
}
