//! Who is traced: one thread's side.

use super::tracer::Tracer;
use crate::process::{CurrentThread, Thread};
use crate::sync::WaitQueue;
use crate::task::Sleep;
use abi::trace::{Event, Fault, What};
use alloc::sync::{Arc, Weak};
use core::sync::atomic::{AtomicBool, AtomicI32, AtomicU32, Ordering::Relaxed};
use spin::Once;

pub struct Tracee {
    pub(super) tracer: Arc<Tracer>,
    thread: Once<Weak<Thread>>,
    /// `TRACE_*`.
    pub(super) options: u32,
    /// The traced thread that made it, if one did.
    pub(super) maker: Option<i32>,
    /// The thread's id, as it was told last.
    tid: AtomicI32,
    /// Whether it stands still.
    stands: AtomicBool,
    /// Whether it may go on from where it stands.
    goes_on: AtomicBool,
    resumed: WaitQueue,
    /// Faults there was no room for since the last event.
    lost: AtomicU32,
}

impl Tracee {
    pub(super) fn new(tracer: Arc<Tracer>, options: u32, maker: Option<i32>) -> Self {
        Self {
            tracer,
            thread: Once::new(),
            options,
            maker,
            tid: AtomicI32::new(0),
            stands: AtomicBool::new(false),
            goes_on: AtomicBool::new(false),
            resumed: WaitQueue::new(),
            lost: AtomicU32::new(0),
        }
    }

    /// Says whose it is, once.
    pub(super) fn bind(&self, thread: &Arc<Thread>) {
        self.thread.call_once(|| Arc::downgrade(thread));
        self.tid.store(thread.task.tid().cast_signed(), Relaxed);
    }

    pub(super) fn tid(&self) -> i32 {
        self.tid.load(Relaxed)
    }

    /// The process that traces, and whether the thread stands still for it.
    pub fn state(&self) -> (u32, bool) {
        (self.tracer.pid(), self.stands.load(Relaxed))
    }

    /// The tracer has seen the event.
    pub(super) fn go_on(&self) {
        self.goes_on.store(true, Relaxed);
        self.resumed.wake_all();
    }

    /// There is no tracer any more.
    pub(super) fn let_go(self: Arc<Self>) {
        let Some(thread) = self.thread.get().and_then(Weak::upgrade) else { return };
        let mut guard = thread.process.lock_signals();
        let tracee = &mut guard.with(&thread).1.tracee;
        // It may have ended, and its id be another's.
        let old = tracee.take_if(|tracee| Arc::ptr_eq(tracee, &self));
        if old.is_some() {
            thread.task.end_tracing();
        }
        drop(guard);
        drop(old);
        self.go_on();
    }

    fn note(&self, what: &What) -> Event {
        let thread = crate::process::current();
        let tid = thread.task.tid().cast_signed();
        self.tid.store(tid, Relaxed);
        let event = Event::new(tid, thread.process().pid().cast_signed(), what);
        Event { lost: self.lost.swap(0, Relaxed), ..event }
    }

    /// The running thread tells, and stands still until it may go on, or is killed.
    pub(super) fn tell(&self, what: &What) {
        let event = self.note(what);
        self.goes_on.store(false, Relaxed);
        self.stands.store(true, Relaxed);
        self.stand(event);
        self.stands.store(false, Relaxed);
    }

    fn stand(&self, event: Event) {
        if !self.tracer.post(self, event) {
            return;
        }
        let may_go = || self.goes_on.load(Relaxed).then_some(());
        if self.resumed.wait_for(Sleep::Killable, None, may_go).is_err() {
            self.tracer.forget_stop(self);
        }
    }

    /// The running thread has ended.
    pub(super) fn tell_end(&self, status: i32) {
        let event = self.note(&What::Ended { status });
        self.tracer.post(self, event);
    }

    /// The running thread tells of a fault while it may not stand still.
    pub(super) fn tell_fault(&self, thread: &CurrentThread, fault: Fault) {
        let tid = thread.task.tid().cast_signed();
        let pid = thread.process().pid().cast_signed();
        let lost = self.lost.load(Relaxed);
        if self.tracer.post_fault((tid, pid), lost, fault) {
            self.lost.store(0, Relaxed);
        } else {
            self.lost.store(lost.saturating_add(1), Relaxed);
        }
    }
}
