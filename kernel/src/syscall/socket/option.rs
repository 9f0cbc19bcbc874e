//! Options of sockets.

use super::with_socket;
use crate::file::caller;
use crate::file::socket::Timeout;
use crate::mm::user;
use crate::result::{Errno, Result};
use abi::socket::{
    AF_UNIX, SO_ACCEPTCONN, SO_BROADCAST, SO_DOMAIN, SO_DONTROUTE, SO_ERROR, SO_KEEPALIVE,
    SO_PASSCRED, SO_PEERCRED, SO_PROTOCOL, SO_RCVBUF, SO_RCVBUFFORCE, SO_RCVTIMEO, SO_RCVTIMEO_NEW,
    SO_REUSEADDR, SO_SNDBUF, SO_SNDBUFFORCE, SO_SNDTIMEO, SO_SNDTIMEO_NEW, SO_TYPE, SOCK_DGRAM,
    SOCK_SEQPACKET, SOCK_STREAM, SOL_SOCKET, SockTimeval, Ucred,
};
use abi::time::Timeval;
use abi::{Plain, UserMutPtr, UserPtr};
use kcore::socket::{DEFAULT_SIZE, SendBuffer, SocketKind, receive_buffer};

const SECOND: i64 = 1_000_000_000;
const MICROSECOND: i64 = 1000;

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
            SO_SNDBUF => give(socket.send_buffer().size().cast_signed()),
            SO_RCVBUF => give(socket.receive_buffer().cast_signed()),
            SO_REUSEADDR | SO_DONTROUTE | SO_BROADCAST | SO_KEEPALIVE | SO_PASSCRED => {
                give(socket.is_on(option).into())
            }
            SO_PEERCRED => write::<Ucred>(value, length, room, &socket.partner_credentials()),
            SO_RCVTIMEO => write(value, length, room, &shown(socket.receive_timeout())),
            SO_SNDTIMEO => write(value, length, room, &shown(socket.send_timeout())),
            SO_RCVTIMEO_NEW => write(value, length, room, &shown_long(socket.receive_timeout())),
            SO_SNDTIMEO_NEW => write(value, length, room, &shown_long(socket.send_timeout())),
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

fn shown_long(timeout: &Timeout) -> SockTimeval {
    let nanoseconds = timeout.get().unwrap_or(0).cast_signed();
    SockTimeval { sec: nanoseconds / SECOND, usec: nanoseconds % SECOND / MICROSECOND }
}

/// A time too long for it shows as none.
fn shown(timeout: &Timeout) -> Timeval {
    let SockTimeval { sec, usec } = shown_long(timeout);
    i32::try_from(sec).map_or(Timeval::default(), |sec| Timeval { sec, usec: usec as i32 })
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
        if (length as usize) < size_of::<i32>() {
            return Err(Errno::EINVAL);
        }
        let number = user::read(value.cast::<i32>())?;
        match option {
            SO_SNDBUF | SO_SNDBUFFORCE => {
                let asked = asked(number, option == SO_SNDBUFFORCE)?;
                socket.set_send_buffer(SendBuffer::of(asked));
            }
            SO_RCVBUF | SO_RCVBUFFORCE => {
                let asked = asked(number, option == SO_RCVBUFFORCE)?;
                socket.set_receive_buffer(receive_buffer(asked));
            }
            SO_REUSEADDR | SO_DONTROUTE | SO_BROADCAST | SO_KEEPALIVE | SO_PASSCRED => {
                socket.switch(option, number != 0);
            }
            SO_RCVTIMEO => set(socket.receive_timeout(), timeval(value, length)?)?,
            SO_SNDTIMEO => set(socket.send_timeout(), timeval(value, length)?)?,
            SO_RCVTIMEO_NEW => set(socket.receive_timeout(), read(value, length)?)?,
            SO_SNDTIMEO_NEW => set(socket.send_timeout(), read(value, length)?)?,
            _ => return Err(Errno::ENOPROTOOPT),
        }
        Ok(0)
    })
}

/// The size of a buffer that is asked for, with force or up to the limit. EPERM.
fn asked(number: i32, with_force: bool) -> Result<u32> {
    match with_force {
        // What is negative is very much.
        false => Ok(number.cast_unsigned().min(DEFAULT_SIZE)),
        true if caller::is_privileged() => Ok(number.max(0).cast_unsigned()),
        true => Err(Errno::EPERM),
    }
}

/// EINVAL for a value that is too short.
fn read<T: Plain>(value: UserPtr<u8>, length: i32) -> Result<T> {
    if (length as usize) < size_of::<T>() {
        return Err(Errno::EINVAL);
    }
    user::read(value.cast())
}

fn timeval(value: UserPtr<u8>, length: i32) -> Result<SockTimeval> {
    let Timeval { sec, usec } = read(value, length)?;
    Ok(SockTimeval { sec: sec.into(), usec: usec.into() })
}

/// Zero waits for ever, less than nothing not at all.
fn set(timeout: &Timeout, time: SockTimeval) -> Result<()> {
    let SockTimeval { sec, usec } = time;
    if !(0..1_000_000).contains(&usec) {
        return Err(Errno::EDOM);
    }
    let nanoseconds = match (sec, usec) {
        (0, 0) => None,
        (..0, _) => Some(0),
        // What is too long for a clock is for ever.
        _ => sec.checked_mul(SECOND).and_then(|time| time.checked_add(usec * MICROSECOND)),
    };
    timeout.set(nanoseconds.map(i64::cast_unsigned));
    Ok(())
}
