//! Sending: from the decision to send to a pending signal and a task that will look at it.

use super::state::{POOL, SignalGuard, ThreadSignals};
use super::stop;
use crate::process::table::FamilyGuard;
use crate::process::{Process, Thread, current};
use crate::result::{Errno, Result};
use crate::task::{self, work};
use abi::process::{RLIMIT_SIGPENDING, status_signaled};
use abi::signal::{SI_KERNEL, SIG_DFL, SIGALRM, SIGCONT, SIGKILL, SIGRTMIN, SignalSet};
use kcore::credentials::may_signal;
use kcore::signal::{Actions, DefaultAction, Info, Pending, Posted, default_action};

/// To a whole process, whatever the sender may do.
pub fn send_to_process(family: &mut FamilyGuard, target: &Process, info: &Info) -> Result<()> {
    let went_on = post(&mut target.lock_signals(), None, info)?;
    if went_on {
        stop::report_continued(family, target);
    }
    Ok(())
}

/// To one thread of a process.
pub fn send_to_thread(family: &mut FamilyGuard, target: &Thread, info: &Info) -> Result<()> {
    let process = &*target.process;
    let went_on = post(&mut process.lock_signals(), Some(target), info)?;
    if went_on {
        stop::report_continued(family, process);
    }
    Ok(())
}

/// The kernel's, to all members of a group.
pub fn send_from_kernel_to_group(family: &mut FamilyGuard, group: u32, signal: i32) {
    let info = Info { code: SI_KERNEL, ..Info::bare(signal) };
    let mut next = family.first_in_group(group);
    while let Some(slot) = next {
        next = family.next_in_group(slot);
        // Nobody else hears of a member that cannot take it.
        let _ = send_to_one_of_many(family, slot, &info);
    }
}

/// To all members of a group. ESRCH if it has none; else the last failure if nobody got it.
pub fn send_to_group(family: &mut FamilyGuard, group: u32, info: &Info) -> Result<()> {
    let mut result = Err(Errno::ESRCH);
    let mut next = family.first_in_group(group);
    while let Some(slot) = next {
        next = family.next_in_group(slot);
        let permitted = check_permission(family, slot, info);
        let sent = permitted.and_then(|()| send_to_one_of_many(family, slot, info));
        if result.is_err() || sent.is_ok() {
            result = sent;
        }
    }
    result
}

/// `kill(-1)`: to everybody but the first process and the sender's.
pub fn send_to_all(family: &mut FamilyGuard, info: &Info) -> Result<()> {
    let own = current().process.pid();
    let (mut result, mut anybody) = (Ok(()), false);
    let mut next = family.next_process(2);
    while let Some(slot) = next {
        let pid = family[slot].pid();
        next = family.next_process(pid + 1);
        if pid == own {
            continue;
        }
        anybody = true;
        let permitted = check_permission(family, slot, info);
        let sent = permitted.and_then(|()| send_to_one_of_many(family, slot, info));
        if sent != Err(Errno::EPERM) {
            result = sent;
        }
    }
    if anybody { result } else { Err(Errno::ESRCH) }
}

/// By the current process to the one in `slot`, as far as it may. Signal 0 only asks.
pub fn send_if_permitted(family: &mut FamilyGuard, slot: u32, info: &Info) -> Result<()> {
    check_permission(family, slot, info)?;
    if info.signal == 0 {
        return Ok(());
    }
    let went_on = post(&mut family[slot].process.lock_signals(), None, info)?;
    report_if_continued(family, slot, went_on);
    Ok(())
}

/// The same for one of several processes, children included that are being forked: these get it
/// once they are there.
fn send_to_one_of_many(family: &mut FamilyGuard, slot: u32, info: &Info) -> Result<()> {
    if info.signal == 0 {
        return Ok(());
    }
    let mut guard = family[slot].process.lock_signals();
    let cancelled = Actions::cancelled_by(info.signal);
    guard.each_thread(|_, own| {
        if let Some(set) = &mut own.for_child {
            *set = set.difference(cancelled).union(SignalSet::of(info.signal));
        }
    });
    let posted = post(&mut guard, None, info);
    drop(guard);
    report_if_continued(family, slot, posted?);
    Ok(())
}

