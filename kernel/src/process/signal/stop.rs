//! Job control: stopping a process, letting it go on, and telling its parent.

use super::send::send_to_process;
use super::state::SignalGuard;
use crate::process::table::{FamilyGuard, lock_family};
use crate::process::{CurrentThread, Process};
use crate::task::{self, Sleep};
use abi::signal::{CLD_CONTINUED, CLD_STOPPED, SA_NOCLDSTOP, SIG_IGN, SIGCHLD, SIGCONT, SIGSTOP};
use kcore::family::Report;
use kcore::signal::Info;

/// A stop signal takes effect. Nothing happens if SIGCONT came in between, or if nobody could
/// let the process go on again.
pub(super) fn begin(thread: &CurrentThread, signal: i32) {
    let process = thread.process();
    if signal != SIGSTOP {
        let family = lock_family();
        let group = family[process.slot()].group();
        if family.is_orphaned(group, None) {
            return;
        }
    }
    let mut guard = process.lock_signals();
    if !guard.stop_dequeued || guard.exit.is_some() || guard.stopped_by.is_some() {
        return;
    }
    guard.stopped_by = Some(signal);
    guard.still_running = guard.threads.len() as u32;
    for other in &guard.threads {
        task::notify(&other.task, task::work::SIGNAL);
    }
}

/// The thread sleeps while its process is stopped. The last one to do so tells the parent.
pub(super) fn wait_until_continued(thread: &CurrentThread) {
    let process = thread.process();
    {
        let mut family = lock_family();
        let mut guard = process.lock_signals();
        if guard.stopped_by.is_none() || guard.ending(thread).is_some() {
            return;
        }
        let (signals, own) = guard.with(thread);
        if !own.is_stopped {
            own.is_stopped = true;
            signals.still_running -= 1;
            drop(guard);
            report_stopped(&mut family, process);
        }
    }
    loop {
        task::prepare_to_sleep(Sleep::Killable);
        let guard = process.lock_signals();
        let is_over = guard.stopped_by.is_none() || guard.ending(thread).is_some();
        drop(guard);
        if is_over {
            break;
        }
        task::schedule();
    }
    task::finish_sleep();
}

/// Tells the parent once no thread runs any more, whether it stopped or left.
pub(in crate::process) fn report_stopped(family: &mut FamilyGuard, process: &Process) {
    let guard = process.lock_signals();
    let stopped_by = guard.stopped_by.filter(|_| guard.still_running == 0);
    drop(guard);
    if let Some(signal) = stopped_by
        && let Some(member) = family.get_mut(process.slot())
        && !member.is_stopped
    {
        member.is_stopped = true;
        member.report = Report::Stopped(signal as u8);
        tell_parent(family, process, CLD_STOPPED, signal);
    }
}

/// SIGCONT: whoever is stopped goes on. Returns whether the process as a whole was stopped.
pub(super) fn go_on(guard: &mut SignalGuard) -> bool {
    guard.stop_dequeued = false;
    if guard.stopped_by.take().is_none() {
        return false;
    }
    let was_stopped = guard.still_running == 0;
    guard.each_thread(|thread, own| {
        own.is_stopped = false;
        task::wake(&thread.task);
    });
    was_stopped
}

/// After [`go_on`], without the process's signal lock.
pub(super) fn report_continued(family: &mut FamilyGuard, process: &Process) {
    if let Some(member) = family.get_mut(process.slot()) {
        member.is_stopped = false;
        if !member.has_exited() {
            member.report = Report::Continued;
            tell_parent(family, process, CLD_CONTINUED, SIGCONT);
        }
    }
}

fn tell_parent(family: &mut FamilyGuard, process: &Process, code: i32, status: i32) {
    let Some(parent) = family[process.slot()].parent() else { return };
    let parent = family[parent].process.clone();
    let wanted = {
        let guard = parent.lock_signals();
        let action = guard.actions.get(SIGCHLD);
        action.handler != SIG_IGN && action.flags & SA_NOCLDSTOP == 0
    };
    if wanted {
        let info = child_info(process, code, status);
        // A standard signal of the kernel is never refused.
        let _ = send_to_process(family, &parent, &info);
    }
    parent.child_changed.wake_all();
}

/// The SIGCHLD about a process.
pub(in crate::process) fn child_info(process: &Process, code: i32, status: i32) -> Info {
    let used = process.usage.ended();
    let fields =
        [process.pid(), process.user(), status.cast_unsigned(), used.utime, used.stime, 0, 0, 0, 0];
    Info { signal: SIGCHLD, errno: 0, code, fields }
}
