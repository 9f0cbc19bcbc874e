//! Signals are told, and reach the tracer too.

use super::traced::*;
use crate::child;
use alloc::vec::Vec;
use core::time::Duration;
use sys::abi::UserMutPtr;
use sys::abi::signal::*;
use sys::abi::time::{CLOCK_MONOTONIC, Itimerspec, Timespec};
use sys::abi::trace::*;
use sys::process::{self, kill};
use sys::signal::change_mask;
use sys::syscall::{input, output};
use sys::trace::Tracer;
use sys::wait::Status;
use sys::{Errno, time};

pub fn signals_are_told_even_if_ignored() {
    let (tracer, pid) = traced(TRACE_CALLS, 0, || {
        // By default SIGWINCH does nothing.
        kill(process::id(), SIGWINCH).expect("kill");
        kill(process::id(), SIGTERM).expect("kill");
        0
    });
    let mut told = Vec::new();
    watch(&tracer, |_, what| {
        if let What::Signal(info) = what {
            assert_eq!((info.code, info.pid()), (SI_USER, pid));
            told.push(info.signo);
        }
    });
    assert_eq!(told, [SIGWINCH, SIGTERM]);
    assert_eq!(child::wait(pid), Status::Signaled(SIGTERM));
}

pub fn stops_are_told_and_take_place() {
    let (tracer, pid) = traced(TRACE_CALLS, 0, || {
        kill(process::id(), SIGSTOP).expect("kill");
        0
    });
    let helper = child::start(|| {
        while call!(kill(pid, SIGCONT)).is_ok() {
            time::sleep(Duration::from_millis(20));
        }
        0
    });
    let mut told = Vec::new();
    watch(&tracer, |_, what| match what {
        What::Stopped { signal } => told.push(signal),
        What::Ended { status } => assert_eq!(status, 0),
        _ => {}
    });
    assert_eq!(told, [SIGSTOP]);
    assert_eq!(child::wait(pid), Status::Exited(0));
    kill(helper, SIGKILL).expect("kill");
    child::wait(helper);
}

pub fn a_kill_ends_who_stands_still() {
    let (tracer, pid) = traced(TRACE_CALLS, 0, || {
        let _ = call!(getpid());
        0
    });
    let event = run_to(&tracer, GETPID);
    kill(pid, SIGKILL).expect("kill");
    assert_eq!(child::wait(pid), Status::Signaled(SIGKILL));
    assert_eq!(tracer.resume(event.tid), Err(Errno::ESRCH));
    let end = tracer.next().expect("trace_next");
    assert_eq!((end.tid, end.what()), (pid, Some(What::Ended { status: SIGKILL })));
    assert_eq!(tracer.next(), Err(Errno::ECHILD));
}

pub fn word_of_a_timer_does_not_end_the_wait() {
    let (tracer, pid) = traced(TRACE_CALLS, 0, || {
        time::sleep(Duration::from_millis(100));
        4
    });
    change_mask(SIG_BLOCK, SignalSet::of(SIGUSR1)).expect("rt_sigprocmask");
    let event = Sigevent { signo: SIGUSR1, notify: SIGEV_SIGNAL, ..Sigevent::default() };
    let mut timer = -1;
    call!(timer_create(CLOCK_MONOTONIC, input(&event), output(&mut timer))).expect("timer_create");
    let interval = Timespec { sec: 0, nsec: 10_000_000 };
    let often = Itimerspec { interval, value: interval };
    call!(timer_settime(timer, 0, input(&often), UserMutPtr::NULL)).expect("timer_settime");
    watch(&tracer, |_, _| {});
    assert_eq!(child::wait(pid), Status::Exited(4));
}

pub fn a_waiting_tracer_is_interrupted() {
    folios_own();
    extern "C" fn nothing(_: i32) {}
    let (pid, gate) = waiting();
    let tracer = Tracer::new(0).expect("trace_create");
    tracer.attach(pid, TRACE_CALLS).expect("trace_attach");
    // SAFETY: the handler does nothing.
    unsafe {
        sys::signal::set_action(SIGALRM, sys::signal::Action::Handler(nothing), 0, SignalSet::EMPTY)
    }
    .expect("rt_sigaction");
    assert!(call!(alarm(1)).is_ok());
    // Whatever it does first, it stands still then.
    let error = loop {
        match tracer.next() {
            Ok(event) => assert!(event.tid == pid && event.waits()),
            Err(error) => break error,
        }
    };
    assert_eq!(error, Errno::EINTR);
    drop(tracer);
    gate.open();
    assert_eq!(child::wait(pid), Status::Exited(0));
}
