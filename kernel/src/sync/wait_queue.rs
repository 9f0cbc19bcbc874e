//! Tasks that wait for something to become true.
//!
//! A waiter lies on its task's stack and is linked into the queue, so waiting needs no memory.
//! Waking takes the waiter out; a task that sleeps on links it in again.

use super::{IrqSpinLock, Rank};
use crate::cpu;
use crate::task::{self, Sleep, Task, current};
use crate::time::{self, Timer};
use core::cell::Cell;
use core::marker::PhantomPinned;
use core::pin::{Pin, pin};
use core::ptr::{null, null_mut};
use core::sync::atomic::Ordering::{Acquire, Relaxed, Release, SeqCst};
use core::sync::atomic::{AtomicPtr, AtomicU8, AtomicU32, fence};

/// Why a wait ended early.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum WaitError {
    /// A signal is pending that ends this kind of sleep.
    Interrupted,
    /// The deadline has passed.
    TimedOut,
}

pub struct WaitQueue {
    waiters: IrqSpinLock<Waiters>,
    /// How many there are, for wakers who come in vain.
    count: AtomicU32,
}

/// Oldest first.
struct Waiters {
    first: *const Waiter,
    last: *const Waiter,
}

// SAFETY: the pointers are followed only under the queue's lock, and a waiter leaves the queue
// before it goes.
unsafe impl Send for Waiters {}

/// One task's place in one queue, or somebody else's who wants to be told.
pub struct Waiter {
    task: *const Task,
    /// Called instead of waking a task: without locks, perhaps in an interrupt.
    callback: Option<fn(*const Waiter)>,
    /// The queue it was added to last.
    queue: AtomicPtr<WaitQueue>,
    place: AtomicU8,
    // Under the queue's lock.
    next: Cell<*const Waiter>,
    previous: Cell<*const Waiter>,
    _pinned: PhantomPinned,
}

const OUTSIDE: u8 = 0;
const LINKED: u8 = 1;
/// Out of the list, but the waker still uses it.
const WAKING: u8 = 2;

impl Default for WaitQueue {
    fn default() -> Self {
        Self::new()
    }
}

impl WaitQueue {
    pub const fn new() -> Self {
        Self {
            waiters: IrqSpinLock::new(Rank::Wait, Waiters { first: null(), last: null() }),
            count: AtomicU32::new(0),
        }
    }

    /// Sleeps until `attempt` gives a value. It is tried first, and after each wake-up, also
    /// with the task marked as sleeping: it may take spinlocks, and does not sleep itself.
    pub fn wait_for<T>(
        &self,
        how: Sleep,
        deadline: Option<u64>,
        mut attempt: impl FnMut() -> Option<T>,
    ) -> Result<T, WaitError> {
        cpu::might_sleep();
        if let Some(value) = attempt() {
            return Ok(value);
        }
        let waiter = pin!(Waiter::new());
        let waiter = waiter.as_ref();
        let timer = pin!(deadline.map(|_| Timer::waking_current()));
        if let (Some(timer), Some(deadline)) = (timer.as_ref().as_pin_ref(), deadline) {
            timer.arm(deadline);
        }
        let outcome = loop {
            self.add(waiter);
            task::prepare_to_sleep(how);
            if let Some(value) = attempt() {
                break Ok(value);
            }
            if task::sleep_is_over(how) {
                break Err(WaitError::Interrupted);
            }
            if deadline.is_some_and(|deadline| time::monotonic() >= deadline) {
                break Err(WaitError::TimedOut);
            }
            task::schedule();
            if let Some(value) = attempt() {
                break Ok(value);
            }
        };
        task::finish_sleep();
        let was_woken = !waiter.remove();
        if outcome.is_err() && was_woken {
            // This task does not use its wake-up: the next one may.
            self.wake_one();
        }
        outcome
    }

    /// Sleeps until the condition holds, whatever happens.
    #[inline]
    pub fn wait(&self, mut condition: impl FnMut() -> bool) {
        // Without a deadline and a signal there is no error.
        let _ = self.wait_for(Sleep::Uninterruptible, None, || condition().then_some(()));
    }

    /// Sleeps until the condition holds or a signal is pending.
    #[inline]
    pub fn wait_interruptible(&self, mut condition: impl FnMut() -> bool) -> Result<(), WaitError> {
        self.wait_for(Sleep::Interruptible, None, || condition().then_some(()))
    }

    /// Wakes the oldest waiter. `false` if there was none.
    #[inline]
    pub fn wake_one(&self) -> bool {
        self.has_waiters() && self.wake(1) == 1
    }

