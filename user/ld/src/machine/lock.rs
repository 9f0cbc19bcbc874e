//! The lock of the linker's state.

use core::cell::UnsafeCell;
use core::ops::{Deref, DerefMut};
use core::sync::atomic::{AtomicBool, Ordering};
use sys::abi::signal::{SIG_SETMASK, SignalSet};
use sys::signal;
use sys::syscall::linux;

/// A value that one thread at a time has, without signals: a handler may call a function that is
/// bound only then.
pub struct Lock<T> {
    held: AtomicBool,
    value: UnsafeCell<T>,
}

// SAFETY: `held` lets one thread at a time to the value.
unsafe impl<T> Sync for Lock<T> {}

impl<T> Lock<T> {
    pub const fn new(value: T) -> Self {
        Self { held: AtomicBool::new(false), value: UnsafeCell::new(value) }
    }

    pub fn lock(&self) -> Guard<'_, T> {
        let mask = signal::change_mask(SIG_SETMASK, SignalSet::FULL).ok();
        while self.held.swap(true, Ordering::Acquire) {
            // SAFETY: changes no memory.
            let _ = unsafe { linux::sched_yield() };
        }
        Guard { lock: self, mask }
    }
}

/// The right to the value.
pub struct Guard<'a, T> {
    lock: &'a Lock<T>,
    /// The signals to block afterwards.
    mask: Option<SignalSet>,
}

impl<T> Deref for Guard<'_, T> {
    type Target = T;

    fn deref(&self) -> &T {
        // SAFETY: one guard at a time.
        unsafe { &*self.lock.value.get() }
    }
}

impl<T> DerefMut for Guard<'_, T> {
    fn deref_mut(&mut self) -> &mut T {
        // SAFETY: one guard at a time.
        unsafe { &mut *self.lock.value.get() }
    }
}

impl<T> Drop for Guard<'_, T> {
    fn drop(&mut self) {
        self.lock.held.store(false, Ordering::Release);
        if let Some(mask) = self.mask {
            let _ = signal::change_mask(SIG_SETMASK, mask);
        }
    }
}
