//! The task that runs on this CPU.

use super::schedule::{IDLE, is_idle};
use super::task::Task;
use crate::cpu;
use alloc::sync::Arc;
use core::fmt;
use core::ops::Deref;
use core::ptr::NonNull;
use kcore::addr::PAGE_SIZE;

/// The running task. It lives as long as it runs, so whoever holds this may use it; it goes to no
/// other task, because it is not `Send`.
#[derive(Clone, Copy)]
pub struct Current(NonNull<Task>);

/// Valid once `idle::adopt_boot` has run.
#[inline]
pub fn current() -> Current {
    let task = cpu::current().cast::<Task>();
    debug_assert!(!task.is_null());
    // SAFETY: `adopt_boot` set the first one, the switch all others.
    Current(unsafe { NonNull::new_unchecked(task) })
}

impl Deref for Current {
    type Target = Task;

    #[inline]
    fn deref(&self) -> &Task {
        // SAFETY: the running task is not freed: its memory goes after its last switch.
        unsafe { self.0.as_ref() }
    }
}

impl Current {
    /// A reference that may be kept. Panics for the idle task, which is no `Arc`.
    pub fn to_arc(self) -> Arc<Task> {
        assert!(!is_idle(&self), "the idle task has no owner");
        let task = self.0.as_ptr().cast_const();
        // SAFETY: every other task was made by `Task::new`, and the scheduler holds a reference.
        unsafe {
            Arc::increment_strong_count(task);
            Arc::from_raw(task)
        }
    }
}

/// The running task, for the panic report.
pub struct Description(Option<Current>);

pub fn describe_current() -> Description {
    Description(running())
}

/// `None` before there is one.
pub fn running() -> Option<Current> {
    NonNull::new(cpu::current().cast::<Task>()).map(Current)
}

impl fmt::Display for Description {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        match self.0 {
            None => f.write_str("boot"),
            Some(task) if core::ptr::eq(&*task, &IDLE) => f.write_str("idle"),
            Some(task) => {
                let name = task.name();
                let name = name.split(|byte| *byte == 0).next().unwrap_or_default();
                write!(f, "{} {}", task.tid(), name.escape_ascii())
            }
        }
    }
}

/// Whether an address lies just below the running task's stack.
pub fn is_in_guard_page(address: u32) -> bool {
    running().is_some_and(|task| {
        let (bottom, _) = task.stack_bounds();
        (bottom - PAGE_SIZE..bottom).contains(&address)
    })
}

/// Return addresses on the running task's stack, from a frame on outwards.
pub fn call_path(mut frame: u32) -> impl Iterator<Item = u32> {
    core::iter::from_fn(move || {
        let [next, address] = stack_words(frame)?;
        // Callers lie higher on the stack; anything else is no frame.
        frame = if next > frame { next } else { 0 };
        Some(address)
    })
}

/// Two words of the running task's stack; `None` outside it.
pub fn stack_words(pointer: u32) -> Option<[u32; 2]> {
    let (bottom, top) = running()?.stack_bounds();
    if !pointer.is_multiple_of(4) || pointer < bottom || pointer > top - 8 {
        return None;
    }
    let words = pointer as *const [u32; 2];
    // SAFETY: inside a mapped stack, which the running task owns.
    Some(unsafe { words.read_volatile() })
}
