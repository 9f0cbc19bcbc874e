//! A process: what its threads have in common, from fork until its parent has waited for it.

use super::alarm::Alarm;
use super::cpu_timer::CpuTimers;
use super::credentials::Credentials;
use super::posix_timer::PosixTimers;
use super::signal::Signals;
use super::thread::Thread;
use super::usage::Usage;
use crate::cpu;
use crate::file::{File, FileTable, FsContext};
use crate::ipc::handle::Holder;
use crate::mm::space::Mm;
use crate::result::{Errno, Result};
use crate::sync::{IrqSpinLock, Rank, SpinLock, WaitQueue};
use crate::task::{self, Task};
use crate::time;
use abi::ipc::Level;
use abi::process::{RLIM_INFINITY, RLIMIT_CPU, RLIMIT_NPROC};
use alloc::sync::{Arc, Weak};
use core::sync::atomic::{AtomicBool, AtomicU32, Ordering::Relaxed};
use kcore::arena::NIL;
use kcore::resource_limit::Limits;
use kcore::run_queue::Share;
use kcore::user_account::{Resource, ThreadCharge, UserAccount};
use spin::Once;

/// A timer has expired, and nobody has sent its signal yet.
const FIRED: u32 = 1 << 0;
/// Something counts its processor time.
const TIMED: u32 = 1 << 1;

pub struct Process {
    pid: u32,
    /// In the family.
    slot: AtomicU32,
    parent_pid: AtomicU32,
    /// Its real user id, which signals carry.
    user: AtomicU32,
    shared: SpinLock<Shared>,
    pub(super) signals: SpinLock<Signals>,
    pub usage: Usage,
    /// Its handles and what else it has of IPC.
    pub ipc: Holder,
    pub(super) alarm: Once<Arc<Alarm>>,
    pub(super) timers: SpinLock<PosixTimers>,
    pub(super) cpu_timers: SpinLock<CpuTimers>,
    /// Why its threads look at timers: [`FIRED`], [`TIMED`].
    timer_word: AtomicU32,
    /// Whether there ever was an attendant.
    is_attended: AtomicBool,
    /// Whom interrupts tell of what the process as a whole has to look at.
    attendant: IrqSpinLock<Option<Arc<Task>>>,
    /// Threads that still have something of it.
    members: AtomicU32,
    /// Where `execve` waits for all others to leave.
    pub(super) member_left: WaitQueue,
    /// Where its threads wait for children.
    pub(super) child_changed: WaitQueue,
    /// `init`: signals without a handler do nothing to it.
    pub is_unkillable: bool,
    /// The signal it gets when its parent ends, 0 for none.
    parent_death_signal: AtomicU32,
    /// Whether it adopts the orphans among its descendants.
    is_subreaper: AtomicBool,
    /// It became a user who has too many threads already: that user's programs it may not execute.
    exceeds_threads: AtomicBool,
    personality: AtomicU32,
    nice: AtomicU32,
    /// The tick at which it came about.
    started: u32,
}

/// What others may look at while the process changes it. Each is replaced as a whole.
pub(super) struct Shared {
    /// `None` once the process has exited.
    pub mm: Option<Arc<Mm>>,
    /// Kept open: nobody writes it meanwhile.
    pub executable: Option<Arc<File>>,
    /// Descriptors and directories of its first thread, while it has them.
    pub files: Weak<FileTable>,
    pub fs: Weak<FsContext>,
    /// The task of its last thread, once that has ended.
    pub remains: Option<Arc<Task>>,
    pub credentials: Arc<Credentials>,
    /// Its threads, or a zombie, with the real user of the credentials.
    pub charge: ThreadCharge,
    pub limits: Arc<Limits>,
}

/// What a new process starts with.
pub(super) struct Origin {
    pub pid: u32,
    pub shared: Shared,
    pub signals: Signals,
    pub personality: u32,
    pub nice: i32,
    pub is_unkillable: bool,
    /// Whom it may call.
    pub level: Level,
}

impl Drop for Process {
    fn drop(&mut self) {
        // Under no lock: much hangs on a process.
        cpu::might_sleep();
    }
}

