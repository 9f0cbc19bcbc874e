//! Sending and receiving.

use super::address::{self, write_nameless};
use super::with_socket;
use crate::file::File;
use crate::file::buffers::{Source, UserBuffers};
use crate::file::socket::{Receive, Received, Send, Socket};
use crate::mm::user::{self, UserSlice};
use crate::result::{Errno, Result};
use crate::syscall::file::with_vector;
use abi::file::IOV_MAX;
use abi::socket::{
    Cmsghdr, MSG_DONTWAIT, MSG_EOR, MSG_NOSIGNAL, MSG_OOB, MSG_PEEK, MSG_TRUNC, MSG_WAITALL,
    Msghdr, SOCKADDR_STORAGE, SOL_SOCKET,
};
use abi::{UserMutPtr, UserPtr};
use core::mem::offset_of;
use kcore::socket::SocketKind;

fn sending(file: &File, flags: u32) -> Result<Send> {
    if flags & MSG_OOB != 0 {
        return Err(Errno::EOPNOTSUPP);
    }
    Ok(Send {
        nonblocking: file.is_nonblocking() || flags & MSG_DONTWAIT != 0,
        without_signal: flags & MSG_NOSIGNAL != 0,
    })
}

fn receiving(file: &File, flags: u32) -> Result<Receive> {
    if flags & MSG_OOB != 0 {
        return Err(Errno::EOPNOTSUPP);
    }
    Ok(Receive {
        nonblocking: file.is_nonblocking() || flags & MSG_DONTWAIT != 0,
        peek: flags & MSG_PEEK != 0,
        whole: flags & MSG_WAITALL != 0,
        whole_length: flags & MSG_TRUNC != 0,
    })
}

/// With an address: what Linux says about it, for it never leads to anybody.
fn check_address(socket: &Socket, address: UserPtr<u8>, length: i32) -> Result<()> {
    let address = address::read(address, length)?;
    match (socket.kind(), socket.is_connected()) {
        (SocketKind::Stream, _) if length == 0 => Ok(()),
        (SocketKind::Stream, true) => Err(Errno::EISCONN),
        (SocketKind::Stream, false) => Err(Errno::EOPNOTSUPP),
        // Over a connection the address does not matter.
        (SocketKind::SequencedPacket, _) => Ok(()),
        (SocketKind::Datagram, _) if length == 0 => Ok(()),
        (SocketKind::Datagram, _) => Err(address::look_up(&address)),
    }
}

pub fn sendto(
    fd: i32,
    buffer: UserPtr<u8>,
    count: u32,
    flags: u32,
    address: UserPtr<u8>,
    length: i32,
) -> Result<u32> {
    let from = UserBuffers::one(buffer.address(), count)?;
    with_socket(fd, |file, socket| {
        let how = sending(file, flags)?;
        if !address.is_null() {
            check_address(socket, address, length)?;
        }
        socket.send(&mut Source::User(from), how).map(|count| count as u32)
    })
}

pub fn recvfrom(
    fd: i32,
    buffer: UserMutPtr<u8>,
    count: u32,
    flags: u32,
    address: UserMutPtr<u8>,
    length: UserMutPtr<i32>,
) -> Result<u32> {
    let mut to = UserBuffers::one(buffer.address(), count)?;
    with_socket(fd, |file, socket| {
        let received = socket.receive(&mut to, receiving(file, flags)?)?;
        if !address.is_null() {
            write_nameless(address, length, false)?;
        }
        Ok(received.count as u32)
    })
}

/// A message's head, with errors in Linux's order.
fn read_head(message: UserPtr<Msghdr>) -> Result<Msghdr> {
    let mut head = user::read(message)?;
    if head.name.is_null() {
        head.namelen = 0;
    }
    if head.namelen < 0 {
        return Err(Errno::EINVAL);
    }
    head.namelen = head.namelen.min(SOCKADDR_STORAGE as i32);
    if head.iovlen > IOV_MAX {
        return Err(Errno::EMSGSIZE);
    }
    Ok(head)
}

/// Of control messages only other protocols' may be sent along: nobody looks at them.
fn check_control(control: UserPtr<u8>, len: u32) -> Result<()> {
    const HEAD: u32 = size_of::<Cmsghdr>() as u32;
    if len > i32::MAX.cast_unsigned() {
        return Err(Errno::ENOBUFS);
    }
    UserSlice::new(control.address(), len)?;
    let mut at = 0;
    while len - at >= HEAD {
        let place = control.checked_add(at).ok_or(Errno::EFAULT)?;
        let head = user::read(place.cast::<Cmsghdr>())?;
        if head.len < HEAD || head.len > len - at || head.level == SOL_SOCKET {
            return Err(Errno::EINVAL);
        }
        at = at.saturating_add(head.len.next_multiple_of(4)).min(len);
    }
    Ok(())
}

pub fn sendmsg(fd: i32, message: UserPtr<Msghdr>, flags: u32) -> Result<u32> {
    with_socket(fd, |file, socket| {
        let head = read_head(message)?;
        with_vector(head.iov, head.iovlen, |from| {
            check_control(head.control.as_const(), head.controllen)?;
            let how = sending(file, flags)?;
            if !head.name.is_null() {
                check_address(socket, head.name.as_const(), head.namelen)?;
            }
            socket.send(&mut Source::User(from), how)
        })
        .map(|count| count as u32)
    })
}

pub fn recvmsg(fd: i32, message: UserMutPtr<Msghdr>, flags: u32) -> Result<u32> {
    with_socket(fd, |file, socket| {
        let head = read_head(message.as_const())?;
        let how = receiving(file, flags)?;
        let received = with_vector(head.iov, head.iovlen, |mut to| socket.receive(&mut to, how))?;
        finish(message, &head, socket.kind(), received)?;
        Ok(received.count as u32)
    })
}

/// Says what kind of message it was. No sender has a name, and none sends control messages.
fn finish(
    message: UserMutPtr<Msghdr>,
    head: &Msghdr,
    kind: SocketKind,
    received: Received,
) -> Result<()> {
    let field = |offset: usize| message.cast::<u8>().checked_add(offset as u32);
    let write = |offset: usize, value: u32| {
        user::write_word(field(offset).ok_or(Errno::EFAULT)?.cast(), value)
    };
    if !head.name.is_null() {
        write(offset_of!(Msghdr, namelen), 0)?;
    }
    let mut flags = if received.is_truncated { MSG_TRUNC } else { 0 };
    if kind == SocketKind::SequencedPacket {
        flags |= MSG_EOR;
    }
    write(offset_of!(Msghdr, flags), flags)?;
    write(offset_of!(Msghdr, controllen), 0)
}
