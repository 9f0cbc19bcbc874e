//! Calls about signals.

use crate::mm::user;
use crate::process::alarm::Setting;
use crate::process::cpu_timer::CpuTime;
use crate::process::posix_timer;
use crate::process::signal::{self, set_blocked, set_temporary_mask};
use crate::process::table::{find, lock_family};
use crate::process::{CurrentThread, current};
use crate::result::restart::ERESTARTNOHAND;
use crate::result::{Errno, Result};
use crate::time::{SECOND, deadline};
use abi::signal::{
    OldSigaction, SA_NODEFER, SA_RESETHAND, SI_TKILL, SI_USER, SIG_BLOCK, SIG_SETMASK, SIG_UNBLOCK,
    Sigaction, Sigaltstack, Siginfo, SignalSet,
};
use abi::time::{ITIMER_PROF, ITIMER_REAL, ITIMER_VIRTUAL, Itimerval, Timespec, Timeval};
use abi::{UserMutPtr, UserPtr};
use kcore::signal::Info;
use kcore::time_value::TimeValue;

const SET_SIZE: u32 = size_of::<SignalSet>() as u32;

fn check_size(set_size: u32) -> Result<()> {
    if set_size == SET_SIZE { Ok(()) } else { Err(Errno::EINVAL) }
}

pub fn rt_sigaction(
    signal: i32,
    new: UserPtr<Sigaction>,
    old: UserMutPtr<Sigaction>,
    set_size: u32,
) -> Result<u32> {
    check_size(set_size)?;
    let new = user::read_unless_null(new)?;
    let former = exchange_action(signal, new)?;
    user::write_unless_null(old, &former)?;
    Ok(0)
}

fn exchange_action(signal: i32, new: Option<Sigaction>) -> Result<Sigaction> {
    let thread = current();
    let former = thread.action(signal, new.is_some())?;
    match new {
        Some(new) => thread.set_action(signal, &new),
        None => Ok(former),
    }
}

pub fn sigaction(
    signal: i32,
    new: UserPtr<OldSigaction>,
    old: UserMutPtr<OldSigaction>,
) -> Result<u32> {
    let new = user::read_unless_null(new)?;
    let new = new.map(|new| Sigaction {
        handler: new.handler,
        flags: new.flags,
        restorer: new.restorer,
        mask: low(new.mask),
    });
    let former = exchange_action(signal, new)?;
    if !old.is_null() {
        let former = OldSigaction {
            handler: former.handler,
            mask: { former.mask }.bits as u32,
            flags: former.flags,
            restorer: former.restorer,
        };
        user::write(old, &former)?;
    }
    Ok(0)
}

/// One shot, and not blocked meanwhile. Returns the former handler.
pub fn signal(signal: i32, handler: u32) -> Result<u32> {
    let flags = SA_RESETHAND | SA_NODEFER;
    let new = Sigaction { handler, flags, restorer: 0, mask: SignalSet::EMPTY };
    exchange_action(signal, Some(new)).map(|former| former.handler)
}

/// The signals that old calls know.
fn low(mask: u32) -> SignalSet {
    SignalSet { bits: u64::from(mask) }
}

pub fn rt_sigprocmask(
    how: i32,
    set: UserPtr<SignalSet>,
    old: UserMutPtr<SignalSet>,
    set_size: u32,
) -> Result<u32> {
    check_size(set_size)?;
    let thread = current();
    let former = if set.is_null() {
        thread.blocked()
    } else {
        let set = user::read(set)?;
        signal::change_blocked(&thread, how, set)?
    };
    user::write_unless_null(old, &former)?;
    Ok(0)
}

pub fn sigprocmask(how: i32, set: UserPtr<u32>, old: UserMutPtr<u32>) -> Result<u32> {
    let thread = current();
    let former = thread.blocked();
    if !set.is_null() {
        let set = low(user::read_word(set)?).difference(SignalSet::UNBLOCKABLE);
        let new = match how {
            SIG_BLOCK => former.union(set),
            SIG_UNBLOCK => former.difference(set),
            // The upper half stays.
            SIG_SETMASK => former.difference(low(u32::MAX)).union(set),
            _ => return Err(Errno::EINVAL),
        };
        set_blocked(&thread, new);
    }
    if !old.is_null() {
        user::write_word(old, former.bits as u32)?;
    }
    Ok(0)
}