impl Process {
    pub(super) fn new(origin: Origin) -> Self {
        let has_cpu_limit = origin.shared.limits.current(RLIMIT_CPU) != RLIM_INFINITY;
        Self {
            pid: origin.pid,
            slot: AtomicU32::new(NIL),
            parent_pid: AtomicU32::new(0),
            user: AtomicU32::new(origin.shared.credentials.user.real),
            shared: SpinLock::new(Rank::ProcessState, origin.shared),
            signals: SpinLock::new(Rank::Signal, origin.signals),
            usage: Usage::new(),
            ipc: Holder::new(origin.level),
            alarm: Once::new(),
            timers: SpinLock::new(Rank::PosixTimers, PosixTimers::new()),
            cpu_timers: SpinLock::new(Rank::PosixTimers, CpuTimers::new()),
            timer_word: AtomicU32::new(if has_cpu_limit { TIMED } else { 0 }),
            is_attended: AtomicBool::new(false),
            attendant: IrqSpinLock::new(Rank::Attendant, None),
            members: AtomicU32::new(1),
            member_left: WaitQueue::new(),
            child_changed: WaitQueue::new(),
            is_unkillable: origin.is_unkillable,
            parent_death_signal: AtomicU32::new(0),
            is_subreaper: AtomicBool::new(false),
            exceeds_threads: AtomicBool::new(false),
            personality: AtomicU32::new(origin.personality),
            nice: AtomicU32::new(origin.nice.cast_unsigned()),
            started: time::ticks(),
        }
    }

    #[inline]
    pub fn pid(&self) -> u32 {
        self.pid
    }

    /// Its slot in the family.
    #[inline]
    pub fn slot(&self) -> u32 {
        self.slot.load(Relaxed)
    }

    pub(super) fn set_slot(&self, slot: u32) {
        self.slot.store(slot, Relaxed);
    }

    /// 0 for the first process.
    #[inline]
    pub fn parent_pid(&self) -> u32 {
        self.parent_pid.load(Relaxed)
    }

    pub(super) fn set_parent_pid(&self, pid: u32) {
        self.parent_pid.store(pid, Relaxed);
    }

    /// Its address space; `None` once it has exited.
    pub fn mm(&self) -> Option<Arc<Mm>> {
        self.shared.lock().mm.clone()
    }

    /// Whether its memory may be shown to its user's other processes; there may be none.
    pub fn is_dumpable(&self) -> bool {
        self.shared.lock().mm.as_ref().is_none_or(|mm| mm.is_dumpable())
    }

    pub(super) fn replace_mm(&self, mm: Option<Arc<Mm>>) -> Option<Arc<Mm>> {
        core::mem::replace(&mut self.shared.lock().mm, mm)
    }

    /// The file it was loaded from.
    pub fn executable(&self) -> Option<Arc<File>> {
        self.shared.lock().executable.clone()
    }

    pub(super) fn replace_executable(&self, file: Option<Arc<File>>) -> Option<Arc<File>> {
        core::mem::replace(&mut self.shared.lock().executable, file)
    }

    /// Its descriptors; `None` once it has exited.
    pub fn files(&self) -> Option<Arc<FileTable>> {
        self.shared.lock().files.upgrade()
    }

    pub(super) fn note_files(&self, files: &Arc<FileTable>) {
        let new = Arc::downgrade(files);
        let old = core::mem::replace(&mut self.shared.lock().files, new);
        drop(old);
    }

    /// Its directories and umask; `None` once it has exited.
    pub fn fs(&self) -> Option<Arc<FsContext>> {
        self.shared.lock().fs.upgrade()
    }

    pub(super) fn note_fs(&self, fs: &Arc<FsContext>) {
        let new = Arc::downgrade(fs);
        let old = core::mem::replace(&mut self.shared.lock().fs, new);
        drop(old);
    }

    /// The tick at which it came about.
    pub fn started(&self) -> u32 {
        self.started
    }

    /// Who it acts for.
    #[inline]
    pub fn credentials(&self) -> Arc<Credentials> {
        self.shared.lock().credentials.clone()
    }

