//! Servers that several threads of one program call. Folio's own.

use crate::child;
use crate::ipc::{ADD, serves_well, start_client};
use alloc::sync::Arc;
use sys::ipc::{Call, Connection, Port, Rights};
use sys::thread::{Thread, spawn};
use sys::wait::Status;

tests![threads_call_at_the_same_time, a_child_of_a_thread_calls_as_well, threads_come_from_threads];

/// Calls with sixteen words, over and over, which nobody else calls with.
fn calls(port: &Port, caller: u32) {
    for round in 0..200 {
        let first = (caller << 24) + (round << 8);
        let call = (0..16).fold(Call::new(ADD), |call, word| call.word(first + word));
        let answer = port.call(call).expect("call");
        assert!(answer.message.words().iter().copied().eq(first + 1..first + 17), "{caller}");
    }
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