pub fn rt_sigpending(set: UserMutPtr<SignalSet>, set_size: u32) -> Result<u32> {
    // A shorter set is allowed here.
    if set_size > SET_SIZE {
        return Err(Errno::EINVAL);
    }
    let pending = { current().pending_signals() }.bits.to_le_bytes();
    let bytes = pending.get(..set_size as usize).unwrap_or_default();
    user::write_bytes(set.cast(), bytes).map(|()| 0)
}

pub fn sigpending(set: UserMutPtr<u32>) -> Result<u32> {
    user::write_word(set, { current().pending_signals() }.bits as u32).map(|()| 0)
}

pub fn rt_sigsuspend(mask: UserPtr<SignalSet>, set_size: u32) -> Result<u32> {
    check_size(set_size)?;
    let mask = user::read(mask)?;
    suspend(&current(), mask)
}

pub fn sigsuspend(_: i32, _: i32, mask: u32) -> Result<u32> {
    suspend(&current(), low(mask))
}

fn suspend(thread: &CurrentThread, mask: SignalSet) -> Result<u32> {
    set_temporary_mask(thread, mask);
    pause()
}

pub fn pause() -> Result<u32> {
    // It only ends because of a signal.
    let _ = signal::sleep_for_signal();
    Err(ERESTARTNOHAND)
}

pub fn rt_sigtimedwait(
    set: UserPtr<SignalSet>,
    info: UserMutPtr<Siginfo>,
    timeout: UserPtr<Timespec>,
    set_size: u32,
) -> Result<u32> {
    check_size(set_size)?;
    let wanted = user::read(set)?;
    let timeout = user::read_unless_null(timeout)?.map(TimeValue::nanoseconds).transpose()?;
    let deadline = timeout.map(deadline::after);
    let found = signal::take(&current(), wanted, deadline)?;
    user::write_unless_null(info, &found.to_abi())?;
    Ok(found.signal.cast_unsigned())
}

pub fn sigaltstack(new: UserPtr<Sigaltstack>, old: UserMutPtr<Sigaltstack>) -> Result<u32> {
    let new = user::read_unless_null(new)?;
    let thread = current();
    let esp = thread.frame_value(|frame| frame.esp);
    let mut stack = thread.own().alternate_stack.get();
    let former = stack.report(esp);
    if let Some(new) = new {
        stack.set(&new, esp)?;
        thread.own().alternate_stack.set(stack);
    }
    user::write_unless_null(old, &former)?;
    Ok(0)
}

pub fn sigreturn() -> Result<u32> {
    signal::sigreturn()
}

pub fn rt_sigreturn() -> Result<u32> {
    signal::rt_sigreturn()
}

/// Goes on with the call that a signal interrupted.
pub fn restart_syscall() -> Result<u32> {
    match current().own().restart.take() {
        Some(restart) => (restart.resume)(&restart.arguments),
        None => Err(Errno::EINTR),
    }
}

fn sent_by(thread: &CurrentThread, signal: i32, code: i32) -> Info {
    let fields = [thread.process().pid(), thread.process().user(), 0, 0, 0, 0, 0, 0, 0];
    Info { signal, errno: 0, code, fields }
}

pub fn kill(pid: i32, signal: i32) -> Result<u32> {
    let thread = current();
    let info = sent_by(&thread, signal, SI_USER);
    let mut family = lock_family();
    match pid {
        1.. => {
            let (slot, _) = find(&family, pid)?;
            signal::send_if_permitted(&mut family, slot, &info)?;
        }
        0 => {
            let group = family[thread.process.slot()].group();
            signal::send_to_group(&mut family, group, &info)?;
        }
        -1 => signal::send_to_all(&mut family, &info)?,
        i32::MIN => return Err(Errno::ESRCH),
        _ => signal::send_to_group(&mut family, pid.unsigned_abs(), &info)?,
    }
    Ok(0)
}

