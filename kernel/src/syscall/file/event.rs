//! Descriptors of numbers, timers and signals.

use super::files;
use crate::file::{File, Kind, caller, eventfd, signalfd, timerfd};
use crate::mm::user;
use crate::result::{Errno, Result};
use crate::syscall::itimerspec::{self, Setting};
use crate::time::deadline;
use abi::file::{O_CLOEXEC, O_NONBLOCK};
use abi::signal::SignalSet;
use abi::time::{
    CLOCK_BOOTTIME, CLOCK_BOOTTIME_ALARM, CLOCK_MONOTONIC, CLOCK_REALTIME, CLOCK_REALTIME_ALARM,
    TFD_TIMER_ABSTIME, TFD_TIMER_CANCEL_ON_SET,
};
use abi::{UserMutPtr, UserPtr, file};
use alloc::sync::Arc;
use kcore::event_count::EventCount;
use kcore::fd_table::CloseOnExec;
use kcore::interval::Schedule;

/// A descriptor for what `create` makes with the flags that are its own.
fn insert(flags: u32, create: impl FnOnce(u32) -> Result<Arc<File>>) -> Result<u32> {
    let close = if flags & O_CLOEXEC != 0 { CloseOnExec::Yes } else { CloseOnExec::No };
    let files = files();
    let reserved = files.reserve(close, caller::descriptor_limit())?;
    let file = create(flags & O_NONBLOCK)?;
    Ok(reserved.install(file))
}

pub fn eventfd(count: u32) -> Result<u32> {
    eventfd2(count, 0)
}

pub fn eventfd2(count: u32, flags: u32) -> Result<u32> {
    if flags & !(file::EFD_SEMAPHORE | O_CLOEXEC | O_NONBLOCK) != 0 {
        return Err(Errno::EINVAL);
    }
    let count = EventCount::new(count.into(), flags & file::EFD_SEMAPHORE != 0);
    insert(flags, |flags| eventfd::create(count, flags))
}

pub fn signalfd(fd: i32, signals: UserPtr<SignalSet>, set_size: u32) -> Result<u32> {
    signalfd4(fd, signals, set_size, 0)
}

pub fn signalfd4(fd: i32, signals: UserPtr<SignalSet>, set_size: u32, flags: u32) -> Result<u32> {
    if set_size as usize != size_of::<SignalSet>() {
        return Err(Errno::EINVAL);
    }
    let signals = user::read(signals)?;
    if flags & !(O_CLOEXEC | O_NONBLOCK) != 0 {
        return Err(Errno::EINVAL);
    }
    if fd == -1 {
        return insert(flags, |flags| signalfd::create(signals, flags));
    }
    match files().get(fd)?.kind() {
        Kind::Signalfd(signalfd) => signalfd.set(signals),
        _ => return Err(Errno::EINVAL),
    }
    Ok(fd.cast_unsigned())
}

/// Wakes the machine up, where it sleeps.
fn is_alarm(clock: i32) -> bool {
    matches!(clock, CLOCK_REALTIME_ALARM | CLOCK_BOOTTIME_ALARM)
}

fn check_alarm(clock: i32) -> Result<()> {
    if is_alarm(clock) && !caller::is_privileged() { Err(Errno::EPERM) } else { Ok(()) }
}

pub fn timerfd_create(clock: i32, flags: u32) -> Result<u32> {
    let is_known = matches!(clock, CLOCK_REALTIME | CLOCK_MONOTONIC | CLOCK_BOOTTIME);
    if flags & !(O_CLOEXEC | O_NONBLOCK) != 0 || !is_known && !is_alarm(clock) {
        return Err(Errno::EINVAL);
    }
    check_alarm(clock)?;
    insert(flags, |flags| timerfd::create(clock, flags))
}

fn with_timerfd<R>(fd: i32, work: impl FnOnce(&timerfd::Timerfd) -> Result<R>) -> Result<R> {
    match files().get(fd)?.kind() {
        Kind::Timerfd(timerfd) => work(timerfd),
        _ => Err(Errno::EINVAL),
    }
}

pub fn timerfd_settime<T: Setting>(
    fd: i32,
    flags: u32,
    new: UserPtr<T>,
    old: UserMutPtr<T>,
) -> Result<u32> {
    itimerspec::exchange(new, old, |value, interval| {
        // Nobody sets the clock, so nothing is ever cancelled.
        if flags & !(TFD_TIMER_ABSTIME | TFD_TIMER_CANCEL_ON_SET) != 0 {
            return Err(Errno::EINVAL);
        }
        with_timerfd(fd, |timerfd| {
            check_alarm(timerfd.clock())?;
            let is_absolute = flags & TFD_TIMER_ABSTIME != 0;
            let deadline = deadline::of_timer(timerfd.clock(), value, is_absolute);
            Ok(timerfd.set(Schedule { deadline, interval }))
        })
    })
}

pub use timerfd_settime as timerfd_settime64;

pub fn timerfd_gettime<T: Setting>(fd: i32, value: UserMutPtr<T>) -> Result<u32> {
    itimerspec::write(value, with_timerfd(fd, |timerfd| Ok(timerfd.left()))?)
}

pub use timerfd_gettime as timerfd_gettime64;