    /// Wakes all waiters.
    #[inline]
    pub fn wake_all(&self) {
        if self.has_waiters() {
            self.wake(u32::MAX);
        }
    }

    /// Whether anybody waits. What the caller stored before is seen by whoever starts to wait
    /// after this.
    #[inline]
    pub fn has_waiters(&self) -> bool {
        fence(SeqCst);
        self.count.load(Relaxed) != 0
    }

    fn wake(&self, limit: u32) -> u32 {
        let mut waiters = self.waiters.lock();
        let mut woken = 0;
        // SAFETY: a linked waiter is alive, and stays so until its place is OUTSIDE.
        while let Some(waiter) = unsafe { waiters.first.as_ref() } {
            if woken == limit {
                break;
            }
            self.unlink(&mut waiters, waiter);
            waiter.place.store(WAKING, Relaxed);
            match waiter.callback {
                // SAFETY: a task outlives its waiters, which lie on its stack or are its own.
                None => drop(task::wake_with_interrupts_off(unsafe { &*waiter.task })),
                Some(callback) => {
                    // It may wake others, in other queues.
                    drop(waiters);
                    callback(waiter);
                    waiters = self.waiters.lock();
                }
            }
            waiter.place.store(OUTSIDE, Release);
            woken += 1;
        }
        woken
    }

    /// Links the waiter in, last, unless it is in already. The queue outlives the waiter, or its
    /// next [`remove`](Waiter::remove).
    pub fn add(&self, waiter: Pin<&Waiter>) {
        match waiter.place.load(Acquire) {
            LINKED => return,
            OUTSIDE => {}
            _ => waiter.settle(),
        }
        waiter.queue.store((&raw const *self).cast_mut(), Relaxed);
        let mut waiters = self.waiters.lock();
        waiter.place.store(LINKED, Relaxed);
        waiter.next.set(null());
        waiter.previous.set(waiters.last);
        let place = &raw const *waiter;
        // SAFETY: linked waiters are alive.
        match unsafe { waiters.last.as_ref() } {
            Some(last) => last.next.set(place),
            None => waiters.first = place,
        }
        waiters.last = place;
        self.count.store(self.count.load(Relaxed) + 1, Relaxed);
    }

    fn unlink(&self, waiters: &mut Waiters, waiter: &Waiter) {
        let (next, previous) = (waiter.next.get(), waiter.previous.get());
        // SAFETY: linked waiters are alive.
        match unsafe { previous.as_ref() } {
            Some(previous) => previous.next.set(next),
            None => waiters.first = next,
        }
        // SAFETY: as above.
        match unsafe { next.as_ref() } {
            Some(next) => next.previous.set(previous),
            None => waiters.last = previous,
        }
        self.count.store(self.count.load(Relaxed) - 1, Relaxed);
    }
}

impl Drop for WaitQueue {
    fn drop(&mut self) {
        assert!(self.count.load(Relaxed) == 0, "a wait queue went while somebody waited");
    }
}

impl Waiter {
    /// For the running task.
    pub fn new() -> Self {
        Self::with(&raw const *current(), None)
    }

    /// For whoever wants `callback` to be called with the waiter.
    pub fn calling(callback: fn(*const Self)) -> Self {
        Self::with(null(), Some(callback))
    }

    const fn with(task: *const Task, callback: Option<fn(*const Self)>) -> Self {
        Self {
            task,
            callback,
            queue: AtomicPtr::new(null_mut()),
            place: AtomicU8::new(OUTSIDE),
            next: Cell::new(null()),
            previous: Cell::new(null()),
            _pinned: PhantomPinned,
        }
    }

    /// Leaves the queue. `false` if a waker took the waiter out, or it was never in.
    pub fn remove(&self) -> bool {
        if self.place.load(Acquire) == LINKED {
            // SAFETY: a queue outlives the waiters linked into it.
            let queue = unsafe { &*self.queue.load(Relaxed) };
            let mut waiters = queue.waiters.lock();
            if self.place.load(Relaxed) == LINKED {
                queue.unlink(&mut waiters, self);
                self.place.store(OUTSIDE, Relaxed);
                return true;
            }
        }
        self.settle();
        false
    }

    /// Waits for a waker on another CPU to be done with this waiter.
    fn settle(&self) {
        while self.place.load(Acquire) == WAKING {
            core::hint::spin_loop();
        }
    }
}

impl Drop for Waiter {
    fn drop(&mut self) {
        self.remove();
    }
}
