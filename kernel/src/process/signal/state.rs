//! The signal state of a process and of each of its threads, and the lock around both.

use crate::process::cpu_alarm::Queues;
use crate::process::trace::Tracee;
use crate::process::{Process, Thread};
use crate::result::{Errno, Result};
use crate::sync::{Rank, SpinLock, SpinLockGuard};
use crate::task::{self, work};
use abi::signal::SignalSet;
use alloc::sync::Arc;
use alloc::vec::Vec;
use kcore::alarms::Queue;
use kcore::signal::{Actions, InfoPool, Pending};

/// Why the signals of all processes are pending. Inside every process's signal lock.
pub(super) static POOL: SpinLock<InfoPool> = SpinLock::new(Rank::SignalPool, InfoPool::new());

/// Gives back memory that holds nothing.
pub fn shrink() {
    POOL.lock().shrink();
}

/// Room for one signal's info, for a sender that must not fail.
pub struct SignalRoom(());

impl SignalRoom {
    /// EAGAIN: there is no memory.
    pub fn new() -> Result<Self> {
        POOL.lock().keep().map(|()| Self(()))
    }
}

impl Drop for SignalRoom {
    fn drop(&mut self) {
        POOL.lock().unkeep();
    }
}

/// What the threads of a process share.
pub struct Signals {
    /// Copied when it is changed while a forked process still has it.
    pub actions: Arc<Actions>,
    /// For whichever thread does not block them.
    pub(super) pending: Pending,
    pub(super) threads: Vec<Arc<Thread>>,
    /// Set once the whole process is to end: its wait status.
    pub(super) exit: Option<i32>,
    /// The thread that executes another program: all others end.
    successor: Option<u32>,
    /// The signal that stops the process, while it does.
    pub(super) stopped_by: Option<i32>,
    /// A stop signal was taken from the queue; SIGCONT clears this, and the stop is off.
    pub(super) stop_dequeued: bool,
    /// Threads that have not noticed the stop yet.
    pub(super) still_running: u32,
    /// Processes with the same number have the same actions; 0: nobody else has them.
    pub(super) actions_shared: u32,
}

/// A thread's own part.
pub struct ThreadSignals {
    pub(super) pending: Pending,
    pub(super) blocked: SignalSet,
    /// What it blocked before `sigtimedwait` let in what it waits for.
    pub(super) waited_for: SignalSet,
    /// Whether it sleeps because the process is stopped.
    pub(super) is_stopped: bool,
    /// While it forks: the signals sent meanwhile to many processes, of which the child is one.
    pub(in crate::process) for_child: Option<SignalSet>,
    /// Who is told what it does.
    pub(in crate::process) tracee: Option<Arc<Tracee>>,
    /// Of its clocks. They end with it.
    pub(in crate::process) alarms: Queues,
}

impl Signals {
    pub fn new(actions: Arc<Actions>) -> Self {
        Self {
            actions,
            pending: Pending::new(),
            threads: Vec::new(),
            exit: None,
            successor: None,
            stopped_by: None,
            stop_dequeued: false,
            still_running: 0,
            actions_shared: 0,
        }
    }

    /// The actions, for changing.
    pub fn actions_mut(&mut self) -> Result<&mut Actions> {
        if Arc::get_mut(&mut self.actions).is_none() {
            self.actions = Arc::try_new(*self.actions).map_err(|_| Errno::ENOMEM)?;
        }
        Arc::get_mut(&mut self.actions).ok_or(Errno::ENOMEM)
    }

    /// Makes room for one more thread.
    pub fn reserve_thread(&mut self) -> Result<()> {
        self.threads.try_reserve(1).map_err(|_| Errno::ENOMEM)
    }

    /// Adds a thread, for which there is room. If the process is about to stop, it does too.
    pub fn add_thread(&mut self, thread: Arc<Thread>) {
        if self.stopped_by.is_some() {
            self.still_running += 1;
            thread.task.add_work(work::SIGNAL);
        }
        thread.task.set_timed(thread.process.is_timed());
        self.threads.push(thread);
    }

    /// With which status a thread has to end, if it has to.
    #[inline]
    pub fn ending(&self, thread: &Thread) -> Option<i32> {
        let is_replaced = self.successor.is_some_and(|tid| tid != thread.tid());
        self.exit.or(is_replaced.then_some(0))
    }

    /// All threads but this one end. EAGAIN if they all do anyway.
    pub fn begin_succession(&mut self, thread: &Thread) -> Result<()> {
        if self.exit.is_some() || self.successor.is_some() {
            return Err(Errno::EAGAIN);
        }
        self.successor = Some(thread.tid());
        for other in self.threads.iter().filter(|other| !core::ptr::eq(&***other, thread)) {
            task::notify(&other.task, work::SIGNAL | work::KILL);
        }
        Ok(())
    }

    /// The others have ended, or this one has to as well.
    pub fn end_succession(&mut self) {
        self.successor = None;
    }

    /// Whether it is stopped, or about to be.
    pub fn is_stopped(&self) -> bool {
        self.stopped_by.is_some()
    }

    pub fn threads(&self) -> impl Iterator<Item = &Arc<Thread>> {
        self.threads.iter()
    }

    /// What is pending for the process.
    pub fn pending_set(&self) -> SignalSet {
        self.pending.set()
    }

    /// What the process is ending with, if it is.
    pub fn exit_status(&self) -> Option<i32> {
        self.exit
    }
}

