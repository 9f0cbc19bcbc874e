//! Threads end: one, and all with their process.

use super::step::*;
use super::thread::*;
use crate::child;
use core::sync::atomic::{AtomicU32, Ordering::SeqCst};
use core::time::Duration;
use sys::abi::signal::*;
use sys::process;
use sys::syscall::pointer;
use sys::time::sleep;
use sys::wait::Status;

extern "C" fn sleeps_for_ever(_: u32) -> i32 {
    set(&STEP, 1);
    loop {
        let _ = call!(pause());
    }
}

pub fn exit_group_ends_all_threads() {
    extern "C" fn ends(_: u32) -> i32 {
        process::exit(5)
    }
    let status = child::run(|| {
        let _forever = spawn(sleeps_for_ever, 0);
        wait_until(&STEP, 1);
        let _ends = spawn(ends, 0);
        loop {
            let _ = call!(pause());
        }
    });
    assert_eq!(status, Status::Exited(5));
}

pub fn the_first_thread_may_leave_first() {
    extern "C" fn later(_: u32) -> i32 {
        sleep(Duration::from_millis(40));
        // The process is still there, under its old id.
        assert_eq!(call!(kill(process::id(), 0)), Ok(0));
        assert_eq!(call!(tkill(process::id(), 0)), Ok(0));
        4
    }
    let start = sys::time::now();
    let status = child::run(|| {
        let _later = spawn(later, 0);
        let _ = call!(exit(3));
        0
    });
    // The status is that of the last thread.
    assert_eq!(status, Status::Exited(4));
    assert!(sys::time::now() - start >= Duration::from_millis(30));
}

pub fn a_fatal_signal_ends_all_threads() {
    extern "C" fn faults(_: u32) -> i32 {
        crate::fault::peek(8).into()
    }
    let status = child::run(|| {
        let _forever = spawn(sleeps_for_ever, 0);
        let _faults = spawn(faults, 0);
        loop {
            let _ = call!(pause());
        }
    });
    assert_eq!(status, Status::Signaled(SIGSEGV));
    let pid = child::start(|| {
        let _forever = spawn(sleeps_for_ever, 0);
        loop {
            let _ = call!(pause());
        }
    });
    sleep(Duration::from_millis(20));
    process::kill(pid, SIGKILL).expect("kill");
    assert_eq!(child::wait(pid), Status::Signaled(SIGKILL));
}

pub fn exec_leaves_one_thread_with_the_first_ones_id() {
    extern "C" fn executes(_: u32) -> i32 {
        let own = sys::env::args().next().expect("argument 0");
        let error = process::exec(own, &[own, b"--child", b"pid"], &[]);
        panic!("execve: {error:?}")
    }
    for first_leaves in [false, true] {
        let pid = child::start(|| {
            let _forever = spawn(sleeps_for_ever, 0);
            wait_until(&STEP, 1);
            let _executes = spawn(executes, 0);
            if first_leaves {
                let _ = call!(exit(9));
            }
            loop {
                let _ = call!(pause());
            }
        });
        assert_eq!(child::wait(pid), Status::Exited(pid & 0x7f));
    }
}

pub fn locks_of_a_thread_that_ended_are_released() {
    const WAITERS: u32 = 0x8000_0000;
    const OWNER_DIED: u32 = 0x4000_0000;
    /// Head of the list, offset of the words, one pending; then two locks: link and word.
    static LIST: [AtomicU32; 8] = [const { AtomicU32::new(0) }; 8];
    extern "C" fn dies(_: u32) -> i32 {
        let at = |place: usize| pointer(&LIST[place]);
        let own = tid().cast_unsigned();
        for (place, value) in
            [(0, at(3)), (1, 4), (2, at(6)), (3, at(0)), (4, own | WAITERS), (6, 0), (7, own)]
        {
            LIST[place].store(value, SeqCst);
        }
        assert_eq!(call!(set_robust_list(at(0), 12)), Ok(0));
        set(&STEP, 1);
        sleep(Duration::from_millis(20));
        0
    }
    let thread = spawn(dies, 0);
    wait_until(&STEP, 1);
    let held = LIST[4].load(SeqCst);
    wait_for(&LIST[4], held);
    // The one in the list, and the one that was being taken.
    assert_eq!(LIST[4].load(SeqCst), WAITERS | OWNER_DIED);
    thread.join();
    assert_eq!(LIST[7].load(SeqCst), OWNER_DIED);
}
