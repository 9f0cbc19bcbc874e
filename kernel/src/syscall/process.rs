//! Calls that make, replace, end and await processes.

use crate::arch::uaccess::TASK_SIZE;
use crate::mm::user;
use crate::process::exec::{Program, Strings, execute};
use crate::process::fork::{self, CloneRequest};
use crate::process::wait::{self, Changed};
use crate::process::{current, exit};
use crate::result::{Errno, Result};
use crate::task;
use abi::process::{
    CLONE_CLEAR_SIGHAND, CLONE_DETACHED, CLONE_PARENT, CLONE_PIDFD, CLONE_SIGHAND, CLONE_THREAD,
    CSIGNAL, CloneArgs, P_ALL, P_PGID, P_PID, Rusage, STATUS_CONTINUED, UserDesc, WALL, WCLONE,
    WCONTINUED, WEXITED, WNOHANG, WNOTHREAD, WNOWAIT, WUNTRACED, status_exited, status_stopped,
};
use abi::signal::{
    CLD_CONTINUED, CLD_EXITED, CLD_KILLED, CLD_STOPPED, NSIG, SIGCHLD, SIGCONT, Siginfo,
};
use abi::{UserMutPtr, UserPtr, UserStr};
use kcore::addr::PAGE_SIZE;
use kcore::family::{Report, Which};

const PATH_MAX: usize = 4096;

pub fn execve(path: UserStr, argv: UserPtr<UserStr>, envp: UserPtr<UserStr>) -> Result<u32> {
    let path = user::c_string(path, PATH_MAX, Errno::ENAMETOOLONG)?;
    if path.is_empty() {
        return Err(Errno::ENOENT);
    }
    let program =
        Program { path: &path, arguments: Strings::User(argv), environment: Strings::User(envp) };
    execute(&current(), &program).map(|()| 0)
}

pub fn fork() -> Result<u32> {
    fork::clone(&CloneRequest::fork())
}

pub fn vfork() -> Result<u32> {
    fork::clone(&CloneRequest::vfork())
}

pub fn clone(
    flags: u32,
    stack: u32,
    parent_tid: UserMutPtr<i32>,
    tls: UserPtr<UserDesc>,
    child_tid: UserMutPtr<i32>,
) -> Result<u32> {
    fork::clone(&CloneRequest { flags, stack, parent_tid, child_tid, tls, clears_handlers: false })
}

pub fn clone3(arguments: UserPtr<CloneArgs>, size: u32) -> Result<u32> {
    if size > PAGE_SIZE {
        return Err(Errno::E2BIG);
    }
    if size < CloneArgs::SIZE_VER0 {
        return Err(Errno::EINVAL);
    }
    fork::clone(&clone_request(&user::read_versioned(arguments, size)?)?)
}

/// What the arguments of `clone3` mean, if they mean anything.
fn clone_request(arguments: &CloneArgs) -> Result<CloneRequest> {
    let flags = arguments.flags;
    let has = |flag: u32| flags & u64::from(flag) != 0;
    let clears_handlers = flags & CLONE_CLEAR_SIGHAND != 0;
    let exit_signal = match u32::try_from(arguments.exit_signal) {
        Ok(signal) if signal <= NSIG.cast_unsigned() => signal,
        _ => return Err(Errno::EINVAL),
    };
    // No process chooses its id here, none is in a control group, and none has a descriptor.
    let chooses = arguments.set_tid | arguments.set_tid_size != 0;
    let stands_alone = flags & u64::from(CSIGNAL | CLONE_DETACHED | CLONE_PIDFD) == 0
        && flags & !(u64::from(u32::MAX) | CLONE_CLEAR_SIGHAND) == 0
        && !(clears_handlers && has(CLONE_SIGHAND))
        && !(exit_signal != 0 && has(CLONE_THREAD | CLONE_PARENT));
    if chooses || !stands_alone {
        return Err(Errno::EINVAL);
    }
    Ok(CloneRequest {
        flags: flags as u32 | exit_signal,
        stack: top_of_stack(arguments.stack, arguments.stack_size)?,
        parent_tid: UserMutPtr::new(arguments.parent_tid as u32),
        child_tid: UserMutPtr::new(arguments.child_tid as u32),
        tls: UserPtr::new(arguments.tls as u32),
        clears_handlers,
    })
}

