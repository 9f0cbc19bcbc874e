//! Timers of `timer_create`: as many as a process likes, each with a signal of its own.
//!
//! A timer that repeats waits, once it has expired, until its signal is taken; how many expiries it
//! passed over meanwhile the signal says.

use super::cpu_alarm::CpuAlarm;
use super::cpu_clock::CpuClock;
use super::signal::{SignalGuard, SignalRoom, forget_timer, post_timer};
use super::{CurrentThread, Process};
use crate::result::{Errno, Result};
use crate::task::might_resched;
use crate::time::{self, Timer, deadline};
use abi::process::RLIMIT_SIGPENDING;
use abi::signal::SI_TIMER;
use abi::time::CLOCK_PROCESS_CPUTIME_ID;
use alloc::boxed::Box;
use alloc::vec::Vec;
use core::pin::Pin;
use core::ptr;
use core::sync::atomic::AtomicBool;
use core::sync::atomic::Ordering::{AcqRel, Release};
use kcore::interval::Schedule;
use kcore::signal::Info;
use kcore::user_account::SignalCharge;

/// How a timer tells.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Notice {
    /// `None`: not at all.
    pub signal: Option<i32>,
    /// One thread, or whichever takes it.
    pub tid: Option<u32>,
    /// What the signal carries; without one the timer's id.
    pub value: Option<u32>,
}

/// What a timer goes by.
pub enum TimerClock {
    /// `CLOCK_*`.
    Machine(i32),
    Cpu(CpuClock),
}

/// A process's timers, by id.
pub struct PosixTimers(Vec<Option<Pin<Box<PosixTimer>>>>);

struct PosixTimer {
    timer: Timer,
    process: *const Process,
    has_fired: AtomicBool,
    clock: i32,
    /// In place of `timer`, `has_fired` and `schedule`, if the clock is one of processor time.
    alarm: Option<CpuAlarm>,
    notice: Notice,
    /// It counts as one of its user's signals.
    _charge: SignalCharge,
    /// So that its signal is never lost.
    _room: Option<SignalRoom>,
    schedule: Schedule,
    /// Its signal was sent and has not been taken.
    is_pending: bool,
    /// Distinguishes signals sent for earlier settings; not 0 once it is set.
    sequence: u32,
    /// Expiries passed over before the last signal was taken.
    last_overrun: u32,
}

// SAFETY: a process outlives its timers, and can be used by any task.
unsafe impl Send for PosixTimer {}

/// What a program sends: it may look like a timer's signal, but no timer goes on when it is taken.
pub fn disown(mut info: Info) -> Info {
    if let (SI_TIMER, [_, _, _, sequence, ..]) = (info.code, &mut info.fields) {
        *sequence = 0;
    }
    info
}

/// From the timer's interrupt.
fn fire(timer: usize) {
    // SAFETY: dropping a timer disarms it first.
    let timer = unsafe { &*(timer as *const PosixTimer) };
    timer.has_fired.store(true, Release);
    // SAFETY: a timer belongs to a process that is still there, in an `Arc`.
    unsafe { &*timer.process }.on_fired();
}

impl PosixTimer {
    fn new(process: &Process, clock: TimerClock, notice: Notice) -> Result<Pin<Box<Self>>> {
        let (clock, alarm) = match clock {
            TimerClock::Machine(clock) => (clock, None),
            TimerClock::Cpu(clock) => {
                let owner = notice.signal.map(|_| ptr::from_ref(process));
                (CLOCK_PROCESS_CPUTIME_ID, Some(CpuAlarm::new(clock, owner)?))
            }
        };
        let limit = process.limit(RLIMIT_SIGPENDING);
        let charge = SignalCharge::new(process.account(), limit).ok_or(Errno::EAGAIN)?;
        let room = notice.signal.map(|_| SignalRoom::new()).transpose()?;
        let mut place = Box::<Self>::try_new_uninit().map_err(|_| Errno::ENOMEM)?;
        let address = place.as_ptr() as usize;
        place.write(Self {
            timer: Timer::new(fire, address),
            process,
            has_fired: AtomicBool::new(false),
            clock,
            alarm,
            notice,
            _charge: charge,
            _room: room,
            schedule: Schedule::default(),
            is_pending: false,
            sequence: 0,
            last_overrun: 0,
        });
        // SAFETY: written above.
        Ok(Box::into_pin(unsafe { place.assume_init() }))
    }

    fn arm(&self) {
        if self.schedule.is_on() && self.notice.signal.is_some() {
            // SAFETY: a timer lies in a pinned box.
            unsafe { Pin::new_unchecked(&self.timer) }.arm(self.schedule.deadline);
        }
    }

    /// Until the next expiry, and between expiries.
    fn setting(&self) -> Schedule {
        let now = time::monotonic();
        let mut schedule = self.schedule;
        let tells = self.notice.signal.is_some();
        if schedule.interval != 0 && schedule.deadline <= now && (self.is_pending || !tells) {
            schedule.pass(now);
        }
        // About to fire is not off.
        let least = u64::from(schedule.is_on() && tells);
        Schedule { deadline: schedule.left(now).max(least), interval: schedule.interval }
    }

    /// Whether a signal is to be sent.
    fn is_due(&self) -> bool {
        match &self.alarm {
            Some(alarm) => !self.is_pending && alarm.get().has_expired(),
            None => self.has_fired.swap(false, AcqRel),
        }
    }

    /// What was set, or is pending, is of no account any more.
    fn forget(&mut self) {
        self.timer.disarm();
        self.has_fired.store(false, Release);
        self.is_pending = false;
        self.sequence = self.sequence.wrapping_add(1).max(1);
        self.last_overrun = 0;
    }

