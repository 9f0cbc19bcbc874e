//! The end of a thread, and with the last one, of its process.

use super::signal::{child_info, report_stopped, send_from_kernel_to_group, send_to_process};
use super::table::{FamilyGuard, lock_family};
use super::usage::Used;
use super::{CurrentThread, Process, current, futex, machine, robust_list, trace};
use crate::failpoint;
use crate::file::console;
use crate::ipc::slot;
use crate::mm::user;
use crate::result::{Errno, Result};
use crate::task::{self, Sleep};
use abi::UserMutPtr;
use abi::signal::{CLD_EXITED, CLD_KILLED, SI_USER, SIG_IGN, SIGCHLD, SIGCONT, SIGHUP};
use alloc::sync::Arc;
use core::sync::atomic::Ordering::Relaxed;
use kcore::family::Report;
use kcore::signal::Info;

/// `exit_group`: the process ends with this wait status, or with the one it is ending with.
pub fn exit_group(status: i32) -> ! {
    let process = current();
    let mut guard = process.process().lock_signals();
    guard.end_all(status);
    let status = guard.exit_status().unwrap_or(status);
    drop(guard);
    exit_thread(status)
}

/// The running thread ends; the process too if it was the last, with this wait status.
pub fn exit_thread(status: i32) -> ! {
    let thread = current();
    thread.take_no_more_signals(status);
    failpoint::leave(&thread.task, status);
    slot::leave();
    thread.release_memory();
    drop(thread.own().files.take());
    drop(thread.own().fs.take());
    thread.leave_process();
    let thread = task::current().extension().cast::<super::Thread>();
    // SAFETY: the reference that `start` gave to the task; nobody asks for the running thread
    // from here on.
    drop(unsafe { Arc::from_raw(thread) });
    task::exit()
}

impl CurrentThread {
    /// No signals from here on, and what it used is its process's.
    fn take_no_more_signals(&self, status: i32) {
        let process = self.process();
        let max_rss = process.mm().map_or(0, |mm| mm.peak_rss());
        let mut guard = process.lock_signals();
        // Whoever adds up all threads finds it once.
        process.usage.add_thread(Used { max_rss, ..self.used() });
        let left = guard.remove_thread(self, status);
        let is_stopped = guard.is_stopped();
        drop(guard);
        drop(left);
        if is_stopped {
            report_stopped(&mut lock_family(), process);
        }
        if self.task.is_traced() {
            trace::ended(self, status);
        }
    }

    /// Everything it had has been given back. With the last thread the process ends.
    fn leave_process(&self) {
        let process = self.process();
        if !self.is_first() {
            lock_family().release_id(self.tid());
        }
        if process.remove_member() {
            process.set_remains(self.task.clone());
            end_process(&self.process);
        } else {
            process.discharge_thread();
            process.member_left.wake_all();
        }
    }

    /// Leaves the address space and lets go of whoever waits for that.
    fn release_memory(&self) {
        self.release_words();
        task::current().leave_address_space();
        drop(self.own().mm.take());
        self.release_parent();
    }

    /// Lets go of the words of memory by which others know that the thread is there.
    pub(super) fn release_words(&self) {
        let list = self.robust_list.swap(0, Relaxed);
        if list != 0 {
            robust_list::release(list, self.tid());
        }
        let own = self.own();
        let address = own.clear_child_tid.replace(0);
        let shared = || own.mm.borrow().as_ref().is_some_and(|mm| mm.users() > 1);
        if address != 0 && shared() && user::write_word(UserMutPtr::new(address), 0).is_ok() {
            futex::wake_one(address);
        }
    }

    /// For `execve`: all other threads end, and this one takes over the process's id. EAGAIN if it
    /// has to end too.
    pub(super) fn become_only_thread(&self) -> Result<()> {
        let process = self.process();
        if process.members() == 1 && self.is_first() {
            return Ok(());
        }
        process.lock_signals().begin_succession(self)?;
        let alone = || (process.members() == 1).then_some(());
        let waited = process.member_left.wait_for(Sleep::Killable, None, alone);
        if waited.is_ok() && !self.is_first() {
            let mut family = lock_family();
            family.release_id(self.tid());
            self.task.set_tid(process.pid());
            drop(family);
            process.note_files(&self.files());
            process.note_fs(&self.fs());
        }
        process.lock_signals().end_succession();
        waited.map_err(|_| Errno::EAGAIN)
    }

    /// After its exec or exit the thread goes on that made it by `vfork`.
    pub(super) fn release_parent(&self) {
        if self.holds_parent.swap(false, Relaxed) {
            self.parent_released.wake_all();
        }
    }
}

