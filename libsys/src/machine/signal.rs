//! Signals: handlers and the mask.

use crate::syscall::{input, linux, output};
use crate::{Errno, Result};
use abi::UserMutPtr;
use abi::UserPtr;
use abi::signal::{SA_RESTORER, SA_SIGINFO, Sigaction, Siginfo, SignalSet, Ucontext};
use core::time::Duration;

// Where handlers return to. `sigreturn` wants the signal number popped, `rt_sigreturn` does not.
core::arch::global_asm!(
    ".globl folio_restore",
    "folio_restore:",
    "pop eax",
    "mov eax, 119",
    "int 0x80",
    "ud2",
    ".globl folio_rt_restore",
    "folio_rt_restore:",
    "mov eax, 173",
    "int 0x80",
    "ud2",
);

unsafe extern "C" {
    fn folio_restore();
    fn folio_rt_restore();
}

/// What to do with a signal.
#[derive(Clone, Copy, Debug)]
pub enum Action {
    /// What the signal does by default.
    Default,
    /// Nothing.
    Ignore,
    /// Calls the function with the signal.
    Handler(extern "C" fn(i32)),
    /// Calls the function with the signal, why it was sent, and the interrupted context, which
    /// the function may change.
    InfoHandler(extern "C" fn(i32, &Siginfo, &mut Ucontext)),
}

impl Action {
    /// The structure for `rt_sigaction`, with `SA_*` flags and the signals to block meanwhile.
    pub fn to_raw(self, flags: u32, mask: SignalSet) -> Sigaction {
        let (handler, flags, restorer) = match self {
            Self::Default => (abi::signal::SIG_DFL, flags, 0),
            Self::Ignore => (abi::signal::SIG_IGN, flags, 0),
            Self::Handler(handler) => {
                (handler as usize as u32, flags & !SA_SIGINFO, folio_restore as *const () as u32)
            }
            Self::InfoHandler(handler) => {
                (handler as usize as u32, flags | SA_SIGINFO, folio_rt_restore as *const () as u32)
            }
        };
        Sigaction { handler, flags: flags | SA_RESTORER, restorer, mask }
    }
}

/// Sets what happens on a signal; returns what happened before. (`rt_sigaction`)
///
/// EINVAL: no such signal, or SIGKILL or SIGSTOP.
///
/// # Safety
/// A handler interrupts the program anywhere: it must only do what is sound there, and must leave a
/// context that is.
pub unsafe fn set_action(
    signal: i32,
    action: Action,
    flags: u32,
    mask: SignalSet,
) -> Result<Sigaction> {
    let new = action.to_raw(flags, mask);
    let mut old = Sigaction::default();
    // SAFETY: both structures are ours; the caller answers for the handler.
    unsafe { linux::rt_sigaction(signal, input(&new), output(&mut old), 8) }?;
    Ok(old)
}

/// Back to what the signal does by default. (`rt_sigaction`)
pub fn set_default(signal: i32) -> Result<()> {
    // SAFETY: no handler.
    unsafe { set_action(signal, Action::Default, 0, SignalSet::EMPTY) }.map(drop)
}

/// From now on nothing happens on the signal. (`rt_sigaction`)
pub fn ignore(signal: i32) -> Result<()> {
    // SAFETY: no handler.
    unsafe { set_action(signal, Action::Ignore, 0, SignalSet::EMPTY) }.map(drop)
}

/// Changes the mask by `SIG_BLOCK`, `SIG_UNBLOCK` or `SIG_SETMASK`; returns the former one.
/// (`rt_sigprocmask`)
pub fn change_mask(how: i32, set: SignalSet) -> Result<SignalSet> {
    let mut old = SignalSet::EMPTY;
    // SAFETY: both sets are ours.
    unsafe { linux::rt_sigprocmask(how, input(&set), output(&mut old), 8) }?;
    Ok(old)
}

/// The blocked signals. (`rt_sigprocmask`)
pub fn mask() -> Result<SignalSet> {
    let mut old = SignalSet::EMPTY;
    // SAFETY: the set is ours.
    unsafe { linux::rt_sigprocmask(0, UserPtr::NULL, output(&mut old), 8) }?;
    Ok(old)
}

/// The signals that are blocked and were sent. (`rt_sigpending`)
pub fn pending() -> Result<SignalSet> {
    let mut set = SignalSet::EMPTY;
    // SAFETY: the set is ours.
    unsafe { linux::rt_sigpending(output(&mut set), 8) }?;
    Ok(set)
}

/// Waits with another mask until a signal was handled. (`rt_sigsuspend`)
pub fn suspend(mask: SignalSet) {
    // SAFETY: the set is ours. The call always ends with EINTR.
    let _ = unsafe { linux::rt_sigsuspend(input(&mask), 8) };
}

/// Waits until one of the signals is pending and takes it; without a time limit. (`rt_sigtimedwait`)
pub fn wait(set: SignalSet) -> Result<i32> {
    // SAFETY: the set is ours.
    let signal =
        unsafe { linux::rt_sigtimedwait(input(&set), UserMutPtr::NULL, UserPtr::NULL, 8) }?;
    Ok(signal.cast_signed())
}

/// The same for no longer than `limit`; `None` if none was pending by then. (`rt_sigtimedwait`)
///
/// EINTR: another signal was handled.
pub fn wait_for(set: SignalSet, limit: Duration) -> Result<Option<i32>> {
    let limit = super::time::timespec(limit);
    // SAFETY: set and limit are ours.
    let signal = unsafe { linux::rt_sigtimedwait(input(&set), UserMutPtr::NULL, input(&limit), 8) };
    match signal {
        Ok(signal) => Ok(Some(signal.cast_signed())),
        Err(Errno::EAGAIN) => Ok(None),
        Err(errno) => Err(errno),
    }
}
