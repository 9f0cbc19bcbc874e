//! A second process or thread: `fork`, `vfork`, `clone`.

use super::process::{Origin, Process, Shared};
use super::signal::{self, Signals, ThreadSignals, is_interrupted};
use super::table::{self, lock_family};
use super::thread::{Own, Thread};
use super::trace::{self, Follow};
use super::{CurrentThread, current};
use crate::failpoint::{self, fail_point};
use crate::mm::user;
use crate::result::restart::ERESTARTNOINTR;
use crate::result::{Errno, Result};
use crate::sync::WaitQueue;
use crate::task::{self, Sleep, Task, work};
use abi::process::{
    CLONE_CHILD_CLEARTID, CLONE_CHILD_SETTID, CLONE_DETACHED, CLONE_FILES, CLONE_FS, CLONE_NEWNS,
    CLONE_PARENT, CLONE_PARENT_SETTID, CLONE_SETTLS, CLONE_SIGHAND, CLONE_SYSVSEM, CLONE_THREAD,
    CLONE_VFORK, CLONE_VM, CSIGNAL, UserDesc,
};
use abi::signal::{SIGCHLD, SignalSet};
use abi::{UserMutPtr, UserPtr};
use alloc::sync::Arc;
use core::cell::UnsafeCell;
use core::mem;
use core::sync::atomic::{AtomicBool, AtomicU32, Ordering::Relaxed};
use kcore::tls;
use kcore::user_account::ThreadCharge;

/// What the child shares with its parent, and where it starts.
pub struct CloneRequest {
    /// `CLONE_*`, with the signal for the parent in the low byte.
    pub flags: u32,
    /// The child's stack pointer, 0 for the parent's.
    pub stack: u32,
    pub parent_tid: UserMutPtr<i32>,
    pub child_tid: UserMutPtr<i32>,
    pub tls: UserPtr<UserDesc>,
    /// The child's handlers are the default ones, and what is ignored stays so.
    pub clears_handlers: bool,
}

impl CloneRequest {
    /// As `fork` makes a process.
    pub const fn fork() -> Self {
        Self {
            flags: SIGCHLD as u32,
            stack: 0,
            parent_tid: UserMutPtr::NULL,
            child_tid: UserMutPtr::NULL,
            tls: UserPtr::NULL,
            clears_handlers: false,
        }
    }

    /// As `vfork` does.
    pub const fn vfork() -> Self {
        Self { flags: CLONE_VFORK | CLONE_VM | SIGCHLD as u32, ..Self::fork() }
    }

    /// Where the child stores its id; 0 for nowhere.
    fn set_tid(&self) -> u32 {
        if self.has(CLONE_CHILD_SETTID) { self.child_tid.address() } else { 0 }
    }

    /// Whether both run in one address space at the same time.
    fn runs_beside(&self) -> bool {
        self.has(CLONE_VM) && !self.has(CLONE_VFORK)
    }

    fn has(&self, flag: u32) -> bool {
        self.flags & flag != 0
    }
}

/// Bits that ask for nothing here: tracing, i/o contexts, semaphore adjustments.
const WITHOUT_EFFECT: u32 =
    CLONE_DETACHED | CLONE_SYSVSEM | 0x2000 /* PTRACE */ | 0x80_0000 /* UNTRACED */ | 1 << 31 /* IO */;
const KNOWN: u32 = CSIGNAL
    | CLONE_VM
    | CLONE_FS
    | CLONE_FILES
    | CLONE_VFORK
    | CLONE_PARENT
    | CLONE_SIGHAND
    | CLONE_THREAD
    | CLONE_SETTLS
    | CLONE_PARENT_SETTID
    | CLONE_CHILD_CLEARTID
    | CLONE_CHILD_SETTID
    | WITHOUT_EFFECT;

fn check(flags: u32) -> Result<()> {
    let has = |all: u32| flags & all == all;
    let thread_without_handlers = has(CLONE_THREAD) && !has(CLONE_SIGHAND);
    let handlers_without_memory = has(CLONE_SIGHAND) && !has(CLONE_VM);
    if has(CLONE_NEWNS | CLONE_FS)
        || thread_without_handlers
        || handlers_without_memory
        || flags & !KNOWN != 0
    {
        return Err(Errno::EINVAL);
    }
    Ok(())
}

/// From the moment at which signals that are pending have been looked at until the child can be
/// found. What is sent to a group meanwhile has to reach the child as well: it is collected.
struct Forking<'a>(&'a CurrentThread);