pub fn tkill(tid: i32, signal: i32) -> Result<u32> {
    if tid <= 0 {
        return Err(Errno::EINVAL);
    }
    send_to_tid(None, tid, signal)
}

pub fn tgkill(tgid: i32, tid: i32, signal: i32) -> Result<u32> {
    if tid <= 0 || tgid <= 0 {
        return Err(Errno::EINVAL);
    }
    send_to_tid(Some(tgid), tid, signal)
}

fn send_to_tid(tgid: Option<i32>, tid: i32, signal: i32) -> Result<u32> {
    let info = sent_by(&current(), signal, SI_TKILL);
    let mut family = lock_family();
    let (slot, process) = find(&family, tid)?;
    if tgid.is_some_and(|tgid| process.pid() != tgid.cast_unsigned()) {
        return Err(Errno::ESRCH);
    }
    let target = process.thread(tid.cast_unsigned());
    signal::check_permission(&family, slot, &info)?;
    // A thread that has ended takes no signals, which is no error until it is reaped.
    if let Some(target) = target
        && signal != 0
    {
        signal::send_to_thread(&mut family, &target, &info)?;
    }
    Ok(0)
}

pub fn rt_sigqueueinfo(pid: i32, signal: i32, info: UserPtr<Siginfo>) -> Result<u32> {
    let given = user::read(info)?;
    // Linux refuses what none of its signals carries.
    let info = Info::from_abi(&given).ok_or(Errno::E2BIG)?;
    let info = posix_timer::disown(Info { signal, ..info });
    let forges_kernel = info.code >= 0 || info.code == SI_TKILL;
    if forges_kernel && pid.cast_unsigned() != current().process().pid() {
        return Err(Errno::EPERM);
    }
    let mut family = lock_family();
    let (slot, _) = find(&family, pid)?;
    signal::send_if_permitted(&mut family, slot, &info)?;
    Ok(0)
}

pub fn alarm(seconds: u32) -> Result<u32> {
    // No more than a signed second count.
    let seconds = u64::from(seconds.min(i32::MAX.cast_unsigned()));
    let new = Setting { value: seconds * SECOND, interval: 0 };
    let left = current().set_alarm(new)?.value;
    // Rounded, but a running timer is never 0.
    let rounded = (left + SECOND / 2) / SECOND;
    Ok(if left != 0 { (rounded as u32).max(1) } else { 0 })
}

pub fn getitimer(which: i32, value: UserMutPtr<Itimerval>) -> Result<u32> {
    let thread = current();
    let setting = match timer_of(which)? {
        None => thread.alarm(),
        Some(counts) => thread.cpu_timer(counts),
    };
    user::write(value, &to_itimerval(setting)).map(|()| 0)
}

pub fn setitimer(which: i32, new: UserPtr<Itimerval>, old: UserMutPtr<Itimerval>) -> Result<u32> {
    // Linux takes NULL for zeros.
    let new = user::read_unless_null(new)?.unwrap_or_default();
    let setting =
        Setting { value: { new.value }.nanoseconds()?, interval: { new.interval }.nanoseconds()? };
    let thread = current();
    let former = match timer_of(which)? {
        None => thread.set_alarm(setting)?,
        Some(counts) => thread.set_cpu_timer(counts, setting),
    };
    user::write_unless_null(old, &to_itimerval(former))?;
    Ok(0)
}

/// What an interval timer counts; `None` is real time.
fn timer_of(which: i32) -> Result<Option<CpuTime>> {
    match which {
        ITIMER_REAL => Ok(None),
        ITIMER_VIRTUAL => Ok(Some(CpuTime::User)),
        ITIMER_PROF => Ok(Some(CpuTime::All)),
        _ => Err(Errno::EINVAL),
    }
}

fn to_itimerval(setting: Setting) -> Itimerval {
    Itimerval {
        interval: Timeval::from_nanoseconds(setting.interval),
        value: Timeval::from_nanoseconds(setting.value),
    }
}