fn report_if_continued(family: &mut FamilyGuard, slot: u32, went_on: bool) {
    if went_on {
        let process = family[slot].process.clone();
        stop::report_continued(family, &process);
    }
}

/// Whether the current process may send this to the process in `slot`: EINVAL, EPERM.
pub fn check_permission(family: &FamilyGuard, slot: u32, info: &Info) -> Result<()> {
    if !(0..=abi::signal::NSIG).contains(&info.signal) {
        return Err(Errno::EINVAL);
    }
    let own = current();
    let member = &family[slot];
    if core::ptr::eq(&*member.process, own.process()) {
        return Ok(());
    }
    let sender = own.process.credentials();
    if sender.is_privileged() {
        return Ok(());
    }
    let same_session =
        || family.get(own.process.slot()).is_some_and(|own| own.session() == member.session());
    let target = member.process.credentials();
    if may_signal(&sender.user, &target.user) || (info.signal == SIGCONT && same_session()) {
        Ok(())
    } else {
        Err(Errno::EPERM)
    }
}

/// From the kernel to the running thread, such as SIGPIPE.
pub fn raise(signal: i32) {
    let thread = current();
    let info = Info { code: SI_KERNEL, ..Info::bare(signal) };
    // A standard signal is never refused, and none that is raised continues a process.
    let _ = post(&mut thread.process.lock_signals(), Some(&thread), &info);
}

/// Makes a signal pending, for one thread or for whichever takes it, and sees to it that
/// somebody looks. Returns whether a stopped process goes on.
#[inline]
pub(super) fn post(guard: &mut SignalGuard, to: Option<&Thread>, info: &Info) -> Result<bool> {
    post_with(guard, to, info, |queue, process| {
        // The limit binds what carries a value.
        let limit = match info.signal >= SIGRTMIN || info.code < 0 {
            true => process.limit(RLIMIT_SIGPENDING),
            false => u32::MAX,
        };
        queue.post(&mut POOL.lock(), info, process.account(), limit)
    })
}

#[inline]
fn post_with(
    guard: &mut SignalGuard,
    to: Option<&Thread>,
    info: &Info,
    add: impl FnOnce(&mut Pending, &Process) -> Result<Posted>,
) -> Result<bool> {
    let signal = info.signal;
    let Some(first) = guard.threads.first().cloned() else { return Ok(false) };
    if guard.exit.is_some() {
        return Ok(false);
    }
    let asked = to.unwrap_or(&first);
    let went_on = cancel(guard, signal);

    let (signals, own) = guard.with(asked);
    let blocked = own.blocked.union(own.waited_for);
    // Who traces wants to know even of what is ignored.
    if signals.actions.is_discarded(signal, blocked) && !asked.task.is_traced() {
        return Ok(went_on);
    }
    let process = &*asked.process;
    if process.is_unkillable
        && signals.actions.get(signal).handler == SIG_DFL
        && info.code != SI_KERNEL
    {
        return Ok(went_on);
    }
    let queue = if to.is_some() { &mut own.pending } else { &mut signals.pending };
    if add(queue, process)? != Posted::AlreadyPending {
        tell(guard, asked, to.is_none(), signal);
        process.signal_news().wake_all();
    }
    Ok(went_on)
}

/// Sends the signals of timers that have expired: interrupts only leave word.
#[inline]
pub(super) fn post_fired(process: &Process, guard: &mut SignalGuard) {
    if process.may_have_fired() {
        post_all_fired(process, guard);
    }
}

#[cold]
fn post_all_fired(process: &Process, guard: &mut SignalGuard) {
    // First, as timers of the process may fire in it: word of them must not stay behind.
    if process.is_timed() {
        process.check_cpu_timers(guard);
    }
    process.take_fired();
    if process.take_fired_alarm() {
        post_from_kernel(guard, SIGALRM);
    }
    process.send_fired_timers(guard);
}

/// A standard signal to the process, which is never refused.
pub(in crate::process) fn post_from_kernel(guard: &mut SignalGuard, signal: i32) {
    let _ = post(guard, None, &Info { code: SI_KERNEL, ..Info::bare(signal) });
}

