//! Children and new programs are told.

use super::traced::*;
use crate::child;
use alloc::vec::Vec;
use sys::abi::trace::*;
use sys::trace::Tracer;
use sys::wait::Status;

pub fn children_are_traced_from_their_first_step() {
    let (tracer, pid) = traced(TRACE_CALLS | TRACE_CHILDREN, 0, || {
        let child = child::start(|| 7);
        assert_eq!(child::wait(child), Status::Exited(7));
        0
    });
    let (mut started, mut ended, mut made) = (Vec::new(), Vec::new(), 0);
    watch(&tracer, |event, what| match what {
        What::Started { by } => started.push((event.tid, by)),
        What::Ended { status } => ended.push((event.tid, status)),
        What::CallLeft(call) if call.number == FORK && event.tid == pid => {
            made = call.result.cast_signed();
        }
        _ => assert!(event.tid == pid || started.iter().any(|(tid, _)| *tid == event.tid)),
    });
    assert_eq!(started, [(made, pid)]);
    assert_eq!(ended, [(made, 0x700), (pid, 0)]);
    assert_eq!(child::wait(pid), Status::Exited(0));
}

pub fn without_that_option_children_are_left_alone() {
    let (tracer, pid) = traced(TRACE_CALLS, 0, || {
        let child = child::start(|| 7);
        assert_eq!(child::wait(child), Status::Exited(7));
        0
    });
    watch(&tracer, |event, _| assert_eq!(event.tid, pid));
    assert_eq!(child::wait(pid), Status::Exited(0));
}

pub fn a_new_program_is_told() {
    folios_own();
    let tracer = Tracer::new(0).expect("trace_create");
    let arguments: [&[u8]; 2] = [b"echo", b"-n"];
    let pid = tracer.start(b"/bin/echo", &arguments, TRACE_CALLS).expect("start");
    let (mut entered, mut executed, mut left) = (false, false, false);
    watch(&tracer, |event, what| match what {
        What::CallEntered(call) if call.number == EXECVE => entered = true,
        What::Executed { former } => {
            assert!(entered && former == event.tid);
            executed = true;
        }
        What::CallLeft(call) if call.number == EXECVE => {
            assert!(executed && call.result == 0);
            left = true;
        }
        _ => {}
    });
    assert!(left);
    assert_eq!(child::wait(pid), Status::Exited(0));
}
