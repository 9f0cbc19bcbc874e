//! Whose turn it is to open and close libraries.

use core::sync::atomic::AtomicU32;
use core::sync::atomic::Ordering::{Relaxed, SeqCst};
use sys::abi::process::{FUTEX_PRIVATE_FLAG, FUTEX_WAIT, FUTEX_WAKE};
use sys::abi::{UserMutPtr, UserPtr};
use sys::syscall::{linux, pointer};

/// One thread at a time opens and closes libraries, and runs their first and last functions: who
/// opens what another is opening waits until that is initialised. Those functions may open and close
/// others, so a thread may take the turn that it has.
pub struct Turn {
    /// The thread's id, or 0.
    owner: AtomicU32,
    /// How often it has taken the turn.
    depth: AtomicU32,
    waiting: AtomicU32,
}

/// The turn of this thread, until this is dropped.
pub struct Taken<'a> {
    turn: &'a Turn,
}

impl Turn {
    pub const fn new() -> Self {
        Self { owner: AtomicU32::new(0), depth: AtomicU32::new(0), waiting: AtomicU32::new(0) }
    }

    pub fn take(&self) -> Taken<'_> {
        let caller = caller();
        if self.owner.load(Relaxed) != caller {
            while let Err(owner) = self.owner.compare_exchange(0, caller, SeqCst, SeqCst) {
                self.waiting.fetch_add(1, SeqCst);
                self.futex(FUTEX_WAIT, owner);
                self.waiting.fetch_sub(1, SeqCst);
            }
        }
        self.depth.fetch_add(1, Relaxed);
        Taken { turn: self }
    }

    /// For the child of a fork that thread `parent` has made, in which there is no other thread.
    /// Whether it is its turn.
    pub fn inherit(&self, parent: u32) -> bool {
        self.waiting.store(0, Relaxed);
        let is_own = self.owner.load(Relaxed) == parent;
        if is_own {
            self.owner.store(caller(), Relaxed);
        } else {
            self.depth.store(0, Relaxed);
            self.owner.store(0, Relaxed);
        }
        is_own
    }

    fn futex(&self, operation: u32, value: u32) {
        let (place, null) = (UserMutPtr::new(pointer(&self.owner)), UserMutPtr::NULL);
        let operation = operation | FUTEX_PRIVATE_FLAG;
        // SAFETY: the word stays; it is waited for in a loop.
        let _ = unsafe { linux::futex(place, operation, value, UserPtr::NULL, null, 0) };
    }
}

impl Taken<'_> {
    /// Whether the thread has taken it once only.
    pub fn is_outermost(&self) -> bool {
        self.turn.depth.load(Relaxed) == 1
    }
}

impl Drop for Taken<'_> {
    fn drop(&mut self) {
        if self.turn.depth.fetch_sub(1, Relaxed) == 1 {
            self.turn.owner.store(0, SeqCst);
            if self.turn.waiting.load(SeqCst) > 0 {
                self.turn.futex(FUTEX_WAKE, 1);
            }
        }
    }
}

/// The running thread's id.
pub fn caller() -> u32 {
    // SAFETY: the call names no memory. It cannot fail.
    unsafe { linux::gettid() }.unwrap_or(u32::MAX)
}