    /// The real user id.
    #[inline]
    pub fn user(&self) -> u32 {
        self.user.load(Relaxed)
    }

    /// Credentials with the same real user.
    pub(super) fn set_credentials(&self, credentials: Arc<Credentials>) {
        let old = core::mem::replace(&mut self.shared.lock().credentials, credentials);
        drop(old);
    }

    /// Credentials with another real user, whose account this is, and whose its threads are from now on.
    pub(super) fn set_user(&self, credentials: Arc<Credentials>, account: Arc<UserAccount>) {
        let user = credentials.user.real;
        self.user.store(user, Relaxed);
        let mut shared = self.shared.lock();
        let most = shared.limits.current(RLIMIT_NPROC);
        let exceeds = user != 0 && account.count(Resource::Threads) > most;
        self.exceeds_threads.store(exceeds, Relaxed);
        shared.charge.move_to(&account);
        let old = core::mem::replace(&mut shared.credentials, credentials);
        drop(shared);
        drop(old);
    }

    /// What its real user has.
    #[inline]
    pub fn account(&self) -> Arc<UserAccount> {
        self.shared.lock().charge.account().clone()
    }

    /// One more thread of its real user. EAGAIN for one too many.
    #[inline]
    pub(super) fn charge_thread(&self) -> Result<ThreadCharge> {
        let shared = self.shared.lock();
        let user = &shared.credentials.user;
        let is_bound = user.effective != 0 && user.real != 0;
        let most = if is_bound { shared.limits.current(RLIMIT_NPROC) } else { u32::MAX };
        let charge = ThreadCharge::new(shared.charge.account(), most).ok_or(Errno::EAGAIN)?;
        self.exceeds_threads.store(false, Relaxed);
        Ok(charge)
    }

    /// Its credentials for a child that has been counted already.
    pub(super) fn credentials_for(&self, charge: &mut ThreadCharge) -> Arc<Credentials> {
        let shared = self.shared.lock();
        // Another thread may have changed the user meanwhile.
        charge.move_to(shared.charge.account());
        shared.credentials.clone()
    }

    /// A thread that has been counted is its own.
    pub(super) fn join_charge(&self, charge: ThreadCharge) {
        self.shared.lock().charge.join(charge);
    }

    /// A thread has left that is not the last.
    pub(super) fn discharge_thread(&self) {
        self.shared.lock().charge.remove_one();
    }

    /// Nobody can wait for it any more, though somebody may still look at it.
    pub(super) fn discharge(&self) {
        self.shared.lock().charge.clear();
    }

    /// Whether its user had too many threads when it became that user's, and still has.
    pub(super) fn exceeds_threads(&self) -> bool {
        if !self.exceeds_threads.load(Relaxed) {
            return false;
        }
        let shared = self.shared.lock();
        let threads = shared.charge.account().count(Resource::Threads);
        let exceeds = threads > shared.limits.current(RLIMIT_NPROC);
        drop(shared);
        self.exceeds_threads.store(exceeds, Relaxed);
        exceeds
    }

    /// A resource limit cut to 32 bits; all ones is none.
    #[inline]
    pub fn limit(&self, resource: u32) -> u32 {
        self.shared.lock().limits.current(resource)
    }

    #[inline]
    pub fn limits(&self) -> Arc<Limits> {
        self.shared.lock().limits.clone()
    }

    pub(super) fn set_limits(&self, limits: Arc<Limits>) {
        let old = core::mem::replace(&mut self.shared.lock().limits, limits);
        drop(old);
    }

    /// -20 to 19.
    pub fn nice(&self) -> i32 {
        self.nice.load(Relaxed).cast_signed()
    }

    /// The lower, the more it gets of the CPU.
    pub fn set_nice(&self, nice: i32) {
        self.nice.store(nice.cast_unsigned(), Relaxed);
        let share = self.share();
        for thread in self.lock_signals().threads() {
            task::set_priority(&thread.task, share.priority);
            thread.task.set_time_slice(share.ticks);
        }
    }

