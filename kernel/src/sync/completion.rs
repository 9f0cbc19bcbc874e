//! Something that happens once.

use super::WaitQueue;
use core::sync::atomic::AtomicBool;
use core::sync::atomic::Ordering::{Acquire, Release};

/// Outlives both sides: it lies in what they share, not on the stack of the one that waits.
pub struct Completion {
    done: AtomicBool,
    queue: WaitQueue,
}

impl Default for Completion {
    fn default() -> Self {
        Self::new()
    }
}

impl Completion {
    pub const fn new() -> Self {
        Self { done: AtomicBool::new(false), queue: WaitQueue::new() }
    }

    /// It has happened: all who wait go on, and nobody waits any more.
    pub fn complete(&self) {
        self.done.store(true, Release);
        self.queue.wake_all();
    }

    pub fn is_done(&self) -> bool {
        self.done.load(Acquire)
    }

    pub fn wait(&self) {
        self.queue.wait(|| self.is_done());
    }
}