impl<'a> Forking<'a> {
    fn begin(parent: &'a CurrentThread, request: &CloneRequest) -> Result<Self> {
        // Only then, the work may be word of a timer whose signal nobody takes.
        if parent.task.work() & work::SIGNAL != 0 && is_interrupted() {
            return Err(ERESTARTNOINTR);
        }
        let forking = Self(parent);
        if !request.has(CLONE_THREAD) {
            forking.set(Some(SignalSet::EMPTY));
        }
        Ok(forking)
    }

    /// With the family locked. Returns what was collected.
    fn end(self) -> SignalSet {
        let collected = self.set(None);
        mem::forget(self);
        collected.unwrap_or(SignalSet::EMPTY)
    }

    fn set(&self, new: Option<SignalSet>) -> Option<SignalSet> {
        let mut guard = self.0.process().lock_signals();
        mem::replace(&mut guard.with(self.0).1.for_child, new)
    }
}

impl Drop for Forking<'_> {
    fn drop(&mut self) {
        self.set(None);
    }
}

/// An id that goes back unless the process comes about.
struct NewId(u32);

impl Drop for NewId {
    fn drop(&mut self) {
        if self.0 != 0 {
            lock_family().release_id(self.0);
        }
    }
}

/// Makes a child, or one more thread, and lets it run; returns its id.
pub fn clone(request: &CloneRequest) -> Result<u32> {
    check(request.flags)?;
    let parent = current();
    let forking = Forking::begin(&parent, request)?;
    let charge = parent.process().charge_thread()?;
    let tls = if request.has(CLONE_SETTLS) { Some(user::read(request.tls)?) } else { None };

    let mut id = NewId(lock_family().allocate_id()?);
    let is_thread = request.has(CLONE_THREAD);
    if fail_point!(Fork) {
        return Err(Errno::EAGAIN);
    }
    let own = make_own(&parent, request)?;
    let (process, charge) = match is_thread {
        true => (parent.process.clone(), Some(charge)),
        false => (make_child(&parent, request, id.0, &own, charge)?, None),
    };
    let set_tid = request.set_tid();
    let thread = new_thread(process, id.0, parent.blocked(), own, first_step, set_tid)?;
    thread.holds_parent.store(request.has(CLONE_VFORK), Relaxed);
    set_registers(&thread, request, tls)?;
    // Nobody else runs until the thread is listed: who begins to trace the parent came before, or finds it.
    let follow = Follow::new(&parent, &thread)?;
    failpoint::inherit(&thread.task, is_thread);
    if fail_point!(Fork) {
        return Err(Errno::ENOMEM);
    }
    let held_by = request.has(CLONE_VFORK).then(|| thread.clone());
    match charge {
        Some(charge) => join_process(&parent, &thread, charge)?,
        None => join_family(&parent, &thread, request, forking)?,
    }
    // From here on nothing fails.
    let pid = mem::take(&mut id.0);
    if request.has(CLONE_PARENT_SETTID) {
        // As on Linux, nobody hears of a bad address.
        let _ = user::write(request.parent_tid, &pid.cast_signed());
    }
    table::note_start(pid);
    follow.begin(&thread);
    thread.start();
    if let Some(child) = held_by {
        // Killed, the parent leaves; the child is unaware of it.
        let released = || (!child.holds_parent.load(Relaxed)).then_some(());
        let _ = child.parent_released.wait_for(Sleep::Killable, None, released);
    }
    Ok(pid)
}

/// A process for a child whose thread will have `own`.
fn make_child(
    parent: &CurrentThread,
    request: &CloneRequest,
    pid: u32,
    own: &Own,
    mut charge: ThreadCharge,
) -> Result<Arc<Process>> {
    let process = parent.process();
    let (mm, files, fs) = (own.mm.borrow(), own.files.borrow(), own.fs.borrow());
    let (Some(mm), Some(files), Some(fs)) = (&*mm, &*files, &*fs) else {
        return Err(Errno::ENOMEM);
    };
    let actions = match request.clears_handlers {
        true => parent.inherited_actions()?,
        false => parent.forked_actions()?,
    };
    let mut signals = Signals::new(actions);
    signals.reserve_thread()?;
    let child = Process::new(Origin {
        pid,
        shared: Shared {
            mm: Some(mm.mm().clone()),
            executable: process.executable(),
            files: Arc::downgrade(files),
            fs: Arc::downgrade(fs),
            remains: None,
            credentials: process.credentials_for(&mut charge),
            charge,
            limits: process.limits(),
        },
        signals,
        personality: process.personality(),
        nice: process.nice(),
        is_unkillable: false,
        level: process.ipc.level(),
    });
    Arc::try_new(child).map_err(|_| Errno::ENOMEM)
}

