//! A sleeping lock for one writer or many readers, in the order they came. The mm's lock.
//!
//! Nobody queued: one compare-and-exchange in, one locked instruction out. Otherwise whoever
//! comes joins the queue, and whoever leaves last hands the lock to its head: a writer, or all
//! readers up to the next writer. So neither kind starves, and a reader must not take the lock
//! again while it has it.

use super::{Rank, SpinLock, held};
use crate::cpu;
use crate::task::{self, Sleep, Task, current};
use core::cell::{Cell, UnsafeCell};
use core::marker::PhantomData;
use core::ops::{Deref, DerefMut};
use core::ptr::null;
use core::sync::atomic::Ordering::{AcqRel, Acquire, Relaxed, Release};
use core::sync::atomic::{AtomicU8, AtomicU32};

const WRITER: u32 = 1 << 31;
/// The queue is not empty, or its lock's holder is about to change that.
const QUEUED: u32 = 1 << 30;
/// The readers.
const READERS: u32 = QUEUED - 1;

// In this order: the state is looked at most, and should be near.
#[repr(C)]
pub struct RwLock<T> {
    state: AtomicU32,
    queue: SpinLock<Queue>,
    value: UnsafeCell<T>,
}

// SAFETY: the lock lets one writer or several readers at the value.
unsafe impl<T: Send + Sync> Sync for RwLock<T> {}

struct Queue {
    first: *const Waiter,
    last: *const Waiter,
}

// SAFETY: the pointers are followed only under the queue's lock; a waiter stays where it is until
// it has been granted the lock.
unsafe impl Send for Queue {}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Wish {
    Read,
    Write,
}

/// On the stack of the task that waits.
struct Waiter {
    wish: Wish,
    task: *const Task,
    grant: AtomicU8,
    next: Cell<*const Waiter>,
}

const WAITING: u8 = 0;
const GRANTED: u8 = 1;
/// The one who granted does not use the waiter any more.
const DONE: u8 = 2;

/// Not `Send`: the task that took the lock releases it.
pub struct ReadGuard<'a, T> {
    lock: &'a RwLock<T>,
    not_send: PhantomData<*mut ()>,
}

/// Not `Send`: the task that took the lock releases it.
pub struct WriteGuard<'a, T> {
    lock: &'a RwLock<T>,
    not_send: PhantomData<*mut ()>,
}

impl<T> RwLock<T> {
    pub const fn new(value: T) -> Self {
        let queue = Queue { first: null(), last: null() };
        Self {
            state: AtomicU32::new(0),
            queue: SpinLock::new(Rank::LockQueue, queue),
            value: UnsafeCell::new(value),
        }
    }

    #[inline]
    pub fn read(&self) -> ReadGuard<'_, T> {
        cpu::might_sleep();
        if !self.try_enter() {
            self.wait(Wish::Read);
        }
        ReadGuard::new(self)
    }

    /// `None` if that would mean to wait.
    #[inline]
    pub fn try_read(&self) -> Option<ReadGuard<'_, T>> {
        self.try_enter().then(|| ReadGuard::new(self))
    }

    #[inline]
    pub fn write(&self) -> WriteGuard<'_, T> {
        cpu::might_sleep();
        if self.state.compare_exchange(0, WRITER, Acquire, Relaxed).is_err() {
            self.wait(Wish::Write);
        }
        WriteGuard::new(self)
    }

    /// Whether a writer holds it, for assertions.
    #[inline]
    pub fn is_written(&self) -> bool {
        self.state.load(Relaxed) & WRITER != 0
    }

    /// `None` if that would mean to wait.
    #[inline]
    #[cfg(feature = "ktest")]
    pub fn try_write(&self) -> Option<WriteGuard<'_, T>> {
        self.state.compare_exchange(0, WRITER, Acquire, Relaxed).ok()?;
        Some(WriteGuard::new(self))
    }

    #[inline]
    fn try_enter(&self) -> bool {
        let state = self.state.load(Relaxed);
        state < READERS
            && self.state.compare_exchange(state, state.wrapping_add(1), Acquire, Relaxed).is_ok()
    }

    #[cold]
    fn wait(&self, wish: Wish) {
        let waiter = Waiter {
            wish,
            task: &raw const *current(),
            grant: AtomicU8::new(WAITING),
            next: Cell::new(null()),
        };
        {
            let mut queue = self.queue.lock();
            // From here on everybody comes by the queue's lock, but for readers who leave.
            let state = self.state.fetch_or(QUEUED, AcqRel);
            let blocked = match wish {
                Wish::Read => state & (WRITER | QUEUED),
                Wish::Write => state,
            };
            if blocked == 0 {
                match wish {
                    // 1 more, and QUEUED off.
                    Wish::Read => self.state.fetch_sub(QUEUED - 1, Acquire),
                    Wish::Write => self.state.swap(WRITER, Acquire),
                };
                return;
            }
            queue.push(&waiter);
        }
        loop {
            task::prepare_to_sleep(Sleep::Uninterruptible);
            if waiter.grant.load(Acquire) != WAITING {
                break;
            }
            task::schedule();
        }
        task::finish_sleep();
        while waiter.grant.load(Acquire) != DONE {
            core::hint::spin_loop();
        }
    }

    /// The lock may have become free while somebody was queued.
    #[cold]
    fn hand_over(&self) {
        let mut queue = self.queue.lock();
        if self.state.load(Acquire) & (WRITER | READERS) != 0 {
            return;
        }
        // SAFETY: waiters in the queue are alive.
        match unsafe { queue.first.as_ref() } {
            None => self.state.store(0, Release),
            Some(Waiter { wish: Wish::Write, .. }) => {
                let writer = queue.pop();
                self.state.store(WRITER | queue.flag(), Release);
                grant(writer);
            }
            Some(_) => {
                let granted = queue.first;
                let (mut readers, mut last) = (0, null());
                // SAFETY: as above.
                while let Some(Waiter { wish: Wish::Read, .. }) = unsafe { queue.first.as_ref() } {
                    last = queue.pop();
                    readers += 1;
                }
                self.state.store(readers | queue.flag(), Release);
                grant_up_to(granted, last);
            }
        }
    }
}

