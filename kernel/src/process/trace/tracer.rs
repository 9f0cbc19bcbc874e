//! Who is told: the events of all its threads, in the order they came.

use super::tracee::Tracee;
use crate::ipc::object::{Object, Revocations};
use crate::process::current;
use crate::process::signal::is_interrupted;
use crate::result::{Errno, Result};
use crate::sync::{Rank, SpinLock, SpinLockGuard, WaitQueue};
use crate::task::Sleep;
use abi::trace::{Event, Fault, What};
use alloc::sync::Arc;
use alloc::vec::Vec;

const MAX_FAULTS: u32 = 1024;

pub struct Tracer {
    /// The process that made it.
    pid: u32,
    state: SpinLock<State>,
    /// Where the tracer waits for events.
    arrived: WaitQueue,
}

struct State {
    threads: Vec<Traced>,
    faults: Vec<QueuedFault>,
    /// The number of the next event.
    next: u64,
    /// There is no handle any more.
    is_closed: bool,
}

/// A thread, and the event that has not been taken.
struct Traced {
    tracee: Arc<Tracee>,
    event: Option<(u64, Event)>,
    /// Its event has been taken, and it waits to be resumed.
    stands: bool,
    has_ended: bool,
}

struct QueuedFault {
    number: u64,
    tid: i32,
    pid: i32,
    lost: u32,
    fault: Fault,
}

/// What the handle is for. Without it, everybody goes on.
pub struct TracerHandle {
    pub tracer: Arc<Tracer>,
    revocations: Revocations,
}

impl Object for TracerHandle {
    fn revocations(&self) -> &Revocations {
        &self.revocations
    }
}

impl TracerHandle {
    /// With room for so many faults inside the kernel.
    pub fn new(faults: u32) -> Result<Arc<Self>> {
        if faults > MAX_FAULTS {
            return Err(Errno::EINVAL);
        }
        let mut ring = Vec::new();
        ring.try_reserve_exact(faults as usize).map_err(|_| Errno::ENOMEM)?;
        let state = State { threads: Vec::new(), faults: ring, next: 0, is_closed: false };
        let tracer = Tracer {
            pid: current().process().pid(),
            state: SpinLock::new(Rank::Tracer, state),
            arrived: WaitQueue::new(),
        };
        let tracer = Arc::try_new(tracer).map_err(|_| Errno::ENOMEM)?;
        Arc::try_new(Self { tracer, revocations: Revocations::new() }).map_err(|_| Errno::ENOMEM)
    }
}

impl Drop for TracerHandle {
    fn drop(&mut self) {
        let threads = {
            let mut state = self.tracer.state.lock();
            state.is_closed = true;
            core::mem::take(&mut state.threads)
        };
        for traced in threads {
            traced.tracee.let_go();
        }
    }
}

impl Tracer {
    pub(super) fn pid(&self) -> u32 {
        self.pid
    }

