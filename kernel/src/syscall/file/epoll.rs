//! Waiting for readiness with instances that remember whom they wait for.

use super::files;
use super::poll::with_mask;
use crate::file::epoll::{self, Epoll};
use crate::file::{File, Kind, caller};
use crate::mm::user::{self, UserSlice};
use crate::result::{Errno, Result};
use crate::task::might_resched;
use crate::time::deadline;
use abi::epoll::{
    EPOLL_CLOEXEC, EPOLL_CTL_ADD, EPOLL_CTL_DEL, EPOLL_CTL_MOD, EPOLLEXCLUSIVE, EpollEvent,
};
use abi::signal::SignalSet;
use abi::time::Timespec64;
use abi::{UserMutPtr, UserPtr};
use alloc::sync::Arc;
use kcore::epoll::{Interest, is_valid};
use kcore::fd_table::CloseOnExec;
use kcore::time_value::TimeValue;

const MILLISECOND: u64 = 1_000_000;
const EVENT: u32 = size_of::<EpollEvent>() as u32;

pub fn epoll_create(size: i32) -> Result<u32> {
    // A hint that means nothing any more.
    if size <= 0 { Err(Errno::EINVAL) } else { epoll_create1(0) }
}

pub fn epoll_create1(flags: u32) -> Result<u32> {
    if flags & !EPOLL_CLOEXEC != 0 {
        return Err(Errno::EINVAL);
    }
    let close = if flags & EPOLL_CLOEXEC != 0 { CloseOnExec::Yes } else { CloseOnExec::No };
    files().insert(epoll::create()?, close, 0, caller::descriptor_limit())
}

/// The instance of a descriptor: EINVAL if it is something else.
fn instance(file: &File) -> Result<&Arc<Epoll>> {
    match file.kind() {
        Kind::Epoll(epoll) => Ok(epoll),
        _ => Err(Errno::EINVAL),
    }
}

pub fn epoll_ctl(
    instance_fd: i32,
    operation: i32,
    fd: i32,
    event: UserPtr<EpollEvent>,
) -> Result<u32> {
    let has_event = operation != EPOLL_CTL_DEL;
    let event = if has_event { user::read(event)? } else { EpollEvent::default() };
    let files = files();
    let watching = files.get(instance_fd)?;
    let file = files.get(fd)?;
    if file.pollers().is_none() {
        return Err(Errno::EPERM);
    }
    let epoll = instance(&watching)?;
    let begins = operation == EPOLL_CTL_ADD;
    if Arc::ptr_eq(&watching, &file) || has_event && !is_valid(event.events, begins) {
        return Err(Errno::EINVAL);
    }
    let is_exclusive = has_event && event.events & EPOLLEXCLUSIVE != 0;
    if begins && is_exclusive && instance(&file).is_ok() {
        return Err(Errno::EINVAL);
    }
    let interest = Interest::new(event.events, event.data);
    match operation {
        EPOLL_CTL_ADD => epoll.add(fd, &file, interest),
        EPOLL_CTL_MOD => epoll.modify(fd, &file, interest),
        EPOLL_CTL_DEL => epoll.remove(fd, &file),
        _ => Err(Errno::EINVAL),
    }
    .map(|()| 0)
}

fn wait_until(
    fd: i32,
    events: UserMutPtr<EpollEvent>,
    count: i32,
    deadline: Option<u64>,
) -> Result<u32> {
    let count =
        u32::try_from(count).ok().filter(|count| (1..=i32::MAX as u32 / EVENT).contains(count));
    let count = count.ok_or(Errno::EINVAL)?;
    UserSlice::new(events.address(), count * EVENT)?;
    let file = files().get(fd)?;
    let epoll = instance(&file)?;
    loop {
        let found = report(epoll, events, count)?;
        if found != 0 || deadline == Some(0) || !epoll.wait(deadline)? {
            return Ok(found);
        }
    }
}

/// Stores what is ready. Returns how many that were.
fn report(epoll: &Epoll, events: UserMutPtr<EpollEvent>, count: u32) -> Result<u32> {
    let most = count.min(u32::try_from(epoll.listed()).unwrap_or(u32::MAX));
    let mut found = 0;
    while found < most
        && let Some(reported) = epoll.next()
    {
        let place = events.checked_add(found).ok_or(Errno::EFAULT)?;
        if let Err(fault) = user::write(place, &reported.event) {
            epoll.take_back(&reported);
            return if found != 0 { Ok(found) } else { Err(fault) };
        }
        found += 1;
        might_resched();
    }
    Ok(found)
}

pub fn epoll_wait(
    instance_fd: i32,
    events: UserMutPtr<EpollEvent>,
    count: i32,
    timeout: i32,
) -> Result<u32> {
    let timeout = u64::try_from(timeout).ok();
    let deadline = timeout.map(|milliseconds| deadline::after(milliseconds * MILLISECOND));
    wait_until(instance_fd, events, count, deadline)
}

pub fn epoll_pwait(
    instance_fd: i32,
    events: UserMutPtr<EpollEvent>,
    count: i32,
    timeout: i32,
    mask: UserPtr<SignalSet>,
    set_size: u32,
) -> Result<u32> {
    with_mask(mask, set_size, || epoll_wait(instance_fd, events, count, timeout))
}

pub fn epoll_pwait2(
    instance_fd: i32,
    events: UserMutPtr<EpollEvent>,
    count: i32,
    timeout: UserPtr<Timespec64>,
    mask: UserPtr<SignalSet>,
    set_size: u32,
) -> Result<u32> {
    let deadline = match timeout.is_null() {
        true => None,
        false => Some(deadline::after(user::read(timeout)?.nanoseconds()?)),
    };
    with_mask(mask, set_size, || wait_until(instance_fd, events, count, deadline))
}