/// Lets a waiter that left the queue go on.
fn grant(waiter: *const Waiter) {
    grant_up_to(waiter, waiter);
}

fn grant_up_to(mut waiter: *const Waiter, last: *const Waiter) {
    loop {
        // SAFETY: a waiter, and its task, are alive until `DONE`.
        let (task, grant, next) =
            unsafe { (&*(*waiter).task, &(*waiter).grant, (*waiter).next.get()) };
        grant.store(GRANTED, Release);
        task::wake(task);
        let is_last = waiter == last;
        grant.store(DONE, Release);
        if is_last {
            break;
        }
        waiter = next;
    }
}

impl Queue {
    fn push(&mut self, waiter: &Waiter) {
        let place = &raw const *waiter;
        // SAFETY: waiters in the queue are alive.
        match unsafe { self.last.as_ref() } {
            Some(last) => last.next.set(place),
            None => self.first = place,
        }
        self.last = place;
    }

    /// Takes the head, which there is.
    fn pop(&mut self) -> *const Waiter {
        let first = self.first;
        // SAFETY: as above.
        self.first = unsafe { (*first).next.get() };
        if self.first.is_null() {
            self.last = null();
        }
        first
    }

    fn flag(&self) -> u32 {
        if self.first.is_null() { 0 } else { QUEUED }
    }
}

impl<'a, T> ReadGuard<'a, T> {
    /// This task has `lock` for reading.
    #[inline]
    fn new(lock: &'a RwLock<T>) -> Self {
        held::taken();
        Self { lock, not_send: PhantomData }
    }
}

impl<'a, T> WriteGuard<'a, T> {
    /// This task has `lock` for writing.
    #[inline]
    fn new(lock: &'a RwLock<T>) -> Self {
        held::taken();
        Self { lock, not_send: PhantomData }
    }
}

impl<T> Deref for ReadGuard<'_, T> {
    type Target = T;

    #[inline]
    fn deref(&self) -> &T {
        // SAFETY: this task has the lock for reading.
        unsafe { &*self.lock.value.get() }
    }
}

impl<T> Deref for WriteGuard<'_, T> {
    type Target = T;

    #[inline]
    fn deref(&self) -> &T {
        // SAFETY: this task has the lock for writing.
        unsafe { &*self.lock.value.get() }
    }
}

impl<T> DerefMut for WriteGuard<'_, T> {
    #[inline]
    fn deref_mut(&mut self) -> &mut T {
        // SAFETY: this task has the lock for writing.
        unsafe { &mut *self.lock.value.get() }
    }
}

impl<T> Drop for ReadGuard<'_, T> {
    #[inline]
    fn drop(&mut self) {
        held::released();
        if self.lock.state.fetch_sub(1, Release) == QUEUED | 1 {
            self.lock.hand_over();
        }
    }
}

impl<T> Drop for WriteGuard<'_, T> {
    #[inline]
    fn drop(&mut self) {
        held::released();
        if self.lock.state.compare_exchange(WRITER, 0, Release, Relaxed).is_err() {
            self.lock.state.fetch_and(!WRITER, Release);
            self.lock.hand_over();
        }
    }
}