    /// Makes room for so many more threads. ESRCH if nobody listens any more.
    pub(super) fn reserve(&self, count: usize) -> Result<Room<'_>> {
        let mut state = self.state.lock();
        if state.is_closed {
            return Err(Errno::ESRCH);
        }
        state.threads.try_reserve(count).map_err(|_| Errno::ENOMEM)?;
        Ok(Room(state))
    }

    pub(super) fn is_closed(&self) -> bool {
        self.state.lock().is_closed
    }

    /// It was not to be. Drop the result without locks.
    pub(super) fn remove(&self, tracee: &Tracee) -> Option<Arc<Tracee>> {
        let mut state = self.state.lock();
        let place = state.place(tracee)?;
        let removed = state.threads.swap_remove(place);
        drop(state);
        // Perhaps there is nothing left to wait for.
        self.arrived.wake_all();
        Some(removed.tracee)
    }

    /// Leaves an event in the thread's place, in which there is none, or one that is out of date
    /// because the thread was killed. `false` if nobody is there any more to be told.
    pub(super) fn post(&self, tracee: &Tracee, event: Event) -> bool {
        let mut state = self.state.lock();
        let Some(place) = state.place(tracee) else { return false };
        let number = state.number();
        let has_ended = matches!(event.what(), Some(What::Ended { .. }));
        if let Some(traced) = state.threads.get_mut(place) {
            traced.event = Some((number, event));
            traced.has_ended = has_ended;
            traced.stands = false;
        }
        drop(state);
        self.arrived.wake_all();
        true
    }

    /// A fault inside the kernel. `false` if there is no room for it.
    pub(super) fn post_fault(&self, (tid, pid): (i32, i32), lost: u32, fault: Fault) -> bool {
        let mut state = self.state.lock();
        if state.faults.len() == state.faults.capacity() {
            return false;
        }
        let number = state.number();
        state.faults.push(QueuedFault { number, tid, pid, lost, fault });
        drop(state);
        self.arrived.wake_all();
        true
    }

    /// The thread does not stand still any more.
    pub(super) fn forget_stop(&self, tracee: &Tracee) {
        let mut state = self.state.lock();
        if let Some(place) = state.place(tracee)
            && let Some(traced) = state.threads.get_mut(place)
        {
            (traced.event, traced.stands) = (None, false);
        }
    }

    /// Takes the next event, waiting for it. ECHILD if none can come, EINTR.
    pub fn next_event(&self) -> Result<Event> {
        loop {
            let mut gone = None;
            let attempt = || {
                let mut state = self.state.lock();
                if let Some((event, ended)) = state.take() {
                    gone = ended;
                    return Some(Ok(event));
                }
                state.threads.is_empty().then_some(Err(Errno::ECHILD))
            };
            let outcome = self.arrived.wait_for(Sleep::Interruptible, None, attempt);
            drop(gone);
            match outcome {
                Ok(outcome) => return outcome,
                Err(_) if is_interrupted() => return Err(Errno::EINTR),
                // Only word of a timer.
                Err(_) => {}
            }
        }
    }

    /// Lets the thread go on that stands still under this id.
    pub fn resume(&self, tid: i32) -> Result<()> {
        let tracee = {
            let mut state = self.state.lock();
            let standing =
                state.threads.iter_mut().find(|one| one.stands && one.tracee.tid() == tid);
            let traced = standing.ok_or(Errno::ESRCH)?;
            traced.stands = false;
            traced.tracee.clone()
        };
        tracee.go_on();
        Ok(())
    }
}

/// Room for threads, which nobody else can take.
pub(super) struct Room<'a>(SpinLockGuard<'a, State>);

impl Room<'_> {
    /// From now on the thread may tell.
    pub(super) fn add(&mut self, tracee: Arc<Tracee>) {
        self.0.threads.push(Traced { tracee, event: None, stands: false, has_ended: false });
    }
}

impl State {
    fn place(&self, tracee: &Tracee) -> Option<usize> {
        self.threads.iter().position(|traced| core::ptr::eq(&*traced.tracee, tracee))
    }

    fn number(&mut self) -> u64 {
        self.next += 1;
        self.next
    }

    /// The oldest event, and the thread if that was its last.
    fn take(&mut self) -> Option<(Event, Option<Arc<Tracee>>)> {
        let numbered = |(place, traced): (usize, &Traced)| Some((traced.event?.0, place));
        let oldest = self.threads.iter().enumerate().filter_map(numbered).min();
        let fault = self.faults.first().map(|fault| fault.number);
        if let Some(number) = fault
            && oldest.is_none_or(|(event, _)| number < event)
        {
            let QueuedFault { tid, pid, lost, fault, .. } = self.faults.remove(0);
            return Some((Event { lost, ..Event::new(tid, pid, &What::Fault(fault)) }, None));
        }
        let (_, place) = oldest?;
        let traced = self.threads.get_mut(place)?;
        let (_, event) = traced.event.take()?;
        if traced.has_ended {
            return Some((event, Some(self.threads.swap_remove(place).tracee)));
        }
        traced.stands = true;
        Some((event, None))
    }
}