/// Whether a sleep of the running thread ended for a signal that it takes, or for its end. Word of a
/// timer whose signal is blocked or ignored ends sleeps too.
pub fn is_interrupted() -> bool {
    let thread = current();
    let process = thread.process();
    let mut guard = process.lock_signals();
    post_fired(process, &mut guard);
    guard.update_work(&thread);
    thread.task.work() & (work::SIGNAL | work::KILL) != 0
}

/// The signal of a timer, which has [`SignalRoom`](super::SignalRoom). Returns whether it waits to
/// be taken, and not one that somebody else sent.
pub(in crate::process) fn post_timer(
    guard: &mut SignalGuard,
    to: Option<&Thread>,
    info: &Info,
) -> bool {
    let Some(first) = guard.threads.first().cloned() else { return false };
    let (signals, own) = guard.with(to.unwrap_or(&first));
    let blocked = own.blocked.union(own.waited_for);
    let is_ignored = signals.actions.is_discarded(info.signal, blocked);
    let queue = if to.is_some() { &mut own.pending } else { &mut signals.pending };
    // There is room for one; the last may still be there although the timer was set anew.
    if queue.renew(&mut POOL.lock(), info) {
        return true;
    }
    let is_there = info.signal < SIGRTMIN && queue.set().contains(info.signal);
    let add = |queue: &mut Pending, _: &Process| queue.post_kept(&mut POOL.lock(), info);
    !is_there && !is_ignored && post_with(guard, to, info, add).is_ok()
}

/// A timer is deleted: its signal goes too, and the room for it is free.
pub(in crate::process) fn forget_timer(guard: &mut SignalGuard, tid: Option<u32>, timer: u32) {
    let mut pool = POOL.lock();
    guard.pending.discard_timer(&mut pool, timer);
    guard.each_thread(|thread, own| {
        if tid == Some(thread.tid()) {
            own.pending.discard_timer(&mut pool, timer);
        }
    });
}

/// Going on and stopping cancel each other. Returns whether a stopped process goes on.
#[inline]
fn cancel(guard: &mut SignalGuard, signal: i32) -> bool {
    let cancelled = Actions::cancelled_by(signal);
    if cancelled.is_empty() {
        return false;
    }
    {
        let mut pool = POOL.lock();
        guard.pending.discard(&mut pool, cancelled);
        guard.each_thread(|_, own| own.pending.discard(&mut pool, cancelled));
    }
    signal == SIGCONT && stop::go_on(guard)
}

/// Tells a thread that takes a new signal: the one `asked`, or, if `others` may, another. A fatal
/// one ends the process at once.
#[inline]
fn tell(guard: &mut SignalGuard, asked: &Thread, others: bool, signal: i32) {
    let one = SignalSet::of(signal);
    let wants = |own: &ThreadSignals| signal == SIGKILL || own.blocked.intersection(one).is_empty();
    let found;
    let taker = if wants(guard.with(asked).1) {
        asked
    } else {
        found = if others { guard.find_thread(wants) } else { None };
        let Some(other) = &found else { return };
        other
    };
    let is_fatal = guard.actions.get(signal).handler == SIG_DFL
        && default_action(signal) == DefaultAction::Terminate
        // Who is traced takes every signal but this one itself, so that it can be told.
        && (signal == SIGKILL || !taker.task.is_traced())
        && guard.with(taker).1.waited_for.intersection(one).is_empty();
    if is_fatal {
        guard.end_all(status_signaled(signal));
    } else if core::ptr::eq(&*task::current(), &*taker.task) {
        taker.task.add_work(work::SIGNAL);
    } else {
        task::notify(&taker.task, work::SIGNAL);
    }
}

impl SignalGuard<'_> {
    /// Makes all these signals pending; who sent them is not known any more.
    pub(in crate::process) fn post_all(&mut self, mut signals: SignalSet) {
        while let Some(signal) = signals.first() {
            signals = signals.difference(SignalSet::of(signal));
            // Without their info they are never refused.
            let _ = post(self, None, &Info::bare(signal));
        }
    }

    /// The process ends with this wait status: every thread will notice.
    pub fn end_all(&mut self, status: i32) {
        if self.exit.is_some() {
            return;
        }
        self.exit = Some(status);
        self.stopped_by = None;
        for thread in &self.threads {
            task::notify(&thread.task, work::SIGNAL | work::KILL);
        }
    }
}
