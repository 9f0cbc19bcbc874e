//! A handler that counts, and what it saw.

use crate::child;
use core::sync::atomic::{AtomicI32, AtomicU32, Ordering};
use core::time::Duration;
use sys::abi::signal::*;
use sys::process::{self, kill};
use sys::signal::{self, Action};
use sys::time;

pub static COUNT: AtomicI32 = AtomicI32::new(0);
pub static SEEN: AtomicI32 = AtomicI32::new(0);
pub static FLAGS: AtomicU32 = AtomicU32::new(0);
pub static STACK: AtomicU32 = AtomicU32::new(0);

pub extern "C" fn count(signal: i32) {
    COUNT.fetch_add(1, Ordering::Relaxed);
    SEEN.store(signal, Ordering::Relaxed);
    STACK.store((&raw const signal) as u32, Ordering::Relaxed);
}

pub fn counted() -> i32 {
    COUNT.swap(0, Ordering::Relaxed)
}

pub fn handle(signal: i32, action: Action, flags: u32) -> Sigaction {
    // SAFETY: the handlers of this file store to atomics and call the kernel, no more.
    unsafe { signal::set_action(signal, action, flags, SignalSet::EMPTY) }.expect("rt_sigaction")
}

pub fn raise(signal: i32) {
    kill(process::id(), signal).expect("kill");
}

/// A child that sends `signal` to its parent every 10 ms until it is killed.
pub fn nagger(signal: i32) -> i32 {
    let parent = process::id();
    child::start(|| {
        while kill(parent, signal).is_ok() {
            time::sleep(Duration::from_millis(10));
        }
        0
    })
}

pub fn stop(pid: i32) {
    kill(pid, SIGKILL).expect("kill");
    child::wait(pid);
}
