//! What a thread blocks.

use super::state::SignalGuard;
use crate::process::CurrentThread;
use crate::result::{Errno, Result};
use abi::signal::{SIG_BLOCK, SIG_SETMASK, SIG_UNBLOCK, SignalSet};

impl CurrentThread {
    /// What it blocks.
    pub fn blocked(&self) -> SignalSet {
        self.process().lock_signals().with(self).1.blocked
    }

    /// What is pending for it and blocked.
    pub fn pending_signals(&self) -> SignalSet {
        let mut guard = self.process().lock_signals();
        let (signals, own) = guard.with(self);
        signals.pending.set().union(own.pending.set()).intersection(own.blocked)
    }
}

/// Replaces the mask; SIGKILL and SIGSTOP are never blocked.
#[inline]
pub fn set_blocked(thread: &CurrentThread, mask: SignalSet) {
    let mut guard = thread.process().lock_signals();
    replace(&mut guard, thread, mask);
}

/// `rt_sigprocmask`: returns the former mask.
pub fn change_blocked(thread: &CurrentThread, how: i32, set: SignalSet) -> Result<SignalSet> {
    let mut guard = thread.process().lock_signals();
    let old = guard.with(thread).1.blocked;
    let set = set.difference(SignalSet::UNBLOCKABLE);
    let new = match how {
        SIG_BLOCK => old.union(set),
        SIG_UNBLOCK => old.difference(set),
        SIG_SETMASK => set,
        _ => return Err(Errno::EINVAL),
    };
    replace(&mut guard, thread, new);
    Ok(old)
}

#[inline(always)]
fn replace(guard: &mut SignalGuard, thread: &CurrentThread, mask: SignalSet) {
    let mask = mask.difference(SignalSet::UNBLOCKABLE);
    let (signals, own) = guard.with(thread);
    let added = mask.difference(own.blocked);
    own.blocked = mask;
    // What this thread was to take from the process, another may take now.
    let left = signals.pending.set().intersection(added);
    if !left.is_empty() && signals.threads.len() > 1 {
        guard.offer(left, thread);
    }
    guard.update_work(thread);
}

/// For `sigsuspend`, `ppoll` and the like: another mask until the call returns. If it returns
/// because of a signal, the old mask comes back behind the signal's delivery; else the caller
/// takes [`restore_mask`].
pub fn set_temporary_mask(thread: &CurrentThread, mask: SignalSet) {
    let mut guard = thread.process().lock_signals();
    let old = guard.with(thread).1.blocked;
    replace(&mut guard, thread, mask);
    drop(guard);
    thread.own().saved_mask.set(Some(old));
}

/// The call that set a temporary mask is over.
pub fn restore_mask(thread: &CurrentThread) {
    if let Some(mask) = thread.own().saved_mask.take() {
        set_blocked(thread, mask);
    }
}
