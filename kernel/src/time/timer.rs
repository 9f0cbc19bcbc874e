//! Kernel timers. A timer lies where its owner wants it, so arming one needs no memory.

use super::clock::monotonic;
use crate::cpu;
use crate::failpoint::fail_point;
use crate::sync::{IrqSpinLock, Rank, WaitError};
use crate::task::{self, Sleep, Task, current};
use abi::failpoint::FAULT_LATE;
use core::cell::UnsafeCell;
use core::marker::PhantomPinned;
use core::pin::{Pin, pin};
use core::sync::atomic::{AtomicBool, Ordering::Relaxed};
use kcore::arena::NIL;
use kcore::timer_queue::{Node, Nodes, TimerQueue};

/// Calls `callback(argument)` from the timer interrupt once its deadline has passed. Dropping it
/// disarms it.
pub struct Timer {
    /// Under the queue's lock.
    node: UnsafeCell<Node>,
    callback: fn(usize),
    argument: usize,
    was_armed: AtomicBool,
    _pinned: PhantomPinned,
}

// SAFETY: the node is touched only under the queue's lock.
unsafe impl Sync for Timer {}

/// What is late on purpose comes so many nanoseconds after its time.
const LATE: u64 = FAULT_LATE as u64 * 1_000_000;

/// Timers in the queue are numbered by their address.
struct NodesInTimers;

static QUEUE: IrqSpinLock<TimerQueue<NodesInTimers>> =
    IrqSpinLock::new(Rank::Timer, TimerQueue::new(NodesInTimers));

impl Nodes for NodesInTimers {
    #[inline]
    fn node(&self, timer: u32) -> Option<&Node> {
        // SAFETY: only `number` makes numbers, of pinned timers that leave the queue before they
        // go; nodes are touched only under the queue's lock.
        (timer != NIL).then(|| unsafe { &*(*(timer as *const Timer)).node.get() })
    }

    #[inline]
    fn node_mut(&mut self, timer: u32) -> Option<&mut Node> {
        // SAFETY: as above.
        (timer != NIL).then(|| unsafe { &mut *(*(timer as *const Timer)).node.get() })
    }
}

impl Timer {
    /// `callback` runs with interrupts off, without locks, and must not sleep.
    pub const fn new(callback: fn(usize), argument: usize) -> Self {
        Self {
            node: UnsafeCell::new(Node::new()),
            callback,
            argument,
            was_armed: AtomicBool::new(false),
            _pinned: PhantomPinned,
        }
    }

    /// A timer that wakes the running task. It must not leave the task's stack.
    pub fn waking_current() -> Self {
        Self::new(wake_task, &raw const *current() as usize)
    }

    fn number(&self) -> u32 {
        &raw const *self as u32
    }

    /// Fires once after `deadline`, by the monotonic clock; an earlier deadline is forgotten.
    pub fn arm(self: Pin<&Self>, deadline: u64) {
        let late = if fail_point!(TimerLate) { LATE } else { 0 };
        self.arm_in_time(deadline.saturating_add(late));
    }

    /// The same, and nothing makes it late.
    #[inline]
    pub fn arm_in_time(self: Pin<&Self>, deadline: u64) {
        self.was_armed.store(true, Relaxed);
        QUEUE.lock().insert(self.number(), deadline);
    }

    /// `false` if the timer was not armed, or has fired.
    pub fn disarm(&self) -> bool {
        self.was_armed.load(Relaxed) && QUEUE.lock().remove(self.number())
    }

    #[cfg(feature = "ktest")]
    pub fn is_armed(&self) -> bool {
        self.was_armed.load(Relaxed) && QUEUE.lock().is_armed(self.number())
    }
}

fn wake_task(task: usize) {
    // SAFETY: a task outlives what lies on its stack, and so this timer.
    task::wake(unsafe { &*(task as *const Task) });
}

impl Drop for Timer {
    fn drop(&mut self) {
        self.disarm();
    }
}

/// From the timer interrupt.
pub(super) fn fire_expired(now: u64) {
    loop {
        let expired = QUEUE.lock_with_interrupts_off().pop_expired(now);
        let Some(timer) = expired else { break };
        // SAFETY: it was armed until now. Its owner cannot free it meanwhile, for this is an
        // interrupt on the one CPU.
        let (callback, argument) = unsafe {
            let timer = &*(timer as *const Timer);
            (timer.callback, timer.argument)
        };
        callback(argument);
    }
}

/// Sleeps until the monotonic clock passes `deadline`, or a signal ends this kind of sleep.
pub fn sleep_until(deadline: u64, how: Sleep) -> Result<(), WaitError> {
    cpu::might_sleep();
    let timer = pin!(Timer::waking_current());
    timer.as_ref().arm(deadline);
    let outcome = loop {
        task::prepare_to_sleep(how);
        if monotonic() >= deadline {
            break Ok(());
        }
        if task::sleep_is_over(how) {
            break Err(WaitError::Interrupted);
        }
        task::schedule();
    };
    task::finish_sleep();
    outcome
}
