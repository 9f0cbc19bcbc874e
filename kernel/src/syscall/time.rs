//! Clocks and sleeping.

use crate::mm::user;
use crate::process::cpu_clock::CpuClock;
use crate::process::{Restart, cpu_alarm, current};
use crate::result::restart::{ERESTART_RESTARTBLOCK, ERESTARTNOHAND};
use crate::result::{Errno, Result};
use crate::sync::WaitError;
use crate::task::Sleep;
use crate::time::{self, HZ, SECOND, deadline};
use abi::time::{
    CLOCK_BOOTTIME, CLOCK_MONOTONIC, CLOCK_MONOTONIC_COARSE, CLOCK_MONOTONIC_RAW, CLOCK_REALTIME,
    CLOCK_REALTIME_COARSE, CLOCK_THREAD_CPUTIME_ID, TIMER_ABSTIME, Timespec, Timespec64, Timeval,
    Timezone,
};
use abi::{UserMutPtr, UserPtr};
use kcore::cpu_clock::{ClockKind, CpuClockId};
use kcore::time_value::TimeValue;

const TICK: u64 = SECOND / HZ as u64;

/// A clock's reading in nanoseconds.
fn read(clock: i32) -> Result<u64> {
    match ClockKind::of(clock) {
        ClockKind::Machine => time::read(clock).ok_or(Errno::EINVAL),
        ClockKind::Cpu(id) => CpuClock::find_to_read(id)?.read(),
        ClockKind::Descriptor | ClockKind::Invalid => Err(Errno::EINVAL),
    }
}

/// Whether timers go by a clock: `None` for the machine's. EINVAL: it is none.
pub(super) fn sleepable(clock: i32) -> Result<Option<CpuClockId>> {
    match ClockKind::of(clock) {
        ClockKind::Cpu(id) => Ok(Some(id)),
        ClockKind::Machine => match clock {
            CLOCK_REALTIME | CLOCK_MONOTONIC | CLOCK_BOOTTIME => Ok(None),
            CLOCK_REALTIME_COARSE | CLOCK_MONOTONIC_COARSE | CLOCK_MONOTONIC_RAW => {
                Err(Errno::EOPNOTSUPP)
            }
            _ => Err(Errno::EINVAL),
        },
        // Nothing opens as a clock.
        ClockKind::Descriptor => Err(Errno::EOPNOTSUPP),
        ClockKind::Invalid => Err(Errno::EINVAL),
    }
}

/// The smallest step of a clock in nanoseconds.
fn resolution(clock: i32) -> Result<u64> {
    read(clock)?;
    match (clock, ClockKind::of(clock)) {
        (CLOCK_REALTIME_COARSE | CLOCK_MONOTONIC_COARSE, _) => Ok(TICK),
        (_, ClockKind::Cpu(id)) if id.in_ticks => Ok(TICK),
        _ => Ok(1),
    }
}

pub fn clock_gettime<T: TimeValue>(clock: i32, to: UserMutPtr<T>) -> Result<u32> {
    user::write(to, &T::from_nanoseconds(read(clock)?)).map(|()| 0)
}

pub use clock_gettime as clock_gettime64;

pub fn clock_getres<T: TimeValue>(clock: i32, to: UserMutPtr<T>) -> Result<u32> {
    let resolution = resolution(clock)?;
    user::write_unless_null(to, &T::from_nanoseconds(resolution))?;
    Ok(0)
}

pub use clock_getres as clock_getres_time64;

pub fn gettimeofday(to: UserMutPtr<Timeval>, zone: UserMutPtr<Timezone>) -> Result<u32> {
    user::write_unless_null(to, &Timeval::from_nanoseconds(time::realtime()))?;
    user::write_unless_null(zone, &Timezone::default())?;
    Ok(0)
}

pub fn time(to: UserMutPtr<i32>) -> Result<u32> {
    let seconds = (time::realtime() / SECOND) as i32;
    user::write_unless_null(to, &seconds)?;
    Ok(seconds.cast_unsigned())
}

pub fn nanosleep(duration: UserPtr<Timespec>, remaining: UserMutPtr<Timespec>) -> Result<u32> {
    let length = user::read(duration)?.nanoseconds()?;
    sleep_for(length, remaining)
}