impl ThreadSignals {
    pub const fn new(blocked: SignalSet) -> Self {
        Self {
            pending: Pending::new(),
            blocked,
            waited_for: SignalSet::EMPTY,
            is_stopped: false,
            for_child: None,
            tracee: None,
            alarms: [Queue::new(); 2],
        }
    }
}

/// A process's signal state, locked.
pub struct SignalGuard<'a> {
    process: &'a Process,
    signals: SpinLockGuard<'a, Signals>,
}

impl Process {
    #[inline]
    pub fn lock_signals(&self) -> SignalGuard<'_> {
        SignalGuard { process: self, signals: self.signals.lock() }
    }
}

impl core::ops::Deref for SignalGuard<'_> {
    type Target = Signals;

    #[inline]
    fn deref(&self) -> &Signals {
        &self.signals
    }
}

impl core::ops::DerefMut for SignalGuard<'_> {
    #[inline]
    fn deref_mut(&mut self) -> &mut Signals {
        &mut self.signals
    }
}

impl SignalGuard<'_> {
    /// The shared state and that of one of the process's threads.
    #[inline]
    pub fn with(&mut self, thread: &Thread) -> (&mut Signals, &mut ThreadSignals) {
        assert!(core::ptr::eq(&*thread.process, self.process));
        // SAFETY: the lock of the thread's process is held, and both references borrow the guard.
        (&mut self.signals, unsafe { &mut *thread.signals.get() })
    }

    /// What is pending for a thread, and what it blocks.
    pub fn sets_of(&mut self, thread: &Thread) -> (SignalSet, SignalSet) {
        let (_, own) = self.with(thread);
        (own.pending.set(), own.blocked)
    }

    /// A thread leaves with this status: with the last one the process ends. What is pending for
    /// the thread is forgotten, or with the last one for the process; what it was to take from the
    /// process, others may take. Drop the result without the lock.
    pub fn remove_thread(&mut self, thread: &Thread, status: i32) -> Option<Arc<Thread>> {
        let place = self.threads.iter().position(|other| core::ptr::eq(&**other, thread))?;
        if self.threads.len() == 1 {
            self.end_all(status);
        }
        let (signals, own) = self.with(thread);
        let mut pool = POOL.lock();
        own.pending.clear(&mut pool);
        if signals.stopped_by.is_some() && !own.is_stopped {
            signals.still_running -= 1;
        }
        let left = signals.pending.set().difference(own.blocked);
        let removed = signals.threads.swap_remove(place);
        if signals.threads.is_empty() {
            signals.pending.clear(&mut pool);
        }
        drop(pool);
        if !left.is_empty() && self.exit.is_none() {
            self.offer(left, thread);
        }
        if self.process.is_attended() {
            self.dismiss_attendant(thread);
        }
        Some(removed)
    }

    /// If timers told the thread that leaves, they tell another from now on.
    fn dismiss_attendant(&mut self, thread: &Thread) {
        let next = self.threads.first().map(|next| next.task.clone());
        self.process.replace_attendant(&thread.task, next.as_ref());
        if let Some(next) = next
            && self.process.has_fired()
        {
            task::notify(&next, work::SIGNAL);
        }
    }

    /// Tells all threads but one that would take any of these signals of the process.
    pub(super) fn offer(&mut self, signals: SignalSet, but: &Thread) {
        self.each_thread(|other, own| {
            if !core::ptr::eq(&**other, but) && !signals.difference(own.blocked).is_empty() {
                task::notify(&other.task, work::SIGNAL);
            }
        });
    }

    /// For `execve`: signals of timers go with the timers.
    pub(in crate::process) fn forget_timers(&mut self) {
        let mut pool = POOL.lock();
        self.pending.discard_timers(&mut pool);
        self.each_thread(|_, own| own.pending.discard_timers(&mut pool));
    }

    /// Visits all threads of the process.
    pub(in crate::process) fn each_thread(
        &mut self,
        mut visit: impl FnMut(&Arc<Thread>, &mut ThreadSignals),
    ) {
        for thread in &self.signals.threads {
            // SAFETY: the lock is held, and no other reference to this part exists.
            visit(thread, unsafe { &mut *thread.signals.get() });
        }
    }

    /// The first thread that satisfies.
    pub(in crate::process) fn find_thread(
        &mut self,
        mut is_it: impl FnMut(&ThreadSignals) -> bool,
    ) -> Option<Arc<Thread>> {
        // SAFETY: the lock is held, and no other reference to these parts exists.
        let found =
            self.signals.threads.iter().find(|thread| is_it(unsafe { &*thread.signals.get() }));
        found.cloned()
    }

    /// Tells the thread's task whether there is something to deliver.
    #[inline]
    pub fn update_work(&mut self, thread: &Thread) {
        let has_fired = self.process.has_fired();
        let (signals, own) = self.with(thread);
        if has_fired || signals.has_something_for(own) || signals.ending(thread).is_some() {
            thread.task.add_work(work::SIGNAL);
        } else {
            thread.task.clear_work(work::SIGNAL);
        }
    }
}

impl Signals {
    /// Whether a thread has to look at its signals before it goes to user mode.
    #[inline]
    pub fn has_something_for(&self, thread: &ThreadSignals) -> bool {
        let pending = self.pending.set().union(thread.pending.set());
        !pending.difference(thread.blocked).is_empty() || self.stopped_by.is_some()
    }
}
