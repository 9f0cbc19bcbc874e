//! All the ways to wait for a while, and for a time of day.

use crate::clock::{WHILE, time_of_day};
use sys::abi::UserMutPtr;
use sys::abi::process::FUTEX_WAIT;
use sys::abi::time::{
    CLOCK_MONOTONIC, CLOCK_REALTIME, Itimerspec64, TFD_TIMER_ABSTIME, TIMER_ABSTIME, Timespec64,
};
use sys::syscall::{input, linux, output};
use sys::{Errno, Result, time};

/// One of them.
#[derive(Clone, Copy)]
pub enum Wait {
    Sleep,
    Poll,
    Epoll,
    Futex,
    Timer,
    /// Until a time of day.
    SleepOfDay,
    TimerOfDay,
}

pub const WAITS: [(&str, Wait); 7] = [
    ("nanosleep", Wait::Sleep),
    ("poll", Wait::Poll),
    ("epoll", Wait::Epoll),
    ("futex", Wait::Futex),
    ("timerfd", Wait::Timer),
    ("clock_nanosleep of the day", Wait::SleepOfDay),
    ("timerfd of the day", Wait::TimerOfDay),
];

impl Wait {
    pub fn is_of_day(self) -> bool {
        matches!(self, Self::SleepOfDay | Self::TimerOfDay)
    }

    /// Waits.
    pub fn go(self) -> Result<()> {
        let milliseconds = WHILE.as_millis() as i32;
        let relative = Timespec64 { sec: 0, nsec: WHILE.as_nanos() as i64 };
        match self {
            Self::Sleep => {
                time::sleep(WHILE);
                Ok(())
            }
            // SAFETY: there are no entries.
            Self::Poll => unsafe { linux::poll(UserMutPtr::NULL, 0, milliseconds) }.map(drop),
            Self::Epoll => {
                // SAFETY: nothing is ever ready, so nothing is written.
                unsafe {
                    let instance = linux::epoll_create(1)?.cast_signed();
                    let mut event = Default::default();
                    linux::epoll_wait(instance, output(&mut event), 1, milliseconds).map(drop)
                }
            }
            Self::Futex => {
                let mut word = 0;
                let (no_time, none) = (input(&relative), UserMutPtr::NULL);
                // SAFETY: the word is ours; the call only reads it.
                let woken = unsafe {
                    linux::futex_time64(output(&mut word), FUTEX_WAIT, 0, no_time, none, 0)
                };
                if woken == Err(Errno::ETIMEDOUT) { Ok(()) } else { Err(Errno::EINVAL) }
            }
            Self::Timer => timer(CLOCK_MONOTONIC, 0, relative),
            Self::SleepOfDay => {
                let (clock, then) = (CLOCK_REALTIME, of_day()?);
                let none = UserMutPtr::NULL;
                // SAFETY: the call reads the structure only.
                let slept = unsafe {
                    linux::clock_nanosleep_time64(clock, TIMER_ABSTIME, input(&then), none)
                };
                slept.map(drop)
            }
            Self::TimerOfDay => timer(CLOCK_REALTIME, TFD_TIMER_ABSTIME, of_day()?),
        }
    }
}

/// The time of day after a while.
fn of_day() -> Result<Timespec64> {
    const SECOND: i64 = 1_000_000_000;
    let then = time_of_day()? + WHILE.as_nanos() as i64;
    Ok(Timespec64 { sec: then / SECOND, nsec: then % SECOND })
}

/// Waits for a timer with a descriptor.
fn timer(clock: i32, flags: u32, value: Timespec64) -> Result<()> {
    let timer = Itimerspec64 { interval: Timespec64::default(), value };
    let mut count = 0_u64;
    // SAFETY: the calls read the timer and write the count.
    unsafe {
        let fd = linux::timerfd_create(clock, 0)?.cast_signed();
        linux::timerfd_settime64(fd, flags, input(&timer), UserMutPtr::NULL)?;
        let to = UserMutPtr::new(sys::syscall::pointer_mut(&mut count));
        linux::read(fd, to, 8)?;
    }
    if count == 1 { Ok(()) } else { Err(Errno::EINVAL) }
}
