//! Timers of `timer_create`.

use super::itimerspec::{self, Setting};
use super::time::sleepable;
use crate::mm::user;
use crate::process::cpu_clock::CpuClock;
use crate::process::current;
use crate::process::posix_timer::{Notice, TimerClock};
use crate::result::{Errno, Result};
use abi::signal::{
    NSIG, SIGALRM, SIGEV_NONE, SIGEV_SIGNAL, SIGEV_THREAD, SIGEV_THREAD_ID, Sigevent,
};
use abi::time::TIMER_ABSTIME;
use abi::{UserMutPtr, UserPtr};

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

pub fn timer_settime<T: Setting>(
    timer: i32,
    flags: u32,
    new: UserPtr<T>,
    old: UserMutPtr<T>,
) -> Result<u32> {
    if new.is_null() {
        return Err(Errno::EINVAL);
    }
    let is_absolute = flags & TIMER_ABSTIME != 0;
    itimerspec::exchange(new, old, |value, interval| {
        current().set_timer(timer.cast_unsigned(), value, interval, is_absolute)
    })
}

pub use timer_settime as timer_settime64;

pub fn timer_gettime<T: Setting>(timer: i32, value: UserMutPtr<T>) -> Result<u32> {
    itimerspec::write(value, current().timer(timer.cast_unsigned())?)
}

pub use timer_gettime as timer_gettime64;

pub fn timer_getoverrun(timer: i32) -> Result<u32> {
    current().timer_overrun(timer.cast_unsigned())
}

pub fn timer_delete(timer: i32) -> Result<u32> {
    current().delete_timer(timer.cast_unsigned()).map(|()| 0)
}
