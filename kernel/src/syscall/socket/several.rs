//! Several messages with one call.

use super::message::{receive_message, send_message};
use super::with_socket;
use crate::file::File;
use crate::file::socket::Socket;
use crate::mm::user;
use crate::result::{Errno, Result, restart};
use crate::task::{self, might_resched, work};
use crate::time::{self, deadline};
use abi::UserMutPtr;
use abi::file::IOV_MAX;
use abi::socket::{MSG_DONTWAIT, MSG_WAITFORONE, Mmsghdr};
use abi::time::{Timespec, Timespec64};
use core::mem::offset_of;
use kcore::time_value::TimeValue;

/// One of the messages, and where its length is told.
fn place(
    messages: UserMutPtr<Mmsghdr>,
    index: u32,
) -> Result<(UserMutPtr<Mmsghdr>, UserMutPtr<u32>)> {
    let message = messages.checked_add(index).ok_or(Errno::EFAULT)?;
    let len = message.cast::<u8>().checked_add(offset_of!(Mmsghdr, len) as u32);
    Ok((message, len.ok_or(Errno::EFAULT)?.cast()))
}

pub fn sendmmsg(fd: i32, messages: UserMutPtr<Mmsghdr>, count: u32, flags: u32) -> Result<u32> {
    let count = count.min(IOV_MAX);
    with_socket(fd, |file, socket| {
        for done in 0..count {
            match send_next(file, socket, messages, done, flags) {
                Ok(true) => might_resched(),
                Ok(false) => return Ok(done + 1),
                Err(error) if done == 0 => return Err(error),
                Err(_) => return Ok(done),
            }
        }
        Ok(count)
    })
}

/// Whether all of it was sent.
fn send_next(
    file: &File,
    socket: &Socket,
    messages: UserMutPtr<Mmsghdr>,
    index: u32,
    flags: u32,
) -> Result<bool> {
    let (message, len) = place(messages, index)?;
    let (count, is_whole) = send_message(file, socket, message.cast().as_const(), flags)?;
    user::write_word(len, count)?;
    Ok(is_whole)
}

pub fn recvmmsg(
    fd: i32,
    messages: UserMutPtr<Mmsghdr>,
    count: u32,
    flags: u32,
    timeout: UserMutPtr<Timespec>,
) -> Result<u32> {
    receive_within(fd, messages, count, flags, timeout)
}

pub fn recvmmsg_time64(
    fd: i32,
    messages: UserMutPtr<Mmsghdr>,
    count: u32,
    flags: u32,
    timeout: UserMutPtr<Timespec64>,
) -> Result<u32> {
    receive_within(fd, messages, count, flags, timeout)
}

/// Writes back what is left of the timeout if anything was received.
fn receive_within<T: TimeValue>(
    fd: i32,
    messages: UserMutPtr<Mmsghdr>,
    count: u32,
    flags: u32,
    timeout: UserMutPtr<T>,
) -> Result<u32> {
    if timeout.is_null() {
        return receive_until(fd, messages, count, flags, None);
    }
    let end = deadline::after(user::read(timeout.as_const())?.nanoseconds()?);
    let received = receive_until(fd, messages, count, flags, Some(end))?;
    if received != 0 {
        let left = end.saturating_sub(time::monotonic());
        user::write(timeout, &T::from_nanoseconds(left))?;
    }
    Ok(received)
}

/// The deadline is only for going on with the next message: as on Linux it ends no wait for one.
fn receive_until(
    fd: i32,
    messages: UserMutPtr<Mmsghdr>,
    count: u32,
    flags: u32,
    deadline: Option<u64>,
) -> Result<u32> {
    with_socket(fd, |file, socket| {
        if let Some(error) = socket.take_error() {
            return Err(error);
        }
        let waits_for_one = flags & MSG_WAITFORONE != 0;
        let mut flags = flags & !MSG_WAITFORONE;
        for done in 0..count {
            match receive_next(file, socket, messages, done, flags) {
                Ok(()) => {}
                Err(error) if done == 0 => return Err(error),
                Err(Errno::EAGAIN | Errno::EINTR | restart::ERESTARTSYS) => return Ok(done),
                Err(error) => {
                    socket.fail(error);
                    return Ok(done);
                }
            }
            if waits_for_one {
                flags |= MSG_DONTWAIT;
            }
            let is_over = deadline.is_some_and(|end| time::monotonic() >= end);
            if is_over || task::current().work() & work::KILL != 0 {
                return Ok(done + 1);
            }
            might_resched();
        }
        Ok(count)
    })
}

fn receive_next(
    file: &File,
    socket: &Socket,
    messages: UserMutPtr<Mmsghdr>,
    index: u32,
    flags: u32,
) -> Result<()> {
    let (message, len) = place(messages, index)?;
    let count = receive_message(file, socket, message.cast(), flags)?;
    user::write_word(len, count)
}