pub fn clock_nanosleep<T: TimeValue + Width>(
    clock: i32,
    flags: u32,
    duration: UserPtr<T>,
    remaining: UserMutPtr<T>,
) -> Result<u32> {
    let of_cpu = match clock {
        // Nobody uses time while he sleeps.
        CLOCK_THREAD_CPUTIME_ID => return Err(Errno::EOPNOTSUPP),
        _ => sleepable(clock)?,
    };
    let length = user::read(duration)?.nanoseconds()?;
    if let Some(id) = of_cpu {
        return sleep_on_cpu(clock, id, flags, length, remaining);
    }
    if flags & TIMER_ABSTIME == 0 {
        return sleep_for(length, remaining);
    }
    let deadline = match clock {
        CLOCK_REALTIME => deadline::at_time_of_day(length),
        _ => length,
    };
    match time::sleep_until(deadline, Sleep::Interruptible) {
        Err(WaitError::Interrupted) => Err(ERESTARTNOHAND),
        _ => Ok(0),
    }
}

pub use clock_nanosleep as clock_nanosleep_time64;

/// Sleeps while a process uses processor time.
fn sleep_on_cpu<T: Width>(
    number: i32,
    id: CpuClockId,
    flags: u32,
    length: u64,
    remaining: UserMutPtr<T>,
) -> Result<u32> {
    if id.of_thread && (id.id == 0 || id.id == current().task.tid()) {
        return Err(Errno::EINVAL);
    }
    let clock = CpuClock::find(id)?;
    if length == 0 {
        return Ok(0);
    }
    if flags & TIMER_ABSTIME != 0 {
        return match cpu_alarm::sleep_until(clock, length)? {
            Some(_) => Err(ERESTARTNOHAND),
            None => Ok(0),
        };
    }
    let until = clock.read()?.saturating_add(length);
    sleep_on_cpu_till(clock, number, until, remaining.address(), T::IS_64)
}

fn sleep_on_cpu_till(
    clock: CpuClock,
    number: i32,
    until: u64,
    remaining: u32,
    is_64: bool,
) -> Result<u32> {
    match cpu_alarm::sleep_until(clock, until)? {
        None => Ok(0),
        Some(left) => {
            let [low, high] = deadline::to_words(until);
            let arguments = [low, high, remaining, u32::from(is_64), number.cast_unsigned(), 0];
            interrupted(left, resume_on_cpu, arguments)
        }
    }
}

fn resume_on_cpu(&[low, high, remaining, is_64, number, _]: &[u32; 6]) -> Result<u32> {
    let ClockKind::Cpu(id) = ClockKind::of(number.cast_signed()) else { return Err(Errno::EINVAL) };
    let until = deadline::from_words([low, high]);
    sleep_on_cpu_till(CpuClock::find(id)?, number.cast_signed(), until, remaining, is_64 != 0)
}

/// Which structure the remaining time is written as.
pub trait Width {
    const IS_64: bool;
}

impl Width for Timespec {
    const IS_64: bool = false;
}

impl Width for Timespec64 {
    const IS_64: bool = true;
}

fn sleep_for<T: Width>(nanoseconds: u64, remaining: UserMutPtr<T>) -> Result<u32> {
    sleep_till(deadline::after(nanoseconds), remaining.address(), T::IS_64)
}

/// Sleeps; if a signal comes first, says what is left and how to go on.
fn sleep_till(deadline: u64, remaining: u32, is_64: bool) -> Result<u32> {
    let Err(WaitError::Interrupted) = time::sleep_until(deadline, Sleep::Interruptible) else {
        return Ok(0);
    };
    let left = deadline.saturating_sub(time::monotonic());
    let [low, high] = deadline::to_words(deadline);
    interrupted(left, resume, [low, high, remaining, u32::from(is_64), 0, 0])
}

/// Says what is left, where the third argument says, and how to go on.
fn interrupted(
    left: u64,
    resume: fn(&[u32; 6]) -> Result<u32>,
    arguments: [u32; 6],
) -> Result<u32> {
    let [_, _, remaining, is_64, ..] = arguments;
    if remaining != 0 && is_64 != 0 {
        user::write(UserMutPtr::new(remaining), &Timespec64::from_nanoseconds(left))?;
    } else if remaining != 0 {
        user::write(UserMutPtr::new(remaining), &Timespec::from_nanoseconds(left))?;
    }
    current().own().restart.set(Some(Restart { resume, arguments }));
    Err(ERESTART_RESTARTBLOCK)
}

fn resume(&[low, high, remaining, is_64, ..]: &[u32; 6]) -> Result<u32> {
    sleep_till(deadline::from_words([low, high]), remaining, is_64 != 0)
}