    /// Goes on behind an expiry.
    fn go_on(&mut self) -> u32 {
        if let Some(alarm) = &self.alarm {
            return alarm.get().take().saturating_sub(1);
        }
        let passed = self.schedule.pass(time::monotonic());
        self.arm();
        passed
    }
}

impl PosixTimers {
    pub const fn new() -> Self {
        Self(Vec::new())
    }

    fn get(&mut self, id: u32) -> Result<&mut PosixTimer> {
        let timer = self.0.get_mut(id as usize).and_then(Option::as_mut).ok_or(Errno::EINVAL)?;
        // SAFETY: nobody moves what this lends.
        Ok(unsafe { timer.as_mut().get_unchecked_mut() })
    }
}

impl CurrentThread {
    /// Makes a timer; its id. EAGAIN if the user has too many.
    pub fn create_timer(&self, clock: TimerClock, notice: Notice) -> Result<u32> {
        let process = self.process();
        let timer = PosixTimer::new(process, clock, notice)?;
        process.set_attendant(&self.task);
        let mut timers = process.timers.lock();
        let list = &mut timers.0;
        let free = list.iter().position(Option::is_none);
        if let Some(id) = free
            && let Some(place) = list.get_mut(id)
        {
            *place = Some(timer);
            return u32::try_from(id).map_err(|_| Errno::EAGAIN);
        }
        let id = list.len();
        list.try_reserve(1).map_err(|_| Errno::EAGAIN)?;
        list.push(Some(timer));
        u32::try_from(id).map_err(|_| Errno::EAGAIN)
    }

    /// Sets a timer, to a time of its clock or a time from now; 0 turns it off. Returns what was left
    /// of the old setting.
    pub fn set_timer(
        &self,
        id: u32,
        value: u64,
        interval: u64,
        absolute: bool,
    ) -> Result<Schedule> {
        let mut timers = self.process().timers.lock();
        let timer = timers.get(id)?;
        let old = timer.setting();
        timer.forget();
        if let Some(alarm) = &timer.alarm {
            let alarm = alarm.get().clone();
            drop(timers);
            return alarm.set(value, interval, absolute);
        }
        let deadline = deadline::of_timer(timer.clock, value, absolute);
        let interval = if value == 0 { 0 } else { interval };
        timer.schedule = Schedule { deadline, interval };
        timer.arm();
        Ok(old)
    }

    /// What is left of a timer's setting.
    pub fn timer(&self, id: u32) -> Result<Schedule> {
        let mut timers = self.process().timers.lock();
        let timer = timers.get(id)?;
        let Some(alarm) = &timer.alarm else { return Ok(timer.setting()) };
        let alarm = alarm.get().clone();
        drop(timers);
        Ok(alarm.left())
    }

    /// Expiries that the last signal stood for beyond the first.
    pub fn timer_overrun(&self, id: u32) -> Result<u32> {
        self.process().timers.lock().get(id).map(|timer| timer.last_overrun)
    }

    pub fn delete_timer(&self, id: u32) -> Result<()> {
        // Nobody sends its signal meanwhile.
        let mut guard = self.process().lock_signals();
        let mut timers = self.process().timers.lock();
        let place = timers.0.get_mut(id as usize).ok_or(Errno::EINVAL)?;
        let timer = place.take().ok_or(Errno::EINVAL)?;
        drop(timers);
        forget_timer(&mut guard, timer.notice.tid, id);
        drop(guard);
        drop(timer);
        Ok(())
    }
}

impl Process {
    /// Sends the signals of timers that have expired.
    pub(super) fn send_fired_timers(&self, guard: &mut SignalGuard) {
        let mut from = 0;
        while let Some((id, info, tid)) = self.next_fired(from) {
            from = id + 1;
            let target = match tid {
                Some(tid) => guard.threads().find(|thread| thread.tid() == tid).cloned(),
                None => None,
            };
            let is_there = tid.is_none() || target.is_some();
            let is_pending = is_there && post_timer(guard, target.as_deref(), &info);
            let mut timers = self.timers.lock();
            let Ok(timer) = timers.get(id) else { continue };
            timer.is_pending = is_pending;
            if !is_pending {
                // Nobody will take it.
                timer.go_on();
            }
        }
    }

    /// The next timer that has expired and whose signal is to be sent.
    fn next_fired(&self, from: u32) -> Option<(u32, Info, Option<u32>)> {
        let mut timers = self.timers.lock();
        let ids = from..u32::try_from(timers.0.len()).unwrap_or(u32::MAX);
        for id in ids {
            let Ok(timer) = timers.get(id) else { continue };
            if !timer.is_due() {
                continue;
            }
            let Notice { signal: Some(signal), tid, value } = timer.notice else { continue };
            let info = Info::of_timer(signal, id, value.unwrap_or(id), timer.sequence);
            return Some((id, info, tid));
        }
        None
    }

    /// A timer's signal is taken: it goes on, and the signal says what it passed over.
    #[cold]
    pub(super) fn take_timer_signal(&self, info: &mut Info) {
        let [id, overrun, _, sequence, ..] = &mut info.fields;
        let sequence = core::mem::take(sequence);
        let mut timers = self.timers.lock();
        let Ok(timer) = timers.get(*id) else { return };
        if !timer.is_pending || timer.sequence != sequence {
            return;
        }
        timer.is_pending = false;
        let passed = timer.go_on();
        timer.last_overrun = passed;
        *overrun = passed;
    }

    /// The program that made them is gone. Not with locks.
    pub(super) fn drop_timers(&self) {
        let PosixTimers(timers) = core::mem::replace(&mut *self.timers.lock(), PosixTimers::new());
        for timer in timers {
            drop(timer);
            might_resched();
        }
    }
}
