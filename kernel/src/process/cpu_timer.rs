//! Timers of processor time: ITIMER_VIRTUAL, ITIMER_PROF and RLIMIT_CPU, and any number of
//! others (`cpu_alarm`).
//!
//! Processor time is counted in ticks. While a process has one of these, each tick that one of its
//! threads uses has the thread look, on its way to user mode. Nobody else pays.

use super::alarm::Setting;
use super::cpu_alarm::{Alarm, Queues};
use super::signal::{SignalGuard, post_from_kernel};
use super::usage::Used;
use super::{CurrentThread, Process};
use crate::time::{HZ, SECOND};
use abi::process::{RLIM_INFINITY, RLIMIT_CPU, Rlimit64};
use abi::signal::{SIGKILL, SIGPROF, SIGVTALRM, SIGXCPU};
use alloc::sync::Arc;
use core::mem;
use kcore::alarms::{Alarms, Queue};
use kcore::interval::Schedule;

const TICK: u64 = SECOND / HZ as u64;

/// Which time a timer counts.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum CpuTime {
    /// In user mode.
    User,
    /// In the kernel too.
    All,
}

impl CpuTime {
    pub(super) const BOTH: [Self; 2] = [Self::User, Self::All];

    /// In nanoseconds.
    pub(super) fn of(self, used: &Used) -> u64 {
        let ticks = match self {
            Self::User => u64::from(used.utime),
            Self::All => u64::from(used.utime) + u64::from(used.stime),
        };
        ticks * TICK
    }
}

/// One timer for each [`CpuTime`], and what others wait for.
pub struct CpuTimers {
    timers: [Schedule; 2],
    /// Those of its threads' clocks too.
    pub(super) alarms: Alarms<Arc<Alarm>>,
    /// Of the process's own clocks.
    pub(super) queues: Queues,
}

impl CpuTimers {
    pub const fn new() -> Self {
        let timers = [Schedule { deadline: 0, interval: 0 }; 2];
        Self { timers, alarms: Alarms::new(), queues: [Queue::new(); 2] }
    }

    fn is_any_on(&self) -> bool {
        self.timers.iter().any(Schedule::is_on) || self.queues.iter().any(|queue| !queue.is_empty())
    }
}

fn setting(schedule: Schedule, now: u64) -> Setting {
    // About to expire is not off.
    let value = if schedule.is_on() { schedule.left(now).max(TICK) } else { 0 };
    Setting { value, interval: schedule.interval }
}

impl Process {
    /// Sends the signals of timers that have expired.
    pub(super) fn check_cpu_timers(&self, guard: &mut SignalGuard) {
        let used = self.used_with(guard);
        let times = CpuTime::BOTH.map(|counts| counts.of(&used));
        let mut expired = [false; 2];
        {
            let mut timers = self.cpu_timers.lock();
            for ((schedule, now), expired) in timers.timers.iter_mut().zip(times).zip(&mut expired)
            {
                if schedule.is_on() && schedule.left(now) == 0 {
                    schedule.pass(now);
                    *expired = true;
                }
            }
        }
        for (expired, signal) in expired.into_iter().zip([SIGVTALRM, SIGPROF]) {
            if expired {
                post_from_kernel(guard, signal);
            }
        }
        self.expire_alarms(guard);
        let [_, all] = times;
        self.check_cpu_limit(guard, all);
        self.update_timing(guard);
    }

    /// At the soft limit, and each second behind it, the process is told; at the hard one it ends.
    fn check_cpu_limit(&self, guard: &mut SignalGuard, used: u64) {
        let limits = self.limits();
        let (current, maximum) = (limits.current(RLIMIT_CPU), limits.maximum(RLIMIT_CPU));
        let exceeds = |limit| limit != RLIM_INFINITY && used / SECOND >= u64::from(limit);
        if exceeds(maximum) {
            post_from_kernel(guard, SIGKILL);
        } else if exceeds(current) {
            post_from_kernel(guard, SIGXCPU);
            let mut next = *limits;
            // Without memory it is told again at the next tick.
            if let Ok(limit) = next.get(RLIMIT_CPU)
                && next.set(RLIMIT_CPU, Rlimit64 { cur: limit.cur + 1, ..limit }, true).is_ok()
                && let Ok(next) = Arc::try_new(next)
            {
                self.set_limits(next);
            }
        }
    }

    /// Has its threads look at each tick, or not.
    pub(super) fn update_timing(&self, guard: &mut SignalGuard) {
        let mut is_timed =
            self.cpu_timers.lock().is_any_on() || self.limit(RLIMIT_CPU) != RLIM_INFINITY;
        guard.each_thread(|_, own| is_timed |= own.alarms.iter().any(|queue| !queue.is_empty()));
        self.set_timed(is_timed);
        for thread in guard.threads() {
            thread.task.set_timed(is_timed);
        }
    }
}

impl CurrentThread {
    /// What is left of a timer.
    pub fn cpu_timer(&self, counts: CpuTime) -> Setting {
        let process = self.process();
        let now = counts.of(&process.used_with(&process.lock_signals()));
        let schedule = process.cpu_timers.lock().timers[counts as usize];
        setting(schedule, now)
    }

    /// Sets a timer; returns what was left of the old setting.
    pub fn set_cpu_timer(&self, counts: CpuTime, new: Setting) -> Setting {
        let process = self.process();
        let mut guard = process.lock_signals();
        let now = counts.of(&process.used_with(&guard));
        // The tick that runs has begun already.
        let deadline = match new.value {
            0 => 0,
            value => now.saturating_add(value).saturating_add(TICK),
        };
        let schedule = Schedule { deadline, interval: new.interval };
        let old = {
            let mut timers = process.cpu_timers.lock();
            mem::replace(&mut timers.timers[counts as usize], schedule)
        };
        process.update_timing(&mut guard);
        setting(old, now)
    }
}
