//! What a signal does when it arrives: default, ignored, handled once.

use super::counted::*;
use crate::child;
use sys::abi::UserPtr;
use sys::abi::signal::*;
use sys::process::kill;
use sys::signal::{self, Action, change_mask};
use sys::syscall::{input, output};
use sys::wait::Status;

pub fn one_shot_handlers_are_reset() {
    let status = child::run(|| {
        handle(SIGUSR1, Action::Handler(count), SA_RESETHAND);
        raise(SIGUSR1);
        assert_eq!(counted(), 1);
        raise(SIGUSR1);
        0
    });
    assert_eq!(status, Status::Signaled(SIGUSR1));
}

pub fn the_former_action_is_told() {
    let first = handle(SIGUSR1, Action::Ignore, 0);
    assert_eq!(first.handler, SIG_DFL);
    let second = handle(SIGUSR1, Action::Handler(count), SA_RESTART);
    assert_eq!(second.handler, SIG_IGN);
    let third = handle(SIGUSR1, Action::Default, 0);
    assert_eq!(third.handler, count as *const () as u32);
    assert_eq!(third.flags & SA_RESTART, SA_RESTART);
}

pub fn old_sigaction_works_too() {
    let raw = Action::Handler(count).to_raw(0, SignalSet::EMPTY);
    let action = OldSigaction {
        handler: raw.handler,
        mask: 1 << 11,
        flags: raw.flags,
        restorer: raw.restorer,
    };
    let mut old = OldSigaction::default();
    assert_eq!(call!(sigaction(SIGUSR1, input(&action), output(&mut old))), Ok(0));
    raise(SIGUSR1);
    assert_eq!(counted(), 1);
    assert_eq!(call!(sigaction(SIGUSR1, UserPtr::NULL, output(&mut old))), Ok(0));
    assert_eq!((old.handler, old.mask), (action.handler, action.mask));
}

pub fn default_actions() {
    let deadly = [
        SIGHUP, SIGINT, SIGQUIT, SIGILL, SIGTRAP, SIGABRT, SIGBUS, SIGFPE, SIGKILL, SIGUSR1,
        SIGSEGV, SIGUSR2, SIGPIPE, SIGALRM, SIGTERM, SIGSTKFLT, SIGXCPU, SIGXFSZ, SIGVTALRM,
        SIGPROF, SIGIO, SIGPWR, SIGSYS, 34, 64,
    ];
    for signal in deadly {
        let status = child::run(|| {
            raise(signal);
            0
        });
        assert_eq!(status, Status::Signaled(signal));
    }
    for signal in [SIGCHLD, SIGCONT, SIGURG, SIGWINCH] {
        let status = child::run(|| {
            raise(signal);
            7
        });
        assert_eq!(status, Status::Exited(7), "{signal}");
    }
}

pub fn ignored_signals_do_nothing() {
    signal::ignore(SIGTERM).expect("rt_sigaction");
    raise(SIGTERM);
    // Ignored signals do not wait, either.
    change_mask(SIG_BLOCK, SignalSet::of(SIGUSR1)).expect("rt_sigprocmask");
    raise(SIGUSR1);
    signal::ignore(SIGUSR1).expect("rt_sigaction");
    assert_eq!(signal::pending(), Ok(SignalSet::EMPTY));
}

pub fn a_busy_process_can_be_killed() {
    let pid = child::start(|| {
        change_mask(SIG_SETMASK, SignalSet::FULL).expect("rt_sigprocmask");
        loop {
            core::hint::spin_loop();
        }
    });
    kill(pid, SIGKILL).expect("kill");
    assert_eq!(child::wait(pid), Status::Signaled(SIGKILL));
}
