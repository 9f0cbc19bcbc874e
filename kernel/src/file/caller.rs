//! What the file layer asks of the process layer.

use super::access::Caller;
use super::namespace::Start;
use super::place::Place;
use super::socket::Graves;
use crate::process::signal::{
    is_interrupted as signal_interrupts, raise as raise_signal, send_from_kernel_to_group,
};
use crate::process::table::{find, lock_family};
use crate::process::{Process, current, permission};
use crate::result::{Errno, Result, restart};
use crate::task;
use abi::process::{RLIMIT_FSIZE, RLIMIT_NOFILE, status_signaled};
use abi::signal::{SIG_IGN, SIGCONT, SIGHUP, SIGKILL};
use abi::socket::Ucred;
use alloc::sync::Arc;
use kcore::credentials::UNCHANGED;
use kcore::user_account::UserAccount;

/// A signal ended a sleep: the call is made again if the handler allows it.
pub fn restart() -> Errno {
    restart::ERESTARTSYS
}

/// The same for calls that only go on where no handler ran.
pub fn restart_unless_handled() -> Errno {
    restart::ERESTARTNOHAND
}

/// Whether a sleep that a signal ended has to end the call.
pub fn is_interrupted() -> bool {
    signal_interrupts()
}

/// Whether the calling thread is to end.
pub fn is_killed() -> bool {
    task::current().work() & task::work::KILL != 0
}

/// Sends a signal to the calling thread.
pub fn raise(signal: i32) {
    raise_signal(signal);
}

/// Sends a signal from the kernel to all members of a process group.
pub fn signal_group(group: u32, signal: i32) {
    send_from_kernel_to_group(&mut lock_family(), group, signal);
}

/// Kills a process, if it is there.
pub fn end_process(pid: u32) {
    let family = lock_family();
    if let Ok((_, process)) = find(&family, pid.cast_signed()) {
        process.lock_signals().end_all(status_signaled(SIGKILL));
    }
}

/// The group lost its terminal.
pub fn hang_up(group: u32) {
    signal_group(group, SIGHUP);
    signal_group(group, SIGCONT);
}

/// Whose the calling process is.
#[derive(Clone, Copy, Default)]
pub struct Session {
    pub session: u32,
    pub group: u32,
    pub is_leader: bool,
}

pub fn session() -> Session {
    let thread = current();
    let family = lock_family();
    family.get(thread.process().slot()).map_or_else(Session::default, |member| Session {
        session: member.session(),
        group: member.group(),
        is_leader: member.leads_session(),
    })
}

/// The session of a process group; `None` if there is no such group.
pub fn session_of_group(group: u32) -> Option<u32> {
    let family = lock_family();
    let slot = family.first_in_group(group)?;
    family.get(slot).map(|member| member.session())
}

pub fn is_group_orphaned(group: u32) -> bool {
    lock_family().is_orphaned(group, None)
}

/// Whether a signal would not reach the calling thread: blocked or ignored.
pub fn ignores(signal: i32) -> bool {
    let thread = current();
    thread.blocked().contains(signal)
        || thread.action(signal, false).is_ok_and(|action| action.handler == SIG_IGN)
}

pub fn process_id() -> u32 {
    current().process().pid()
}

pub fn is_privileged() -> bool {
    current().process().credentials().is_privileged()
}

/// Calls `work` with what the calling thread is to close.
pub fn with_graves(work: impl FnOnce(&Graves)) {
    work(&current().own().graves);
}

/// What the real user of the calling process has.
pub fn account() -> Arc<UserAccount> {
    current().process().account()
}

/// Whose the calling process is, whomever it acts for.
pub fn real_user() -> u32 {
    current().process().credentials().user.real
}

pub fn real_group() -> u32 {
    current().process().credentials().group.real
}

/// For whom the calling process acts, whatever it counts as for files.
pub fn effective_user() -> u32 {
    current().process().credentials().user.effective
}

pub fn effective_group() -> u32 {
    current().process().credentials().group.effective
}

/// Whether the caller may say that it is who sends something. EINVAL, EPERM; ESRCH for a process that
/// is not there.
pub fn may_send_as(who: &Ucred) -> Result<()> {
    if who.uid == UNCHANGED || who.gid == UNCHANGED {
        return Err(Errno::EINVAL);
    }
    let own = current().process().credentials();
    let is_own = who.pid == process_id().cast_signed();
    let may_say_so =
        own.is_privileged() || is_own && own.user.has(who.uid) && own.group.has(who.gid);
    if !may_say_so {
        return Err(Errno::EPERM);
    }
    find(&lock_family(), who.pid).map(|_| ())
}

/// On whose behalf the call works.
pub fn identity() -> Caller {
    Caller::new(current().process().credentials())
}

/// The caller's root directory.
pub fn root() -> Place {
    current().fs().root().place()
}

/// The process that has a thread of this id. ENOENT.
pub fn process_of(tid: u32) -> Result<Arc<Process>> {
    let family = lock_family();
    find(&family, tid.cast_signed()).map(|(_, process)| process.clone()).map_err(|_| Errno::ENOENT)
}

/// Whether `caller` may see what a process has open and where it works.
pub fn may_look_into(process: &Process, caller: &Caller) -> bool {
    permission::may_look_into(process, caller.looker())
}

/// RLIMIT_FSIZE in bytes.
pub fn file_size_limit() -> u64 {
    match current().process().limit(RLIMIT_FSIZE) {
        u32::MAX => u64::MAX,
        limit => u64::from(limit),
    }
}

/// RLIMIT_NOFILE: descriptors are below.
pub fn descriptor_limit() -> u32 {
    current().process().limit(RLIMIT_NOFILE)
}

/// Calls `work` with where the calling process's relative paths begin.
pub fn from_working_directory<R>(work: impl FnOnce(&Start) -> Result<R>) -> Result<R> {
    let identity = identity();
    work(&current().fs().start(&identity))
}