/// One past a stack; 0 for none.
fn top_of_stack(stack: u64, size: u64) -> Result<u32> {
    let end = stack.checked_add(size).filter(|end| *end <= TASK_SIZE.into());
    match (stack, size, end) {
        (0, 0, _) => Ok(0),
        (1.., 1.., Some(end)) => Ok(end as u32),
        _ => Err(Errno::EINVAL),
    }
}

/// With its last thread the process ends.
pub fn exit(status: i32) -> Result<u32> {
    exit::exit_thread(status_exited(status))
}

pub fn exit_group(status: i32) -> Result<u32> {
    exit::exit_group(status_exited(status))
}

pub fn waitpid(pid: i32, status: UserMutPtr<i32>, options: u32) -> Result<u32> {
    wait4(pid, status, options, UserMutPtr::NULL)
}

pub fn wait4(
    pid: i32,
    status: UserMutPtr<i32>,
    options: u32,
    usage: UserMutPtr<Rusage>,
) -> Result<u32> {
    if options & !(WNOHANG | WUNTRACED | WCONTINUED | WNOTHREAD | WCLONE | WALL) != 0 {
        return Err(Errno::EINVAL);
    }
    let thread = current();
    let which = wait::which(&thread, pid)?;
    let Some(changed) = wait::wait(&thread, which, options | WEXITED)? else { return Ok(0) };
    user::write_unless_null(status, &wait_status(changed.report))?;
    user::write_unless_null(usage, &changed.used.to_abi())?;
    Ok(changed.pid)
}

fn wait_status(report: Report) -> i32 {
    match report {
        Report::Exited(status) => status,
        Report::Stopped(signal) => status_stopped(i32::from(signal)),
        Report::Continued | Report::Nothing => STATUS_CONTINUED,
    }
}

pub fn waitid(
    which: i32,
    id: i32,
    info: UserMutPtr<Siginfo>,
    options: u32,
    usage: UserMutPtr<Rusage>,
) -> Result<u32> {
    const STATES: u32 = WEXITED | WUNTRACED | WCONTINUED;
    if options & !(STATES | WNOHANG | WNOWAIT | WNOTHREAD | WCLONE | WALL) != 0
        || options & STATES == 0
    {
        return Err(Errno::EINVAL);
    }
    let thread = current();
    let which = match which {
        P_ALL => Which::Any,
        P_PID if id > 0 => Which::Pid(id.cast_unsigned()),
        P_PGID if id > 0 => Which::Group(id.cast_unsigned()),
        P_PGID if id == 0 => wait::which(&thread, 0)?,
        _ => return Err(Errno::EINVAL),
    };
    let changed = wait::wait(&thread, which, options);
    let child = changed.as_ref().ok().and_then(Option::as_ref);
    if let Some(child) = child
        && !usage.is_null()
    {
        user::write(usage, &child.used.to_abi())?;
    }
    // Also if there is nobody to wait for.
    if !info.is_null() {
        let filled = child.map_or(<Siginfo as abi::Plain>::ZERO, child_info);
        user::write(info, &filled)?;
    }
    changed.map(|_| 0)
}

fn child_info(changed: &Changed) -> Siginfo {
    let (code, status) = match changed.report {
        Report::Exited(status) if status & 0x7f == 0 => (CLD_EXITED, status >> 8 & 0xff),
        Report::Exited(status) => (CLD_KILLED, status & 0x7f),
        Report::Stopped(signal) => (CLD_STOPPED, i32::from(signal)),
        Report::Continued | Report::Nothing => (CLD_CONTINUED, SIGCONT),
    };
    let mut info = Siginfo::child(code, changed.pid.cast_signed(), changed.user, status, 0, 0);
    info.signo = SIGCHLD;
    info
}

pub fn sched_yield() -> Result<u32> {
    task::yield_now();
    Ok(0)
}
