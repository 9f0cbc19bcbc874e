//! How the threads of a test wait for each other.

use core::sync::atomic::{AtomicI32, AtomicU32, Ordering::SeqCst};
use sys::abi::process::*;
use sys::abi::{UserMutPtr, UserPtr};
use sys::syscall::pointer;

/// How far the test is.
pub static STEP: AtomicU32 = AtomicU32::new(0);
/// What a thread has found.
pub static FOUND: AtomicI32 = AtomicI32::new(0);

pub fn wait_for(word: &AtomicU32, value: u32) {
    let place = UserMutPtr::new(pointer(word));
    let null = UserMutPtr::NULL;
    let _ = call!(futex(place, FUTEX_WAIT, value, UserPtr::NULL, null, 0));
}

pub fn wake(word: &AtomicU32) {
    let place = UserMutPtr::new(pointer(word));
    let null = UserMutPtr::NULL;
    call!(futex(place, FUTEX_WAKE, 100, UserPtr::NULL, null, 0)).expect("futex");
}

/// Sets a word and wakes whoever waits for that.
pub fn set(word: &AtomicU32, value: u32) {
    word.store(value, SeqCst);
    wake(word);
}

pub fn wait_until(word: &AtomicU32, wanted: u32) {
    loop {
        let found = word.load(SeqCst);
        if found == wanted {
            return;
        }
        wait_for(word, found);
    }
}

/// Runs until told, with signals coming in.
pub extern "C" fn runs(_: u32) -> i32 {
    set(&STEP, 1);
    wait_until(&STEP, 2);
    0
}
