//! Calls that wait for a signal, and calls that one interrupts.

use super::counted::*;
use crate::child;
use core::time::Duration;
use sys::abi::signal::*;
use sys::abi::{UserMutPtr, UserPtr};
use sys::process::{self, kill};
use sys::signal::{self, Action, change_mask};
use sys::syscall::{input, output};
use sys::{Errno, time};

pub fn suspending_waits_with_another_mask() {
    handle(SIGUSR1, Action::Handler(count), 0);
    change_mask(SIG_BLOCK, SignalSet::of(SIGUSR1)).expect("rt_sigprocmask");
    raise(SIGUSR1);
    signal::suspend(SignalSet::EMPTY);
    assert_eq!(counted(), 1);
    assert_eq!(signal::mask(), Ok(SignalSet::of(SIGUSR1)));
}

pub fn pausing_waits_for_a_handler() {
    handle(SIGUSR1, Action::Handler(count), 0);
    let pid = nagger(SIGUSR1);
    assert_eq!(call!(pause()), Err(Errno::EINTR));
    signal::ignore(SIGUSR1).expect("rt_sigaction");
    stop(pid);
    assert!(counted() >= 1);
}

pub fn waiting_takes_a_pending_signal() {
    let set = SignalSet::of(SIGUSR1).union(SignalSet::of(SIGUSR2));
    change_mask(SIG_BLOCK, set).expect("rt_sigprocmask");
    raise(SIGUSR2);
    let mut info = Siginfo::default();
    let none = UserPtr::NULL;
    assert_eq!(
        call!(rt_sigtimedwait(input(&set), output(&mut info), none, 8)),
        Ok(SIGUSR2.cast_unsigned())
    );
    assert_eq!((info.signo, info.code, info.pid()), (SIGUSR2, SI_USER, process::id()));
    let soon = sys::abi::time::Timespec { sec: 0, nsec: 10_000_000 };
    assert_eq!(
        call!(rt_sigtimedwait(input(&set), UserMutPtr::NULL, input(&soon), 8)),
        Err(Errno::EAGAIN)
    );
}

pub fn interrupted_calls_restart_or_fail() {
    for (flags, wanted) in [(0, Err(Errno::EINTR)), (SA_RESTART, Ok(1))] {
        handle(SIGUSR1, Action::Handler(count), flags);
        let (read, write) = sys::file::pipe().expect("pipe2");
        let parent = process::id();
        let pid = child::start(|| {
            for _ in 0..10 {
                time::sleep(Duration::from_millis(10));
                kill(parent, SIGUSR1).expect("kill");
            }
            time::sleep(Duration::from_millis(10));
            write.write_all(b"x").expect("write");
            0
        });
        let mut byte = [0];
        assert_eq!(read.read(&mut byte), wanted);
        signal::ignore(SIGUSR1).expect("rt_sigaction");
        child::wait(pid);
        assert!(counted() >= 1);
    }
}

pub fn sleeping_never_restarts_and_tells_the_rest() {
    handle(SIGUSR1, Action::Handler(count), SA_RESTART);
    let pid = nagger(SIGUSR1);
    let asked = sys::abi::time::Timespec { sec: 20, nsec: 0 };
    let mut rest = sys::abi::time::Timespec::default();
    assert_eq!(call!(nanosleep(input(&asked), output(&mut rest))), Err(Errno::EINTR));
    signal::ignore(SIGUSR1).expect("rt_sigaction");
    stop(pid);
    assert!((1..=20).contains(&rest.sec), "{rest:?}");
}

pub fn ignored_signals_do_not_interrupt() {
    signal::ignore(SIGUSR1).expect("rt_sigaction");
    let pid = nagger(SIGUSR1);
    let asked = sys::abi::time::Timespec { sec: 0, nsec: 80_000_000 };
    assert_eq!(call!(nanosleep(input(&asked), UserMutPtr::NULL)), Ok(0));
    stop(pid);
}
