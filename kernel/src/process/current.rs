//! The running thread.

use super::thread::Own;
use super::{Process, Thread};
use crate::arch::entry::TrapFrame;
use crate::task;
use core::ops::Deref;
use core::ptr::NonNull;

/// The running thread. It lives as long as it runs; it is not `Send`, so holding one proves that
/// the code runs in this thread.
#[derive(Clone, Copy)]
pub struct CurrentThread(NonNull<Thread>);

/// The running thread. Only for tasks that run programs.
#[inline]
pub fn current() -> CurrentThread {
    let thread = task::current().extension().cast::<Thread>();
    debug_assert!(!thread.is_null(), "a kernel task is no thread of a program");
    // SAFETY: every task that runs a program got its thread before it started.
    CurrentThread(unsafe { NonNull::new_unchecked(thread.cast_mut()) })
}

/// The running thread, if the running task is a program's.
#[inline]
pub fn try_current() -> Option<CurrentThread> {
    NonNull::new(task::current().extension().cast::<Thread>().cast_mut()).map(CurrentThread)
}

impl Deref for CurrentThread {
    type Target = Thread;

    #[inline]
    fn deref(&self) -> &Thread {
        // SAFETY: a thread's task holds a reference to it until its last step, `exit`.
        unsafe { self.0.as_ref() }
    }
}

impl CurrentThread {
    #[inline]
    pub fn process(&self) -> &Process {
        &self.process
    }

    /// What only the thread itself touches.
    #[inline]
    pub fn own(&self) -> &Own {
        // SAFETY: this is the thread itself; `Own` is not `Sync`, so the reference stays here.
        unsafe { &*self.own.get() }
    }

    /// What the program had in its registers when it entered the kernel.
    #[inline]
    pub fn frame(&self) -> TrapFrame {
        self.frame_value(|frame| *frame)
    }

    /// One of these registers.
    #[inline]
    pub fn frame_value<R>(&self, read: impl FnOnce(&TrapFrame) -> R) -> R {
        // SAFETY: the frame lies at the top of this thread's own stack; nobody changes it
        // meanwhile.
        read(unsafe { &*task::current().user_frame() })
    }

    /// Changes what the program will find in its registers.
    #[inline]
    pub fn with_frame<R>(&self, change: impl FnOnce(&mut TrapFrame) -> R) -> R {
        // SAFETY: the frame lies at the top of this thread's own stack, and system calls take
        // their arguments by value.
        change(unsafe { &mut *task::current().user_frame() })
    }
}
