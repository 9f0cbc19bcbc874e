//! Calls are told.

use super::traced::*;
use crate::child;
use alloc::vec::Vec;
use core::time::Duration;
use sys::abi::signal::*;
use sys::abi::trace::*;
use sys::process::{self, kill};
use sys::syscall::pointer;
use sys::trace::write_memory;
use sys::wait::Status;
use sys::{Errno, time};

pub fn calls_are_told_with_arguments_and_results() {
    let (tracer, pid) = traced(TRACE_CALLS, 0, || {
        let _ = call!(close(-7));
        let _ = call!(getpid());
        // SAFETY: this handle is none.
        let _ = unsafe { sys::syscall::ipc::notify(0xffff_fff0, 5) };
        3
    });
    let mut told = Vec::new();
    watch(&tracer, |event, what| {
        assert_eq!((event.tid, event.pid, event.lost), (pid, pid, 0));
        match what {
            What::CallEntered(call) => {
                told.push((call.table, call.number, call.registers[0], None))
            }
            What::CallLeft(call) => {
                let result = Some(call.result);
                told.push((call.table, call.number, call.registers[0], result));
            }
            What::Ended { status } => assert_eq!(status, 0x300),
            other => panic!("{other:?}"),
        }
    });
    let error = |errno: Errno| u32::from(errno.number()).wrapping_neg();
    let about = |table, number| -> Vec<(u32, Option<u32>)> {
        let same = told.iter().filter(|call| (call.0, call.1) == (table, number));
        same.map(|call| (call.2, call.3)).collect()
    };
    let minus_7 = (-7i32).cast_unsigned();
    let closes = about(LINUX, CLOSE);
    assert!(closes.ends_with(&[(minus_7, None), (minus_7, Some(error(Errno::EBADF)))]));
    assert_eq!(about(LINUX, GETPID).last().and_then(|call| call.1), Some(pid.cast_unsigned()));
    let own = about(FOLIO, 21);
    assert_eq!(own, [(0xffff_fff0, None), (0xffff_fff0, Some(error(Errno::EBADF)))]);
    assert_eq!(about(LINUX, EXIT_GROUP), [(3, None)], "it does not come back");
    assert_eq!(child::wait(pid), Status::Exited(3));
}

pub fn a_thread_stands_still_until_it_is_resumed() {
    let (read, write) = sys::file::pipe().expect("pipe2");
    let text = *b"before";
    let (tracer, pid) = traced(TRACE_CALLS, 0, || {
        write.write_all(&text).expect("write");
        0
    });
    let event = run_to(&tracer, WRITE);
    time::sleep(Duration::from_millis(30));
    // Nothing has been written yet, or it would be the old text.
    assert_eq!(write_memory(pid, pointer(&text), b"after!"), Ok(6));
    assert_eq!(tracer.resume(event.tid), Ok(()));
    assert_eq!(tracer.resume(event.tid), Err(Errno::ESRCH), "it goes on already");
    watch(&tracer, |_, _| ());
    let mut bytes = [0; 6];
    assert_eq!(read.read(&mut bytes), Ok(6));
    assert_eq!(&bytes, b"after!");
    assert_eq!(child::wait(pid), Status::Exited(0));
}

pub fn a_call_that_nobody_lets_begin_does_not_happen() {
    let (tracer, pid) = traced(TRACE_CALLS, 0, || {
        let _ = call!(kill(process::parent_id(), SIGUSR1));
        0
    });
    // SIGUSR1 would end this process.
    run_to(&tracer, KILL);
    kill(pid, SIGKILL).expect("kill");
    assert_eq!(child::wait(pid), Status::Signaled(SIGKILL));
}
