//! A thread and its stack.

use super::step::*;
use crate::fault::{PAGE, map, unmap};
use core::sync::atomic::{AtomicU32, Ordering::SeqCst};
use sys::Errno;
use sys::abi::process::*;
use sys::thread;

pub const SHARED: u32 = CLONE_VM | CLONE_FS | CLONE_FILES | CLONE_SIGHAND | CLONE_THREAD;

/// The flags of glibc's threads, but for their segment.
pub const LIKE_GLIBC: u32 =
    SHARED | CLONE_SYSVSEM | CLONE_PARENT_SETTID | CLONE_CHILD_CLEARTID | CLONE_CHILD_SETTID;
/// Pages of a thread's stack; the first word of the lowest is its id while it runs.
pub const STACK: u32 = 8;

pub type Body = extern "C" fn(u32) -> i32;

/// A thread and its stack.
pub struct Thread {
    /// Its id.
    pub tid: i32,
    /// Its stack's lowest address.
    pub stack: u32,
}

/// A word of memory that the test mapped.
pub fn word(address: u32) -> &'static AtomicU32 {
    // SAFETY: the word lies in memory that this test mapped, and is only used like this.
    unsafe { &*(address as *const AtomicU32) }
}

pub fn clone(flags: u32, body: Body, argument: u32, tls: u32) -> Result<Thread, Errno> {
    let stack = map(STACK);
    let top = stack + STACK * PAGE - 32 - 4;
    word(top).store(body as usize as u32, SeqCst);
    word(top + 4).store(argument, SeqCst);
    // SAFETY: the stack is the thread's own, and its memory stays until it has ended.
    let result = unsafe { thread::clone(flags, top, stack, tls, stack) };
    match result {
        Ok(tid) => Ok(Thread { tid, stack }),
        Err(error) => {
            unmap(stack, STACK);
            Err(error)
        }
    }
}

/// A thread like glibc's.
pub fn spawn(body: Body, argument: u32) -> Thread {
    clone(LIKE_GLIBC, body, argument, 0).expect("clone")
}

impl Thread {
    /// Waits until the thread has ended: the kernel clears the word then, and wakes who waits.
    pub fn join(self) {
        let word = word(self.stack);
        loop {
            let tid = word.load(SeqCst);
            if tid == 0 {
                break;
            }
            // The kernel's wake is not a private one.
            wait_for(word, tid);
        }
        unmap(self.stack, STACK);
    }
}

pub fn tid() -> i32 {
    call!(gettid()).expect("gettid").cast_signed()
}
