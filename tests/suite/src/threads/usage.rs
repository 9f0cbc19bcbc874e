//! What a thread used is its process's.

use super::step::*;
use super::thread::*;
use crate::fault::{PAGE, map, unmap};
use core::sync::atomic::Ordering::SeqCst;
use sys::abi::process::*;
use sys::abi::time::Timeval;
use sys::syscall::output;

pub fn a_threads_usage_is_part_of_the_processs() {
    extern "C" fn works(_: u32) -> i32 {
        let area = map(200);
        for page in 0..200 {
            crate::fault::poke(area + page * PAGE, 1);
        }
        let mut own = Rusage::default();
        call!(getrusage(RUSAGE_THREAD, output(&mut own))).expect("getrusage");
        FOUND.store({ own.minflt }.cast_signed(), SeqCst);
        unmap(area, 200);
        0
    }
    let usage = |who| {
        let mut usage = Rusage::default();
        call!(getrusage(who, output(&mut usage))).expect("getrusage");
        { usage.minflt }.cast_signed()
    };
    let before = (usage(RUSAGE_SELF), usage(RUSAGE_THREAD));
    spawn(works, 0).join();
    let of_thread = FOUND.load(SeqCst);
    assert!(of_thread >= 200, "{of_thread}");
    assert!(usage(RUSAGE_SELF) - before.0 >= 200);
    assert!(usage(RUSAGE_THREAD) - before.1 < 100);
}

pub fn time_of_a_thread_that_ends_is_never_missing() {
    fn used(who: i32) -> i32 {
        let mut usage = Rusage::default();
        call!(getrusage(who, output(&mut usage))).expect("getrusage");
        let microseconds = |time: Timeval| time.sec * 1_000_000 + time.usec;
        microseconds(usage.utime) + microseconds(usage.stime)
    }
    extern "C" fn works(_: u32) -> i32 {
        while used(RUSAGE_THREAD) < 50_000 {}
        FOUND.store(used(RUSAGE_THREAD), SeqCst);
        0
    }
    for _ in 0..4 {
        let before = used(RUSAGE_SELF);
        let thread = spawn(works, 0);
        // Told in the middle of the thread's end.
        thread.join();
        let (all, of_thread) = (used(RUSAGE_SELF) - before, FOUND.load(SeqCst));
        assert!(all >= of_thread, "{all} {of_thread}");
    }
}
