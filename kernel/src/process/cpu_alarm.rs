//! What timers and sleeps on clocks of processor time wait for.
//!
//! An alarm stands in the list of the process whose time it counts. That process's threads look at the
//! list at each tick they use; whoever waits pays nothing meanwhile.

use super::Process;
use super::cpu_clock::CpuClock;
use super::cpu_timer::CpuTimers;
use super::signal::SignalGuard;
use crate::result::{Errno, Result};
use crate::sync::WaitQueue;
use crate::task::Sleep;
use alloc::sync::Arc;
use core::mem;
use core::sync::atomic::AtomicU32;
use core::sync::atomic::Ordering::{AcqRel, Acquire};
use kcore::interval::Schedule;

pub(super) struct Alarm {
    clock: CpuClock,
    /// Expiries that nobody has taken.
    expiries: AtomicU32,
    /// Whose timer it is, if it is one.
    owner: Option<*const Process>,
    /// Where it is slept for, if not.
    expired: WaitQueue,
}

/// An alarm in its process's list.
pub(super) struct Listed {
    alarm: Arc<Alarm>,
    pub(super) schedule: Schedule,
}

/// An alarm, for whoever waits: dropping it takes it from the list. Not with locks.
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
            // SAFETY: the alarm is in the list, so the timer is there, and its process.
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
        let old = {
            let mut timers = process.cpu_timers.lock();
            let place = self.place(&timers).ok_or(Errno::EINVAL)?;
            self.take();
            mem::replace(&mut timers.alarms[place].schedule, Schedule { deadline, interval })
        };
        // It may have passed already.
        process.expire_alarms(&guard);
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
        let timers = process.cpu_timers.lock();
        let listed = self.place(&timers).and_then(|place| timers.alarms.get(place));
        match (now, listed) {
            (Some(now), Some(listed)) => left(listed.schedule, now),
            _ => Schedule::default(),
        }
    }

    fn place(&self, timers: &CpuTimers) -> Option<usize> {
        timers.alarms.iter().position(|listed| core::ptr::eq(&*listed.alarm, self))
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
        let expired = WaitQueue::new();
        let alarm = Alarm { clock, expiries: AtomicU32::new(0), owner, expired };
        let alarm = Arc::try_new(alarm).map_err(|_| Errno::ENOMEM)?;
        let mut timers = alarm.clock.process().cpu_timers.lock();
        timers.alarms.try_reserve(1).map_err(|_| Errno::ENOMEM)?;
        timers.alarms.push(Listed { alarm: alarm.clone(), schedule: Schedule::default() });
        drop(timers);
        Ok(Self(alarm))
    }

    pub(super) fn get(&self) -> &Arc<Alarm> {
        &self.0
    }
}

impl Drop for CpuAlarm {
    fn drop(&mut self) {
        let process = self.0.clock.process();
        let mut guard = process.lock_signals();
        let listed = {
            let mut timers = process.cpu_timers.lock();
            self.0.place(&timers).map(|place| timers.alarms.swap_remove(place))
        };
        process.update_timing(&mut guard);
        drop(guard);
        drop(listed);
    }
}

impl Process {
    /// Tells who waits for times of it that have come.
    pub(super) fn expire_alarms(&self, guard: &SignalGuard) {
        let used = self.used_with(guard);
        for Listed { alarm, schedule } in &mut self.cpu_timers.lock().alarms {
            if schedule.is_on()
                && let Some(now) = alarm.clock.read_with(guard, &used)
                && schedule.left(now) == 0
            {
                alarm.fire(schedule.pass(now).saturating_add(1));
            }
        }
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
