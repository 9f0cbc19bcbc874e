//! Signals that the kernel sends: the end of a child, an alarm.

use super::counted::*;
use crate::child;
use core::sync::atomic::{AtomicU32, Ordering};
use sys::Errno;
use sys::abi::UserMutPtr;
use sys::abi::signal::*;
use sys::process;
use sys::signal::{self, Action};
use sys::syscall::{input, output};

pub fn the_end_of_a_child_is_signalled() {
    extern "C" fn on_child(_: i32, info: &Siginfo, _: &mut Ucontext) {
        SEEN.store(info.pid(), Ordering::Relaxed);
        FLAGS.store(info.status().cast_unsigned(), Ordering::Relaxed);
        STACK.store(info.code.cast_unsigned(), Ordering::Relaxed);
        COUNT.fetch_add(1, Ordering::Relaxed);
    }
    handle(SIGCHLD, Action::InfoHandler(on_child), SA_NOCLDSTOP);
    let facts = || {
        let load = |word: &AtomicU32| word.load(Ordering::Relaxed).cast_signed();
        (SEEN.load(Ordering::Relaxed), load(&STACK), load(&FLAGS))
    };
    let pid = child::start(|| 9);
    child::wait(pid);
    assert_eq!((counted(), facts()), (1, (pid, CLD_EXITED, 9)));
    let pid = child::start(|| {
        raise(SIGKILL);
        0
    });
    child::wait(pid);
    assert_eq!((counted(), facts()), (1, (pid, CLD_KILLED, SIGKILL)));
}

pub fn children_of_who_ignores_them_leave_no_zombies() {
    signal::ignore(SIGCHLD).expect("rt_sigaction");
    let pid = child::start(|| 3);
    // Waits until it is gone, and then has nothing to tell.
    assert_eq!(process::wait(pid, 0).err(), Some(Errno::ECHILD));
}

pub fn alarms_ring_once() {
    handle(SIGALRM, Action::Handler(count), 0);
    assert!(call!(alarm(1)).expect("alarm") > 0, "the harness's own alarm was running");
    assert_eq!(call!(pause()), Err(Errno::EINTR));
    assert_eq!((counted(), SEEN.load(Ordering::Relaxed)), (1, SIGALRM));
    assert_eq!(call!(alarm(100)), Ok(0));
    assert_eq!(call!(alarm(0)), Ok(100));
}

pub fn interval_timers_ring_again_and_again() {
    use sys::abi::time::{ITIMER_REAL, Itimerval, Timeval};
    handle(SIGALRM, Action::Handler(count), 0);
    let every = Timeval { sec: 0, usec: 20_000 };
    let timer = Itimerval { interval: every, value: every };
    assert_eq!(call!(setitimer(ITIMER_REAL, input(&timer), UserMutPtr::NULL)), Ok(0));
    while COUNT.load(Ordering::Relaxed) < 3 {
        let _ = call!(pause());
    }
    let mut left = Itimerval::default();
    assert_eq!(call!(getitimer(ITIMER_REAL, output(&mut left))), Ok(0));
    assert_eq!(left.interval, every);
    let off = Itimerval::default();
    assert_eq!(call!(setitimer(ITIMER_REAL, input(&off), UserMutPtr::NULL)), Ok(0));
    assert_eq!(call!(setitimer(9, input(&off), UserMutPtr::NULL)), Err(Errno::EINVAL));
    let bad = Itimerval { interval: every, value: Timeval { sec: 0, usec: 1_000_000 } };
    assert_eq!(call!(setitimer(ITIMER_REAL, input(&bad), UserMutPtr::NULL)), Err(Errno::EINVAL));
}