    /// Of each of its threads.
    pub fn share(&self) -> Share {
        Share::of_nice(self.nice())
    }

    pub fn personality(&self) -> u32 {
        self.personality.load(Relaxed)
    }

    /// Returns the former one.
    pub(super) fn set_personality(&self, personality: u32) -> u32 {
        self.personality.swap(personality, Relaxed)
    }

    /// 0 for none.
    pub fn parent_death_signal(&self) -> u32 {
        self.parent_death_signal.load(Relaxed)
    }

    pub fn set_parent_death_signal(&self, signal: u32) {
        self.parent_death_signal.store(signal, Relaxed);
    }

    pub fn is_subreaper(&self) -> bool {
        self.is_subreaper.load(Relaxed)
    }

    pub fn set_subreaper(&self, is_subreaper: bool) {
        self.is_subreaper.store(is_subreaper, Relaxed);
    }

    /// Its last thread ends: what remains of it shows the name.
    pub(super) fn set_remains(&self, task: Arc<Task>) {
        let old = self.shared.lock().remains.replace(task);
        drop(old);
    }

    /// Of its last thread, once that has ended.
    pub fn last_name(&self) -> [u8; 16] {
        self.shared.lock().remains.as_ref().map_or([0; 16], |task| task.name())
    }

    /// Its thread of this id, unless that has ended.
    pub fn thread(&self, tid: u32) -> Option<Arc<Thread>> {
        self.lock_signals().threads().find(|thread| thread.tid() == tid).cloned()
    }

    /// Threads that have not left it altogether.
    pub(super) fn members(&self) -> u32 {
        self.members.load(Relaxed)
    }

    /// One more thread.
    pub(super) fn add_member(&self) {
        self.members.fetch_add(1, Relaxed);
    }

    /// A thread has given back whatever it had. Returns whether it was the last.
    pub(super) fn remove_member(&self) -> bool {
        self.members.fetch_sub(1, Relaxed) == 1
    }

    /// Interrupts tell this task from now on, unless there is one that they tell.
    pub(super) fn set_attendant(&self, task: &Arc<Task>) {
        self.is_attended.store(true, Relaxed);
        self.attendant.lock().get_or_insert_with(|| task.clone());
    }

    #[inline]
    pub(super) fn is_attended(&self) -> bool {
        self.is_attended.load(Relaxed)
    }

    /// A task leaves: interrupts tell another.
    pub(super) fn replace_attendant(&self, leaves: &Arc<Task>, by: Option<&Arc<Task>>) {
        let mut attendant = self.attendant.lock();
        let old = match &*attendant {
            Some(task) if Arc::ptr_eq(task, leaves) => {
                core::mem::replace(&mut *attendant, by.cloned())
            }
            _ => None,
        };
        drop(attendant);
        drop(old);
    }

    /// Whether a timer has expired and nobody has sent its signal yet.
    #[inline]
    pub(super) fn has_fired(&self) -> bool {
        self.timer_word.load(Relaxed) & FIRED != 0
    }

    /// Whether a timer may have expired.
    #[inline]
    pub(super) fn may_have_fired(&self) -> bool {
        self.timer_word.load(Relaxed) != 0
    }

    /// Whoever calls this sends the signals of all timers that have expired.
    pub(super) fn take_fired(&self) {
        self.timer_word.fetch_and(!FIRED, Relaxed);
    }

    /// Whether its threads look at each tick.
    pub(super) fn is_timed(&self) -> bool {
        self.timer_word.load(Relaxed) & TIMED != 0
    }

    pub(super) fn set_timed(&self, is_timed: bool) {
        match is_timed {
            true => self.timer_word.fetch_or(TIMED, Relaxed),
            false => self.timer_word.fetch_and(!TIMED, Relaxed),
        };
    }

    /// When a timer has expired, perhaps from its interrupt: somebody sends its signal soon.
    pub(super) fn on_fired(&self) {
        self.timer_word.fetch_or(FIRED, Relaxed);
        if let Some(task) = &*self.attendant.lock() {
            task::notify(task, task::work::SIGNAL);
        }
    }
}
