//! Clocks of processor time: of a process, or of one of its threads. They are counted in ticks.

use super::cpu_alarm::Queues;
use super::cpu_timer::CpuTime;
use super::signal::SignalGuard;
use super::table::{find, lock_family};
use super::usage::Used;
use super::{Process, Thread, current};
use crate::result::{Errno, Result};
use alloc::sync::{Arc, Weak};
use kcore::alarms::Queue;
use kcore::cpu_clock::CpuClockId;

pub struct CpuClock {
    process: Arc<Process>,
    /// Not the whole process: whoever is at this address, if anybody still is.
    thread: Option<Weak<Thread>>,
    counts: CpuTime,
}

impl CpuClock {
    /// EINVAL: nobody has the id. Threads of others have no clock.
    pub fn find(clock: CpuClockId) -> Result<Self> {
        let own = current();
        let CpuClockId { id, of_thread, user_only, .. } = clock;
        let counts = if user_only { CpuTime::User } else { CpuTime::All };
        let process = match id {
            0 => own.process.clone(),
            _ => find(&lock_family(), id.cast_signed()).map_err(|_| Errno::EINVAL)?.1.clone(),
        };
        let thread = match (of_thread, id) {
            (false, 0) => None,
            (false, _) if process.pid() == id => None,
            (false, _) => return Err(Errno::EINVAL),
            (true, _) if !core::ptr::eq(&*process, own.process()) => return Err(Errno::EINVAL),
            (true, 0) => Some(own.task.tid()),
            (true, _) => Some(id),
        };
        let thread = match thread {
            Some(tid) => Some(Arc::downgrade(&process.thread(tid).ok_or(Errno::EINVAL)?)),
            None => None,
        };
        Ok(Self { process, thread, counts })
    }

    /// As [`find`](Self::find), for reading: a thread's id stands for its own process too.
    pub fn find_to_read(mut clock: CpuClockId) -> Result<Self> {
        if clock.id == current().task.tid() {
            clock.id = 0;
        }
        Self::find(clock)
    }

    pub(super) fn process(&self) -> &Process {
        &self.process
    }

    /// Whether the process is there, if only until somebody waits for it. Not with locks.
    pub(super) fn has_process(&self) -> bool {
        let family = lock_family();
        let member = family.get(self.process.slot());
        member.is_some_and(|member| Arc::ptr_eq(&member.process, &self.process))
    }

    /// In nanoseconds, when the process has used so much; `None` if the thread has ended.
    pub(super) fn read_with(&self, guard: &SignalGuard, used: &Used) -> Option<u64> {
        let Some(thread) = &self.thread else { return Some(self.counts.of(used)) };
        find_thread(guard, thread).map(|thread| self.counts.of(&thread.used()))
    }

    /// Where its alarms stand that are on; `None` if the thread has ended. `queues` are its process's.
    pub(super) fn queue<'a>(
        &self,
        guard: &'a mut SignalGuard,
        queues: &'a mut Queues,
    ) -> Option<&'a mut Queue> {
        let queues = match &self.thread {
            None => queues,
            Some(thread) => {
                let thread = find_thread(guard, thread)?.clone();
                &mut guard.with(&thread).1.alarms
            }
        };
        queues.get_mut(self.counts as usize)
    }

    /// In nanoseconds. EINVAL: the thread has ended.
    pub fn read(&self) -> Result<u64> {
        let guard = self.process.lock_signals();
        self.read_with(&guard, &self.process.used_with(&guard)).ok_or(Errno::EINVAL)
    }
}

fn find_thread<'a>(guard: &'a SignalGuard, thread: &Weak<Thread>) -> Option<&'a Arc<Thread>> {
    guard.threads().find(|other| core::ptr::eq(Arc::as_ptr(other), thread.as_ptr()))
}
