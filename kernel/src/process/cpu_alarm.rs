//! What timers and sleeps on clocks of processor time wait for.
//!
//! An alarm that is on stands in the queue of the clock it goes by. That process's threads look who is
//! first at each tick they use; whoever waits pays nothing meanwhile, and others' alarms cost them
//! little, for anybody may set some.

use super::Process;
use super::cpu_clock::CpuClock;
use super::cpu_timer::CpuTime;
use super::signal::SignalGuard;
use super::usage::Used;
use crate::result::{Errno, Result};
use crate::sync::WaitQueue;
use crate::task::Sleep;
use alloc::sync::Arc;
use core::mem;
use core::sync::atomic::AtomicU32;
use core::sync::atomic::Ordering::{AcqRel, Acquire, Relaxed};
use kcore::alarms::{Alarms, Queue};
use kcore::arena::NIL;
use kcore::interval::Schedule;

/// How many of a clock expire at one look: any more do at the next ticks, the longest due first.
const MOST_AT_ONCE: u32 = 64;

pub(super) struct Alarm {
    clock: CpuClock,
    /// Among the alarms of its process, under their lock.
    place: AtomicU32,
    /// Expiries that nobody has taken.
    expiries: AtomicU32,
    /// Whose timer it is, if it is one.
    owner: Option<*const Process>,
    /// Where it is slept for, if not.
    expired: WaitQueue,
}

/// The alarms that are on of the two clocks of a process or a thread, by [`CpuTime`].
pub(super) type Queues = [Queue; 2];

/// An alarm, for whoever waits: dropping it takes it from its process. Not with locks.
pub(super) struct CpuAlarm(Arc<Alarm>);

// SAFETY: a process outlives its timers and so their alarms, and can be used by any task.
unsafe impl Sync for Alarm {}
// SAFETY: as above.
unsafe impl Send for Alarm {}

impl Alarm {
    fn fire(&self, expiries: u32) {
        const MOST: u32 = i32::MAX as u32;
        let add = |old: u32| Some(old.saturating_add(expiries).min(MOST));
        if self.expiries.fetch_update(AcqRel, Acquire, add) != Ok(0) {
            return;
        }
        match self.owner {
            // SAFETY: the alarm has a place, so the timer is there, and its process.
            Some(owner) => unsafe { &*owner }.on_fired(),
            None => self.expired.wake_all(),
        }
    }

    /// Whether it has expired since that was [taken](Self::take).
    pub(super) fn has_expired(&self) -> bool {
        self.expiries.load(Acquire) != 0
    }

    /// How often it has expired.
    pub(super) fn take(&self) -> u32 {
        self.expiries.swap(0, AcqRel)
    }

    /// Sets it, to a time of its clock or a time from now; 0 turns it off. Returns what was left of the
    /// old setting. ESRCH: the thread has ended, or nobody knows the process any more.
    pub(super) fn set(&self, value: u64, interval: u64, is_absolute: bool) -> Result<Schedule> {
        if !self.clock.has_process() {
            return Err(Errno::ESRCH);
        }
        let process = self.clock.process();
        let mut guard = process.lock_signals();
        let now = self.clock.read_with(&guard, &process.used_with(&guard)).ok_or(Errno::ESRCH)?;
        let deadline = match value {
            0 => 0,
            _ if is_absolute => value,
            _ => now.saturating_add(value),
        };
        let (old, expiries) = {
            let mut timers = process.cpu_timers.lock();
            let place = self.place.load(Relaxed);
            if place == NIL {
                return Err(Errno::EINVAL);
            }
            self.take();
            let timers = &mut *timers;
            let queue = self.clock.queue(&mut guard, &mut timers.queues).ok_or(Errno::ESRCH)?;
            let old = timers.alarms.set(queue, place, Schedule { deadline, interval });
            // It may have passed already.
            (old, timers.alarms.expire(queue, place, now))
        };
        if let Some(expiries) = expiries {
            self.fire(expiries);
        }
        process.update_timing(&mut guard);
        Ok(left(old, now))
    }