/// What the new thread has for itself, or shares.
#[inline(always)]
fn make_own(parent: &CurrentThread, request: &CloneRequest) -> Result<Own> {
    let own = parent.own();
    let mm = match &*own.mm.borrow() {
        Some(mm) if request.has(CLONE_VM) => mm.again(),
        Some(mm) => mm.fork()?,
        None => return Err(Errno::ENOMEM),
    };
    let files = match request.has(CLONE_FILES) {
        true => parent.files(),
        false => parent.files().fork()?,
    };
    let fs = match request.has(CLONE_FS) {
        true => parent.fs(),
        false => parent.fs().fork()?,
    };
    let new = Own::new(Some(mm), Some(files), Some(fs));
    // Two cannot use one stack.
    if !request.runs_beside() {
        new.alternate_stack.set(own.alternate_stack.get());
    }
    if request.has(CLONE_CHILD_CLEARTID) {
        new.clear_child_tid.set(request.child_tid.address());
    }
    Ok(new)
}

/// The process and the family know the new thread from now on, unless the process is ending.
fn join_process(parent: &CurrentThread, thread: &Arc<Thread>, charge: ThreadCharge) -> Result<()> {
    let process = parent.process();
    let mut family = lock_family();
    let mut guard = process.lock_signals();
    if guard.ending(parent).is_some() {
        return Err(Errno::EINTR);
    }
    guard.reserve_thread()?;
    guard.add_thread(thread.clone());
    process.add_member();
    process.join_charge(charge);
    family.name_thread(thread.tid(), process.slot());
    Ok(())
}

/// A thread with a task that will begin with `first(argument)`; nobody knows it yet.
pub(super) fn new_thread(
    process: Arc<Process>,
    tid: u32,
    blocked: abi::signal::SignalSet,
    own: Own,
    first: fn(usize),
    argument: u32,
) -> Result<Arc<Thread>> {
    let running = task::current();
    let share = process.share();
    let task = Task::new(&running.name(), share.priority, first, argument as usize)
        .map_err(|_| Errno::ENOMEM)?;
    task.set_time_slice(share.ticks);
    task.set_tid(tid);
    let thread = Thread {
        process,
        task: task.clone(),
        signals: UnsafeCell::new(ThreadSignals::new(blocked)),
        own: UnsafeCell::new(own),
        robust_list: AtomicU32::new(0),
        holds_parent: AtomicBool::new(false),
        parent_released: WaitQueue::new(),
    };
    Arc::try_new(thread).map_err(|_| Errno::ENOMEM)
}

fn set_registers(thread: &Thread, request: &CloneRequest, tls: Option<UserDesc>) -> Result<()> {
    let mut frame = current().frame();
    frame.eax = 0;
    if request.stack != 0 {
        frame.esp = request.stack;
    }
    // SAFETY: the thread has not started, so nobody else touches what is its own.
    let space = match unsafe { &*(*thread.own.get()).mm.as_ptr() } {
        Some(mm) => mm.for_cpu(),
        None => return Err(Errno::ENOMEM),
    };
    thread.task.become_copy_of_current(space, &frame);
    if request.runs_beside() {
        thread.task.set_message_block(0);
    }
    if let Some(desc) = tls {
        let entry = tls::encode(&desc)?;
        let index = tls::index(desc.entry_number)?;
        if !thread.task.set_initial_tls(index, entry) {
            return Err(Errno::EINVAL);
        }
    }
    Ok(())
}

/// The family knows the new process from now on, unless its maker is ending.
fn join_family(
    parent: &CurrentThread,
    thread: &Arc<Thread>,
    request: &CloneRequest,
    forking: Forking,
) -> Result<()> {
    let process = &thread.process;
    let mut family = lock_family();
    family.reserve_member()?;
    let missed = forking.end();
    if parent.process().lock_signals().ending(parent).is_some() {
        return Err(Errno::EINTR);
    }
    let own = parent.process.slot();
    let (of, exit_signal) = match (request.has(CLONE_PARENT), family[own].parent()) {
        (true, Some(parent)) => (parent, family[own].exit_signal),
        _ => (own, (request.flags & CSIGNAL) as u8),
    };
    process.set_parent_pid(family[of].pid());
    let slot = family.insert_child(process.pid(), process.clone(), of, exit_signal);
    process.set_slot(slot);
    if request.has(CLONE_SIGHAND) {
        signal::share_actions(parent.process(), process);
    }
    let mut guard = process.lock_signals();
    guard.add_thread(thread.clone());
    guard.post_all(missed);
    Ok(())
}

/// The child's first step.
fn first_step(set_tid: usize) {
    if current().task.is_traced() {
        trace::started();
    }
    if set_tid != 0 {
        let tid = current().tid();
        let _ = user::write(UserMutPtr::new(set_tid as u32), &tid.cast_signed());
    }
}
