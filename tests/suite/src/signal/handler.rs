//! Handlers run, nest and hold others off.

use super::counted::*;
use crate::child;
use core::sync::atomic::Ordering;
use core::time::Duration;
use sys::abi::signal::*;
use sys::process::{self, kill};
use sys::signal::{self, Action};
use sys::time;
use sys::wait::Status;

pub fn a_handler_runs_and_returns() {
    handle(SIGUSR1, Action::Handler(count), 0);
    for _ in 0..50 {
        raise(SIGUSR1);
    }
    assert_eq!((counted(), SEEN.load(Ordering::Relaxed)), (50, SIGUSR1));
}

pub fn a_signal_is_blocked_in_its_own_handler() {
    extern "C" fn nested(signal: i32) {
        let depth = COUNT.fetch_add(1, Ordering::Relaxed);
        if depth == 0 {
            raise(signal);
            FLAGS.store(COUNT.load(Ordering::Relaxed).cast_unsigned(), Ordering::Relaxed);
        }
    }
    handle(SIGUSR1, Action::Handler(nested), 0);
    raise(SIGUSR1);
    assert_eq!((FLAGS.load(Ordering::Relaxed), counted()), (1, 2));
    handle(SIGUSR1, Action::Handler(nested), SA_NODEFER);
    raise(SIGUSR1);
    assert_eq!((FLAGS.load(Ordering::Relaxed), counted()), (2, 2));
    assert_eq!(signal::mask(), Ok(SignalSet::EMPTY));
}

pub fn handlers_nest() {
    extern "C" fn outer(_: i32) {
        raise(SIGUSR2);
        FLAGS.store(COUNT.load(Ordering::Relaxed).cast_unsigned(), Ordering::Relaxed);
    }
    handle(SIGUSR1, Action::Handler(outer), 0);
    handle(SIGUSR2, Action::Handler(count), 0);
    raise(SIGUSR1);
    assert_eq!((FLAGS.load(Ordering::Relaxed), counted()), (1, 1));
}

pub fn a_handlers_mask_holds_others_off() {
    extern "C" fn outer(_: i32) {
        raise(SIGUSR2);
        FLAGS.store(COUNT.load(Ordering::Relaxed).cast_unsigned() + 10, Ordering::Relaxed);
    }
    handle(SIGUSR2, Action::Handler(count), 0);
    // SAFETY: see `handle`.
    unsafe { signal::set_action(SIGUSR1, Action::Handler(outer), 0, SignalSet::of(SIGUSR2)) }
        .expect("rt_sigaction");
    raise(SIGUSR1);
    assert_eq!((FLAGS.load(Ordering::Relaxed), counted()), (10, 1));
}

pub fn a_busy_process_is_interrupted() {
    extern "C" fn quit(_: i32) {
        process::exit(23);
    }
    let pid = child::start(|| {
        handle(SIGTERM, Action::Handler(quit), 0);
        loop {
            core::hint::spin_loop();
        }
    });
    // Until the handler is set SIGTERM would simply end it.
    time::sleep(Duration::from_millis(100));
    kill(pid, SIGTERM).expect("kill");
    assert_eq!(child::wait(pid), Status::Exited(23));
}