/// The last thread has let go of everything: children find a new parent, the old one learns.
fn end_process(process: &Arc<Process>) {
    let status = process.lock_signals().exit_status().unwrap_or(0);
    process.stop_alarm();
    process.drop_timers();
    process.ipc.end(process.pid());
    failpoint::close_all_of(process.pid());
    drop(process.replace_mm(None));
    drop(process.replace_executable(None));
    if process.is_unkillable {
        machine::lose_init(status);
    }
    if process.pid() == 1 {
        machine::end_with_status(status);
    }
    console::end_session(process.pid());
    loop {
        let mut family = lock_family();
        let Some(buried) = abandon_child(&mut family, process) else {
            let buried = end_member(&mut family, process.slot(), status);
            drop(family);
            drop(buried);
            return;
        };
        drop(family);
        drop(buried);
    }
}

/// A process whose last reference this may be: to be dropped without the family.
type Buried = Option<Arc<Process>>;

/// A process without children becomes a zombie, or goes at once.
fn end_member(family: &mut FamilyGuard, slot: u32, status: i32) -> Buried {
    leave_jobs(family, slot);
    if let Some(member) = family.get_mut(slot) {
        member.report = Report::Exited(status);
    }
    notify_parent(family, slot)
}

/// The nearest ancestor that asked for them adopts one of the children, or else the first process.
/// `None` if there is none left.
fn abandon_child(family: &mut FamilyGuard, process: &Process) -> Option<Buried> {
    let slot = process.slot();
    let reaper = reaper(family, slot)?;
    let reaper_pid = family[reaper].pid();
    let child = family.move_child(slot, reaper, SIGCHLD as u8)?;
    let orphan = family[child].process.clone();
    orphan.set_parent_pid(reaper_pid);
    let signal = orphan.parent_death_signal().cast_signed();
    if signal != 0 {
        let fields = [process.pid(), 0, 0, 0, 0, 0, 0, 0, 0];
        let info = Info { signal, errno: 0, code: SI_USER, fields };
        // A standard signal is never refused; of others it matters little.
        let _ = send_to_process(family, &orphan, &info);
    }
    let buried = if family[child].has_exited() { notify_parent(family, child) } else { None };
    if family.get(child).is_some() {
        let (group, session) = (family[child].group(), family[child].session());
        let own = &family[slot];
        if own.group() != group && own.session() == session {
            hang_up_orphans(family, group, None);
        }
    }
    Some(buried)
}

/// Takes a zombie out of the family: it counts as none of its user's any more.
pub(super) fn reap(family: &mut FamilyGuard, slot: u32) -> Buried {
    let process = family.reap(slot);
    if let Some(process) = &process {
        process.discharge();
    }
    process
}

fn reaper(family: &FamilyGuard, slot: u32) -> Option<u32> {
    let mut next = family[slot].parent();
    while let Some(ancestor) = next {
        if family[ancestor].process.is_subreaper() {
            return Some(ancestor);
        }
        next = family[ancestor].parent();
    }
    family.find(1)
}

/// If a group loses its last member that could continue it, its stopped members are told.
fn leave_jobs(family: &mut FamilyGuard, slot: u32) {
    let member = &family[slot];
    let (group, session) = (member.group(), member.session());
    let Some(parent) = member.parent() else { return };
    let parent = &family[parent];
    if parent.group() != group && parent.session() == session {
        hang_up_orphans(family, group, Some(slot));
    }
}

fn hang_up_orphans(family: &mut FamilyGuard, group: u32, without: Option<u32>) {
    if !family.is_orphaned(group, without) || !family.has_stopped(group) {
        return;
    }
    for signal in [SIGHUP, SIGCONT] {
        send_from_kernel_to_group(family, group, signal);
    }
}

/// Tells the parent of the zombie in `slot`; reaps it if the parent does not want to know.
fn notify_parent(family: &mut FamilyGuard, slot: u32) -> Buried {
    let member = &family[slot];
    let (Report::Exited(status), Some(parent)) = (member.report, member.parent()) else {
        return None;
    };
    let signal = i32::from(member.exit_signal);
    let process = member.process.clone();
    let parent = family[parent].process.clone();
    let (is_ignored, reaps) = {
        let guard = parent.lock_signals();
        (guard.actions.get(SIGCHLD).handler == SIG_IGN, guard.actions.reaps_children())
    };
    let is_sigchld = signal == SIGCHLD;
    if signal != 0 && !(is_sigchld && is_ignored) {
        let (code, value) = match status & 0x7f {
            0 => (CLD_EXITED, status >> 8 & 0xff),
            killed_by => (CLD_KILLED, killed_by),
        };
        let info = Info { signal, ..child_info(&process, code, value) };
        let _ = send_to_process(family, &parent, &info);
    }
    let buried = if is_sigchld && reaps { reap(family, slot) } else { None };
    parent.child_changed.wake_all();
    buried
}
