//! Sending and receiving.

use super::address::{self, Given, write_sender};
use super::control::{self, Along};
use super::with_socket;
use crate::file::File;
use crate::file::buffers::{Source, UserBuffers};
use crate::file::socket::{Address, Receive, Received, Send, Socket};
use crate::mm::user;
use crate::result::{Errno, Result};
use crate::syscall::file::with_vector;
use abi::file::IOV_MAX;
use abi::socket::{
    MSG_CMSG_CLOEXEC, MSG_CTRUNC, MSG_DONTWAIT, MSG_EOR, MSG_NOSIGNAL, MSG_OOB, MSG_PEEK,
    MSG_TRUNC, MSG_WAITALL, Msghdr, SOCKADDR_STORAGE,
};
use abi::{UserMutPtr, UserPtr};
use alloc::sync::Arc;
use core::mem::offset_of;
use kcore::fd_table::CloseOnExec;
use kcore::socket::{Name, SocketKind};

fn sending<'a>(file: &File, flags: u32, to: Option<Name<'a>>, along: Along) -> Result<Send<'a>> {
    if flags & MSG_OOB != 0 {
        return Err(Errno::EOPNOTSUPP);
    }
    Ok(Send {
        nonblocking: file.is_nonblocking() || flags & MSG_DONTWAIT != 0,
        without_signal: flags & MSG_NOSIGNAL != 0,
        to,
        rights: along.rights,
        credentials: along.credentials,
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

/// To whom a message with an address goes: of streams Linux only says what is wrong with it, and over
/// a connection of messages it does not matter.
fn receiver<'a>(socket: &Socket, address: &'a Option<Given>) -> Result<Option<Name<'a>>> {
    let Some(address) = address.as_ref().filter(|address| !address.is_empty()) else {
        return Ok(None);
    };
    match socket.kind() {
        SocketKind::Stream if socket.is_connected() => Err(Errno::EISCONN),
        SocketKind::Stream => Err(Errno::EOPNOTSUPP),
        SocketKind::SequencedPacket => Ok(None),
        SocketKind::Datagram => match address.name()? {
            Name::None => Err(Errno::EINVAL),
            name => Ok(Some(name)),
        },
    }
}

/// Who sent what was received: of a connection the other end.
fn sender_of(socket: &Socket, received: &Received) -> Option<Arc<Address>> {
    match socket.kind() {
        SocketKind::Datagram => received.sender.clone(),
        _ => socket.partner_name().unwrap_or(None),
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
        let given = match address.is_null() {
            true => None,
            false => Some(address::read(address, length)?),
        };
        let how = sending(file, flags, receiver(socket, &given)?, Along::default())?;
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
            write_sender(address, length, sender_of(socket, &received).as_deref())?;
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

pub fn sendmsg(fd: i32, message: UserPtr<Msghdr>, flags: u32) -> Result<u32> {
    with_socket(fd, |file, socket| {
        send_message(file, socket, message, flags).map(|(count, _)| count)
    })
}

/// The bytes sent, and whether those were all.
pub(super) fn send_message(
    file: &File,
    socket: &Socket,
    message: UserPtr<Msghdr>,
    flags: u32,
) -> Result<(u32, bool)> {
    let head = read_head(message)?;
    with_vector(head.iov, head.iovlen, |from| {
        let along = control::read(head.control.as_const(), head.controllen)?;
        let given = match head.name.is_null() {
            true => None,
            false => Some(address::read(head.name.as_const(), head.namelen)?),
        };
        let how = sending(file, flags, receiver(socket, &given)?, along)?;
        let wanted = from.len();
        let count = socket.send(&mut Source::User(from), how)?;
        Ok((count as u32, count == wanted))
    })
}

pub fn recvmsg(fd: i32, message: UserMutPtr<Msghdr>, flags: u32) -> Result<u32> {
    with_socket(fd, |file, socket| receive_message(file, socket, message, flags))
}

pub(super) fn receive_message(
    file: &File,
    socket: &Socket,
    message: UserMutPtr<Msghdr>,
    flags: u32,
) -> Result<u32> {
    let head = read_head(message.as_const())?;
    let how = receiving(file, flags)?;
    let received = with_vector(head.iov, head.iovlen, |mut to| socket.receive(&mut to, how))?;
    finish(message, &head, flags, socket, &received)?;
    Ok(received.count as u32)
}

/// Says what kind of message it was, who sent it, and what came along.
fn finish(
    message: UserMutPtr<Msghdr>,
    head: &Msghdr,
    how: u32,
    socket: &Socket,
    received: &Received,
) -> Result<()> {
    let place = |offset: usize| {
        let field = message.cast::<u8>().checked_add(offset as u32);
        field.map(UserMutPtr::cast).ok_or(Errno::EFAULT)
    };
    let mut flags = how & MSG_CMSG_CLOEXEC;
    if received.is_truncated {
        flags |= MSG_TRUNC;
    }
    if socket.kind() == SocketKind::SequencedPacket {
        flags |= MSG_EOR;
    }
    let (mut used, mut are_all) = (0, true);
    if let Some(who) = received.credentials {
        // As on Linux, nobody hears of a bad address.
        (used, are_all) =
            control::write_credentials(head.control, head.controllen, who).unwrap_or((0, true));
    }
    if let Some(rights) = &received.rights {
        let close = if how & MSG_CMSG_CLOEXEC != 0 { CloseOnExec::Yes } else { CloseOnExec::No };
        let behind = head.control.checked_add(used).ok_or(Errno::EFAULT)?;
        let room = head.controllen - used;
        let (bytes, are_all_rights) = control::write_rights(behind, room, rights, close)?;
        used += bytes;
        are_all &= are_all_rights;
    }
    if !are_all {
        flags |= MSG_CTRUNC;
    }
    if !head.name.is_null() {
        let length = place(offset_of!(Msghdr, namelen))?.cast();
        write_sender(head.name, length, sender_of(socket, received).as_deref())?;
    }
    user::write_word(place(offset_of!(Msghdr, flags))?, flags)?;
    user::write_word(place(offset_of!(Msghdr, controllen))?, used)
}