    /// What is left of its setting; nothing where [`set`](Self::set) is of no use.
    pub(super) fn left(&self) -> Schedule {
        if !self.clock.has_process() {
            return Schedule::default();
        }
        let process = self.clock.process();
        let guard = process.lock_signals();
        let now = self.clock.read_with(&guard, &process.used_with(&guard));
        let Some(now) = now else { return Schedule::default() };
        let schedule = process.cpu_timers.lock().alarms.schedule(self.place.load(Relaxed));
        left(schedule, now)
    }
}

fn left(schedule: Schedule, now: u64) -> Schedule {
    // About to expire is not off.
    let deadline = if schedule.is_on() { schedule.left(now).max(1) } else { 0 };
    Schedule { deadline, interval: schedule.interval }
}

impl CpuAlarm {
    /// `owner` is the process whose timer it is for, which drops it before it ends itself.
    pub(super) fn new(clock: CpuClock, owner: Option<*const Process>) -> Result<Self> {
        let (place, expired) = (AtomicU32::new(NIL), WaitQueue::new());
        let alarm = Alarm { clock, place, expiries: AtomicU32::new(0), owner, expired };
        let alarm = Arc::try_new(alarm).map_err(|_| Errno::ENOMEM)?;
        let mut timers = alarm.clock.process().cpu_timers.lock();
        let place = timers.alarms.insert(alarm.clone()).map_err(|_| Errno::ENOMEM)?;
        alarm.place.store(place, Relaxed);
        drop(timers);
        Ok(Self(alarm))
    }

    pub(super) fn get(&self) -> &Arc<Alarm> {
        &self.0
    }
}

impl Drop for CpuAlarm {
    fn drop(&mut self) {
        let Self(alarm) = self;
        let process = alarm.clock.process();
        let mut guard = process.lock_signals();
        let (was_on, removed, unused) = {
            let timers = &mut *process.cpu_timers.lock();
            let place = alarm.place.swap(NIL, Relaxed);
            let was_on = timers.alarms.schedule(place).is_on();
            let queue = alarm.clock.queue(&mut guard, &mut timers.queues);
            let removed = timers.alarms.remove(queue, place);
            let is_last = timers.alarms.is_empty();
            (was_on, removed, is_last.then(|| mem::take(&mut timers.alarms)))
        };
        if was_on {
            process.update_timing(&mut guard);
        }
        drop(guard);
        drop((removed, unused));
    }
}

impl Process {
    /// Tells who waits for times of it that have come.
    pub(super) fn expire_alarms(&self, guard: &mut SignalGuard) {
        let used = self.used_with(guard);
        let timers = &mut *self.cpu_timers.lock();
        let mut expire = |queues: &mut Queues, used: &Used| {
            for (queue, counts) in queues.iter_mut().zip(CpuTime::BOTH) {
                expire_first(&mut timers.alarms, queue, counts.of(used));
            }
        };
        expire(&mut timers.queues, &used);
        guard.each_thread(|thread, own| {
            if own.alarms.iter().any(|queue| !queue.is_empty()) {
                expire(&mut own.alarms, &thread.used());
            }
        });
    }
}

fn expire_first(alarms: &mut Alarms<Arc<Alarm>>, queue: &mut Queue, now: u64) {
    for _ in 0..MOST_AT_ONCE {
        let Some((alarm, expiries)) = alarms.expire_first(queue, now) else { return };
        alarm.fire(expiries);
    }
}

/// Sleeps until a clock shows `time`. What is left if a signal comes first. ESRCH, ENOMEM.
pub fn sleep_until(clock: CpuClock, time: u64) -> Result<Option<u64>> {
    let CpuAlarm(alarm) = &CpuAlarm::new(clock, None)?;
    alarm.set(time, 0, true)?;
    let has_expired = || alarm.has_expired().then_some(());
    match alarm.expired.wait_for(Sleep::Interruptible, None, has_expired) {
        Ok(()) => Ok(None),
        Err(_) => Ok(Some(alarm.left().deadline)),
    }
}
