//! Timers of `timer_create`.

use crate::mm::user;
use crate::process::cpu_clock::CpuClock;
use crate::process::current;
use crate::process::posix_timer::{Notice, TimerClock};
use crate::result::{Errno, Result};
use crate::syscall::time::sleepable;
use abi::signal::{
    NSIG, SIGALRM, SIGEV_NONE, SIGEV_SIGNAL, SIGEV_THREAD, SIGEV_THREAD_ID, Sigevent,
};
use abi::time::{Itimerspec, Itimerspec64, TIMER_ABSTIME};
use abi::{UserMutPtr, UserPtr};
use kcore::interval::Schedule;
use kcore::time_value::TimeValue;

pub fn timer_create(clock: i32, event: UserPtr<Sigevent>, timer: UserMutPtr<i32>) -> Result<u32> {
    let notice = match event.is_null() {
        true => Err(Notice { signal: Some(SIGALRM), tid: None, value: None }),
        false => Ok(user::read(event)?),
    };
    let kind = sleepable(clock)?;
    let notice = notice.map_or_else(Ok, |event| notice_of(&event))?;
    let clock = match kind {
        Some(id) => TimerClock::Cpu(CpuClock::find(id)?),
        None => TimerClock::Machine(clock),
    };
    let thread = current();
    let id = thread.create_timer(clock, notice)?;
    if let Err(fault) = user::write(timer, &id.cast_signed()) {
        thread.delete_timer(id)?;
        return Err(fault);
    }
    Ok(0)
}

fn notice_of(event: &Sigevent) -> Result<Notice> {
    let value = Some(event.value);
    let tid = event.tid.cast_unsigned();
    let tid = match event.notify {
        SIGEV_NONE => return Ok(Notice { signal: None, tid: None, value }),
        SIGEV_SIGNAL | SIGEV_THREAD => None,
        SIGEV_THREAD_ID if current().process().thread(tid).is_some() => Some(tid),
        _ => return Err(Errno::EINVAL),
    };
    if !(1..=NSIG).contains(&event.signo) {
        return Err(Errno::EINVAL);
    }
    Ok(Notice { signal: Some(event.signo), tid, value })
}

/// A setting as programs write it.
pub trait Setting: abi::Plain {
    type Time: TimeValue;
    fn interval(&self) -> Self::Time;
    fn value(&self) -> Self::Time;
    fn new(interval: Self::Time, value: Self::Time) -> Self;
}

macro_rules! setting {
    ($name:ident, $time:ident) => {
        impl Setting for $name {
            type Time = abi::time::$time;

            fn interval(&self) -> Self::Time {
                self.interval
            }

            fn value(&self) -> Self::Time {
                self.value
            }

            fn new(interval: Self::Time, value: Self::Time) -> Self {
                Self { interval, value }
            }
        }
    };
}
setting!(Itimerspec, Timespec);
setting!(Itimerspec64, Timespec64);

/// As programs read it.
pub fn shown<T: Setting>(schedule: Schedule) -> T {
    let [interval, value] = [schedule.interval, schedule.deadline].map(T::Time::from_nanoseconds);
    T::new(interval, value)
}

fn settime<T: Setting>(timer: i32, flags: u32, new: UserPtr<T>, old: UserMutPtr<T>) -> Result<u32> {
    if new.is_null() {
        return Err(Errno::EINVAL);
    }
    let new = user::read(new)?;
    let (interval, value) = (new.interval().nanoseconds()?, new.value().nanoseconds()?);
    let absolute = flags & TIMER_ABSTIME != 0;
    let former = current().set_timer(timer.cast_unsigned(), value, interval, absolute)?;
    if !old.is_null() {
        user::write(old, &shown::<T>(former))?;
    }
    Ok(0)
}

fn gettime<T: Setting>(timer: i32, value: UserMutPtr<T>) -> Result<u32> {
    let schedule = current().timer(timer.cast_unsigned())?;
    user::write(value, &shown::<T>(schedule)).map(|()| 0)
}

pub fn timer_settime(
    timer: i32,
    flags: u32,
    new: UserPtr<Itimerspec>,
    old: UserMutPtr<Itimerspec>,
) -> Result<u32> {
    settime(timer, flags, new, old)
}

pub fn timer_settime64(
    timer: i32,
    flags: u32,
    new: UserPtr<Itimerspec64>,
    old: UserMutPtr<Itimerspec64>,
) -> Result<u32> {
    settime(timer, flags, new, old)
}

pub fn timer_gettime(timer: i32, value: UserMutPtr<Itimerspec>) -> Result<u32> {
    gettime(timer, value)
}

pub fn timer_gettime64(timer: i32, value: UserMutPtr<Itimerspec64>) -> Result<u32> {
    gettime(timer, value)
}

pub fn timer_getoverrun(timer: i32) -> Result<u32> {
    current().timer_overrun(timer.cast_unsigned())
}

pub fn timer_delete(timer: i32) -> Result<u32> {
    current().delete_timer(timer.cast_unsigned()).map(|()| 0)
}
