//! SIGALRM after a time: the interval timer of real time, of which a process has one.

use super::{CurrentThread, Process};
use crate::result::{Errno, Result};
use crate::time::{self, Timer};
use alloc::sync::Arc;
use core::pin::Pin;
use core::sync::atomic::Ordering::{Acquire, Relaxed, Release};
use core::sync::atomic::{AtomicBool, AtomicU64};

/// Made when a process first asks for one.
pub struct Alarm {
    timer: Timer,
    /// Whose it is.
    process: *const Process,
    has_fired: AtomicBool,
    /// Nanoseconds by the monotonic clock; only the process's own threads change these.
    deadline: AtomicU64,
    interval: AtomicU64,
}

/// What `setitimer` sets and `getitimer` reports, in nanoseconds; no value means off.
#[derive(Clone, Copy, Default, PartialEq, Eq, Debug)]
pub struct Setting {
    pub value: u64,
    pub interval: u64,
}

// SAFETY: a process outlives its alarm, and can be used by any task.
unsafe impl Sync for Alarm {}
// SAFETY: as above.
unsafe impl Send for Alarm {}

impl Alarm {
    fn new(process: &Process) -> Result<Arc<Self>> {
        let mut place = Arc::<Self>::try_new_uninit().map_err(|_| Errno::ENOMEM)?;
        let address = Arc::as_ptr(&place) as usize;
        let Some(unwritten) = Arc::get_mut(&mut place) else { unreachable!("just made") };
        unwritten.write(Self {
            timer: Timer::new(fire, address),
            process,
            has_fired: AtomicBool::new(false),
            deadline: AtomicU64::new(0),
            interval: AtomicU64::new(0),
        });
        // SAFETY: written above.
        Ok(unsafe { place.assume_init() })
    }

    fn arm(&self, deadline: u64) {
        self.deadline.store(deadline, Relaxed);
        // SAFETY: an alarm lies in an `Arc`, which never moves it.
        unsafe { Pin::new_unchecked(&self.timer) }.arm(deadline);
    }

    fn disarm(&self) {
        self.timer.disarm();
        self.has_fired.store(false, Relaxed);
        self.deadline.store(0, Relaxed);
    }

    fn setting(&self) -> Setting {
        let deadline = self.deadline.load(Relaxed);
        if deadline == 0 {
            return Setting::default();
        }
        // About to fire is not off.
        let value = deadline.saturating_sub(time::monotonic()).max(1000);
        Setting { value, interval: self.interval.load(Relaxed) }
    }
}

/// From the timer's interrupt.
fn fire(alarm: usize) {
    // SAFETY: dropping an alarm disarms its timer first.
    let alarm = unsafe { &*(alarm as *const Alarm) };
    alarm.has_fired.store(true, Release);
    // SAFETY: an alarm belongs to a process that is still there, in an `Arc`.
    unsafe { &*alarm.process }.on_fired();
}

impl Process {
    /// If the alarm has fired, it is taken note of, and set again if it repeats. Returns whether
    /// SIGALRM is due.
    pub(super) fn take_fired_alarm(&self) -> bool {
        let Some(alarm) = self.alarm.get() else { return false };
        if !alarm.has_fired.swap(false, Acquire) {
            return false;
        }
        match alarm.interval.load(Relaxed) {
            0 => alarm.deadline.store(0, Relaxed),
            interval => {
                let (now, last) = (time::monotonic(), alarm.deadline.load(Relaxed));
                let missed = now.saturating_sub(last) / interval;
                alarm.arm(last.saturating_add(interval.saturating_mul(missed + 1)));
            }
        }
        true
    }

    /// Off for good: the process ends.
    pub(super) fn stop_alarm(&self) {
        if let Some(alarm) = self.alarm.get() {
            alarm.disarm();
        }
    }
}

impl CurrentThread {
    pub fn alarm(&self) -> Setting {
        self.process().alarm.get().map_or(Setting::default(), |alarm| alarm.setting())
    }

    /// Sets the timer, returns what was left of the old setting.
    pub fn set_alarm(&self, new: Setting) -> Result<Setting> {
        let process = self.process();
        let alarm = match process.alarm.get() {
            Some(alarm) => alarm,
            None if new.value == 0 => return Ok(Setting::default()),
            None => {
                let alarm = Alarm::new(process)?;
                process.set_attendant(&self.task);
                process.alarm.call_once(|| alarm)
            }
        };
        let old = alarm.setting();
        alarm.disarm();
        alarm.interval.store(new.interval, Relaxed);
        if new.value != 0 {
            alarm.arm(time::monotonic().saturating_add(new.value));
        }
        Ok(old)
    }
}
