//! Options of sockets.

use super::with_socket;
use crate::file::socket::{Socket, Timeout};
use crate::mm::user;
use crate::result::{Errno, Result};
use abi::socket::{
    AF_UNIX, SO_ACCEPTCONN, SO_DOMAIN, SO_ERROR, SO_PEERCRED, SO_PROTOCOL, SO_RCVBUF, SO_RCVTIMEO,
    SO_SNDBUF, SO_SNDTIMEO, SO_TYPE, SOCK_DGRAM, SOCK_SEQPACKET, SOCK_STREAM, SOL_SOCKET, Ucred,
};
use abi::time::Timeval;
use abi::{Plain, UserMutPtr, UserPtr};
use kcore::socket::{SEND_BUFFER, SocketKind};

const SECOND: u64 = 1_000_000_000;
const MICROSECOND: u64 = 1000;

pub fn getsockopt(
    fd: i32,
    level: i32,
    option: i32,
    value: UserMutPtr<u8>,
    length: UserMutPtr<i32>,
) -> Result<u32> {
    with_socket(fd, |_, socket| {
        if level != SOL_SOCKET {
            return Err(Errno::EOPNOTSUPP);
        }
        let room = usize::try_from(user::read(length.as_const())?).map_err(|_| Errno::EINVAL)?;
        let give = |number: i32| write(value, length, room, &number);
        match option {
            SO_TYPE => give(match socket.kind() {
                SocketKind::Stream => SOCK_STREAM,
                SocketKind::Datagram => SOCK_DGRAM,
                SocketKind::SequencedPacket => SOCK_SEQPACKET,
            }),
            SO_DOMAIN => give(AF_UNIX),
            SO_PROTOCOL => give(0),
            SO_ACCEPTCONN => give(socket.is_listening().into()),
            SO_ERROR => give(socket.take_error().map_or(0, |error| i32::from(error.number()))),
            SO_SNDBUF | SO_RCVBUF => give(SEND_BUFFER.cast_signed()),
            SO_PEERCRED => write::<Ucred>(value, length, room, &socket.partner_credentials()),
            SO_RCVTIMEO => write(value, length, room, &shown(socket.receive_timeout())),
            SO_SNDTIMEO => write(value, length, room, &shown(socket.send_timeout())),
            _ => Err(Errno::ENOPROTOOPT),
        }
    })
}

/// Writes as much of a value as there is room for, and how much that is.
fn write<T: Plain>(
    to: UserMutPtr<u8>,
    length: UserMutPtr<i32>,
    room: usize,
    value: &T,
) -> Result<u32> {
    let len = room.min(size_of::<T>());
    user::write_prefix(to.cast(), value, len)?;
    user::write(length, &(len as i32)).map(|()| 0)
}

fn shown(timeout: &Timeout) -> Timeval {
    let nanoseconds = timeout.get().unwrap_or(0);
    let usec = nanoseconds % SECOND / MICROSECOND;
    Timeval { sec: (nanoseconds / SECOND) as i32, usec: usec as i32 }
}

pub fn setsockopt(
    fd: i32,
    level: i32,
    option: i32,
    value: UserPtr<u8>,
    length: i32,
) -> Result<u32> {
    if length < 0 {
        return Err(Errno::EINVAL);
    }
    with_socket(fd, |_, socket| {
        if level != SOL_SOCKET {
            return Err(Errno::EOPNOTSUPP);
        }
        match timeout_of(socket, option) {
            Some(timeout) => set(timeout, value, length).map(|()| 0),
            None => Err(Errno::ENOPROTOOPT),
        }
    })
}

fn timeout_of(socket: &Socket, option: i32) -> Option<&Timeout> {
    match option {
        SO_RCVTIMEO => Some(socket.receive_timeout()),
        SO_SNDTIMEO => Some(socket.send_timeout()),
        _ => None,
    }
}

/// Zero waits for ever, less than nothing not at all.
fn set(timeout: &Timeout, value: UserPtr<u8>, length: i32) -> Result<()> {
    if (length as usize) < size_of::<Timeval>() {
        return Err(Errno::EINVAL);
    }
    let Timeval { sec, usec } = user::read(value.cast())?;
    if !(0..1_000_000).contains(&usec) {
        return Err(Errno::EDOM);
    }
    timeout.set(match (u64::try_from(sec), u64::try_from(usec)) {
        (Ok(0), Ok(0)) => None,
        (Ok(sec), Ok(usec)) => Some(sec * SECOND + usec * MICROSECOND),
        _ => Some(0),
    });
    Ok(())
}
