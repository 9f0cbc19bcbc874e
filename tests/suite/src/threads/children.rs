//! Children of a process with several threads.

use super::step::*;
use super::thread::*;
use crate::child;
use core::sync::atomic::{AtomicI32, Ordering::SeqCst};
use sys::Errno;
use sys::process;
use sys::wait::Status;

pub fn any_thread_waits_for_any_child() {
    static PID: AtomicI32 = AtomicI32::new(0);
    extern "C" fn waits(_: u32) -> i32 {
        let found = child::wait(PID.load(SeqCst));
        FOUND.store(i32::from(found == Status::Exited(8)), SeqCst);
        0
    }
    PID.store(child::start(|| 8), SeqCst);
    spawn(waits, 0).join();
    assert_eq!(FOUND.load(SeqCst), 1);
    assert_eq!(process::wait(-1, 0), Err(Errno::ECHILD));
}

pub fn a_child_of_a_thread_has_one_thread() {
    extern "C" fn forks(_: u32) -> i32 {
        let status = child::run(|| {
            let alone = tid() == process::id();
            i32::from(!alone)
        });
        FOUND.store(i32::from(status == Status::Exited(0)), SeqCst);
        0
    }
    let forever = spawn(runs, 0);
    wait_until(&STEP, 1);
    spawn(forks, 0).join();
    assert_eq!(FOUND.load(SeqCst), 1);
    set(&STEP, 2);
    forever.join();
}
