//! Taking pending signals without a handler: `rt_sigtimedwait`.

use super::send::is_interrupted;
use super::state::POOL;
use crate::process::CurrentThread;
use crate::result::{Errno, Result};
use crate::sync::WaitError;
use crate::task::{self, Sleep};
use crate::time;
use abi::signal::{SI_TIMER, SignalSet};
use kcore::signal::{Info, next_signal};

/// Takes a pending signal of the set, waiting until `deadline` for one: 0 only looks, `None`
/// waits for ever. EAGAIN if none came, EINTR if another signal did.
pub fn take(thread: &CurrentThread, wanted: SignalSet, deadline: Option<u64>) -> Result<Info> {
    let wanted = wanted.difference(SignalSet::UNBLOCKABLE);
    if let Some(info) = dequeue(thread, wanted) {
        return Ok(info);
    }
    if deadline == Some(0) {
        return Err(Errno::EAGAIN);
    }
    // While it sleeps, a wanted signal wakes it although it is blocked.
    let blocked = {
        let mut guard = thread.process().lock_signals();
        let (_, own) = guard.with(thread);
        let blocked = own.blocked;
        own.waited_for = blocked;
        own.blocked = blocked.difference(wanted);
        guard.update_work(thread);
        blocked
    };
    let slept = loop {
        let slept = match deadline {
            Some(deadline) => time::sleep_until(deadline, Sleep::Interruptible),
            None => sleep_for_signal(),
        };
        if slept.is_ok() || is_interrupted() {
            break slept;
        }
    };
    {
        let mut guard = thread.process().lock_signals();
        let (_, own) = guard.with(thread);
        (own.blocked, own.waited_for) = (blocked, SignalSet::EMPTY);
        guard.update_work(thread);
    }
    match (dequeue(thread, wanted), slept) {
        (Some(info), _) => Ok(info),
        (None, Err(WaitError::Interrupted)) => Err(Errno::EINTR),
        (None, _) => Err(Errno::EAGAIN),
    }
}

/// Sleeps until a signal is pending that is not blocked.
pub fn sleep_for_signal() -> core::result::Result<(), WaitError> {
    loop {
        task::prepare_to_sleep(Sleep::Interruptible);
        if task::sleep_is_over(Sleep::Interruptible) {
            task::finish_sleep();
            return Err(WaitError::Interrupted);
        }
        task::schedule();
    }
}

/// Whether a signal of the set could be taken.
pub fn is_pending(thread: &CurrentThread, wanted: SignalSet) -> bool {
    let mut guard = thread.process().lock_signals();
    let (signals, own) = guard.with(thread);
    let pending = signals.pending.set().union(own.pending.set());
    !pending.intersection(wanted).is_empty()
}

/// Takes a pending signal of the set, if there is one.
pub fn dequeue(thread: &CurrentThread, wanted: SignalSet) -> Option<Info> {
    let mut guard = thread.process().lock_signals();
    let (signals, own) = guard.with(thread);
    let others = SignalSet::FULL.difference(wanted);
    let mut info = next_signal(&mut own.pending, &mut signals.pending, others, &mut POOL.lock());
    guard.update_work(thread);
    if let Some(info) = &mut info
        && info.code == SI_TIMER
    {
        thread.process().take_timer_signal(info);
    }
    info
}
