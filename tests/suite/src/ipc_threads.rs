//! Servers that several threads of one program call. Folio's own.

use crate::child;
use crate::ipc::{ADD, serves_well, start_client};
use alloc::sync::Arc;
use core::arch::asm;
use core::sync::atomic::{AtomicBool, Ordering::Relaxed};
use sys::abi::signal::{SIGTRAP, SignalSet};
use sys::ipc::{Call, Connection, Port, Rights};
use sys::signal::{Action, set_action};
use sys::thread::{Thread, spawn};
use sys::wait::Status;

tests![
    threads_call_at_the_same_time,
    threads_take_turns_anywhere,
    a_child_of_a_thread_calls_as_well,
    threads_come_from_threads
];

/// Calls with sixteen words, which nobody else calls with.
fn call(port: &Port, caller: u32, round: u32) {
    let first = (caller << 24) + (round << 8);
    let call = (0..16).fold(Call::new(ADD), |call, word| call.word(first + word));
    let answer = port.call(call).expect("call");
    assert!(answer.message.words().iter().copied().eq(first + 1..first + 17), "{caller}");
}

fn calls(port: &Port, caller: u32) {
    (0..200).for_each(|round| call(port, caller, round));
}

fn call_together(port: Port) {
    let port = Arc::new(port);
    let threads = [1, 2].map(|caller| {
        let port = port.clone();
        spawn(move || calls(&port, caller)).expect("clone")
    });
    calls(&port, 3);
    threads.into_iter().for_each(Thread::join);
}

pub fn threads_call_at_the_same_time() {
    serves_well(call_together);
}

extern "C" fn let_others_run(_: i32) {
    call!(sched_yield()).expect("sched_yield");
}

/// Lets others run behind every instruction of `work`.
fn step_by_step(work: impl FnOnce()) {
    // SAFETY: the handler makes a call that changes no memory.
    unsafe { set_action(SIGTRAP, Action::Handler(let_others_run), 0, SignalSet::EMPTY) }
        .expect("rt_sigaction");
    // SAFETY: the trap flag makes signals, which are handled.
    unsafe { asm!("pushfd", "or dword ptr [esp], 0x100", "popfd") };
    work();
    // SAFETY: as it was.
    unsafe { asm!("pushfd", "and dword ptr [esp], -0x101", "popfd") };
}

/// Wherever a thread is between filling its message and the call, another one's comes in between.
pub fn threads_take_turns_anywhere() {
    serves_well(|port| {
        let (port, done) = (Arc::new(port), Arc::new(AtomicBool::new(false)));
        let (its_port, its_done) = (port.clone(), done.clone());
        let other = spawn(move || {
            let rounds = (0_u32..).take_while(|_| !its_done.load(Relaxed));
            rounds.for_each(|round| {
                call(&its_port, 1, round & 0xffff);
                // One call for each step of the other's is enough.
                let_others_run(0);
            });
        });
        step_by_step(|| call(&port, 2, 0));
        done.store(true, Relaxed);
        other.expect("clone").join();
    });
}

pub fn a_child_of_a_thread_calls_as_well() {
    serves_well(|port| {
        calls(&port, 1);
        let thread = spawn(move || {
            calls(&port, 2);
            let (child, _handle) = start_client(&port, Rights::CALL, |port| {
                calls(&port, 3);
                call_together(port);
            });
            calls(&port, 4);
            assert_eq!(child::wait(child), Status::Exited(0));
        });
        thread.expect("clone").join();
    });
}

pub fn threads_come_from_threads() {
    serves_well(|port| {
        let outer = spawn(move || {
            let port = Arc::new(port);
            for caller in 1..6 {
                let its = port.clone();
                let inner = spawn(move || calls(&its, caller)).expect("clone");
                calls(&port, 0);
                inner.join();
            }
        });
        outer.expect("clone").join();
    });
}
