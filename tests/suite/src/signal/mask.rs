//! Signals that are blocked.

use super::counted::*;
use sys::Errno;
use sys::abi::signal::*;
use sys::abi::{UserMutPtr, UserPtr};
use sys::signal::{self, Action, change_mask};
use sys::syscall::{input, output};

pub fn blocked_signals_wait() {
    handle(SIGUSR1, Action::Handler(count), 0);
    let old = change_mask(SIG_BLOCK, SignalSet::of(SIGUSR1)).expect("rt_sigprocmask");
    assert!(!old.contains(SIGUSR1));
    raise(SIGUSR1);
    raise(SIGUSR1);
    assert_eq!(counted(), 0);
    assert_eq!(signal::pending(), Ok(SignalSet::of(SIGUSR1)));
    let old = change_mask(SIG_UNBLOCK, SignalSet::of(SIGUSR1)).expect("rt_sigprocmask");
    assert!(old.contains(SIGUSR1));
    // Sent twice, delivered once.
    assert_eq!(counted(), 1);
    assert_eq!(signal::pending(), Ok(SignalSet::EMPTY));
}

pub fn kill_and_stop_cannot_be_blocked_or_handled() {
    change_mask(SIG_SETMASK, SignalSet::FULL).expect("rt_sigprocmask");
    assert_eq!(signal::mask(), Ok(SignalSet::FULL.difference(SignalSet::UNBLOCKABLE)));
    let action = Action::Handler(count).to_raw(0, SignalSet::EMPTY);
    for signal in [SIGKILL, SIGSTOP, 0, 65, -1] {
        let result = call!(rt_sigaction(signal, input(&action), UserMutPtr::NULL, 8));
        assert_eq!(result, Err(Errno::EINVAL), "{signal}");
    }
    assert_eq!(
        call!(rt_sigaction(SIGUSR1, input(&action), UserMutPtr::NULL, 4)),
        Err(Errno::EINVAL)
    );
}

pub fn bad_ways_to_change_the_mask() {
    let set = SignalSet::EMPTY;
    let result = call!(rt_sigprocmask(7, input(&set), UserMutPtr::NULL, 8));
    assert_eq!(result, Err(Errno::EINVAL));
    let result = call!(rt_sigprocmask(0, input(&set), UserMutPtr::NULL, 16));
    assert_eq!(result, Err(Errno::EINVAL));
    // Without a set the way does not matter.
    let mut old = SignalSet::EMPTY;
    assert_eq!(call!(rt_sigprocmask(7, UserPtr::NULL, output(&mut old), 8)), Ok(0));
}
