//! A lock whose holder may sleep.

use super::{WaitQueue, held};
use crate::cpu;
use core::cell::UnsafeCell;
use core::marker::PhantomData;
use core::ops::{Deref, DerefMut};
use core::sync::atomic::AtomicU32;
use core::sync::atomic::Ordering::{Acquire, Relaxed, Release};

const FREE: u32 = 0;
const HELD: u32 = 1;
/// Held, and somebody may wait.
const WANTED: u32 = 2;

pub struct Mutex<T> {
    state: AtomicU32,
    queue: WaitQueue,
    value: UnsafeCell<T>,
}

// SAFETY: the lock lets one task at the value at a time.
unsafe impl<T: Send> Sync for Mutex<T> {}

/// Not `Send`: the task that took the lock releases it.
pub struct MutexGuard<'a, T> {
    mutex: &'a Mutex<T>,
    not_send: PhantomData<*mut ()>,
}

impl<T> Mutex<T> {
    pub const fn new(value: T) -> Self {
        Self { state: AtomicU32::new(FREE), queue: WaitQueue::new(), value: UnsafeCell::new(value) }
    }

    #[inline]
    pub fn lock(&self) -> MutexGuard<'_, T> {
        cpu::might_sleep();
        if self.state.compare_exchange(FREE, HELD, Acquire, Relaxed).is_err() {
            self.wait();
        }
        MutexGuard::new(self)
    }

    #[inline]
    pub fn try_lock(&self) -> Option<MutexGuard<'_, T>> {
        self.state.compare_exchange(FREE, HELD, Acquire, Relaxed).ok()?;
        Some(MutexGuard::new(self))
    }

    #[cold]
    fn wait(&self) {
        self.queue.wait(|| self.state.swap(WANTED, Acquire) == FREE);
    }
}

impl<'a, T> MutexGuard<'a, T> {
    /// This task holds `mutex`.
    #[inline]
    fn new(mutex: &'a Mutex<T>) -> Self {
        held::taken();
        Self { mutex, not_send: PhantomData }
    }
}

impl<T> Deref for MutexGuard<'_, T> {
    type Target = T;

    #[inline]
    fn deref(&self) -> &T {
        // SAFETY: this task holds the lock.
        unsafe { &*self.mutex.value.get() }
    }
}

impl<T> DerefMut for MutexGuard<'_, T> {
    #[inline]
    fn deref_mut(&mut self) -> &mut T {
        // SAFETY: this task holds the lock.
        unsafe { &mut *self.mutex.value.get() }
    }
}

impl<T> Drop for MutexGuard<'_, T> {
    #[inline]
    fn drop(&mut self) {
        held::released();
        if self.mutex.state.swap(FREE, Release) == WANTED {
            self.mutex.queue.wake_one();
        }
    }
}
