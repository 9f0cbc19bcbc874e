//! Calls about sockets.

mod address;
mod control;
mod message;
mod option;
mod several;

pub use address::{getpeername, getsockname};
pub use message::{recvfrom, recvmsg, sendmsg, sendto};
pub use option::{getsockopt, setsockopt};
pub use several::{recvmmsg, recvmmsg_time64, sendmmsg};

use crate::file::socket::{Socket, collect, let_go, socket as make_socket, socket_pair};
use crate::file::{File, caller};
use crate::mm::user;
use crate::process::current;
use crate::result::{Errno, Result};
use abi::file::O_NONBLOCK;
use abi::socket::{
    AF_MAX, AF_UNIX, SHUT_RD, SHUT_RDWR, SHUT_WR, SOCK_CLOEXEC, SOCK_DGRAM, SOCK_MAX,
    SOCK_NONBLOCK, SOCK_RAW, SOCK_SEQPACKET, SOCK_STREAM, SOCK_TYPE_MASK, function,
};
use abi::{UserMutPtr, UserPtr};
use alloc::sync::Arc;
use kcore::fd_table::CloseOnExec;
use kcore::socket::{Name, SocketKind};

/// The open file of a descriptor, if it is a socket: EBADF, ENOTSOCK.
fn open_socket(fd: i32) -> Result<Arc<File>> {
    let file = current().files().get(fd)?;
    if file.socket().is_some() { Ok(file) } else { Err(Errno::ENOTSOCK) }
}

/// Calls `work` with the socket of a descriptor.
fn with_socket<R>(fd: i32, work: impl FnOnce(&File, &Socket) -> Result<R>) -> Result<R> {
    let file = open_socket(fd)?;
    let result = file.socket().ok_or(Errno::ENOTSOCK).and_then(|socket| work(&file, socket));
    // Its descriptors may have been closed meanwhile, and those of what it has sent.
    let_go(file);
    collect();
    result
}

fn check_flags(kind: i32) -> Result<()> {
    let unknown = kind & !(SOCK_TYPE_MASK | SOCK_CLOEXEC | SOCK_NONBLOCK);
    if unknown == 0 { Ok(()) } else { Err(Errno::EINVAL) }
}

/// What the arguments of `socket` name. The flags among them are checked.
fn kind_of(family: i32, kind: i32, protocol: i32) -> Result<SocketKind> {
    let kind = kind & SOCK_TYPE_MASK;
    if !(0..AF_MAX).contains(&family) {
        return Err(Errno::EAFNOSUPPORT);
    }
    if kind >= SOCK_MAX {
        return Err(Errno::EINVAL);
    }
    if family != AF_UNIX {
        return Err(Errno::EAFNOSUPPORT);
    }
    if protocol != 0 && protocol != AF_UNIX {
        return Err(Errno::EPROTONOSUPPORT);
    }
    match kind {
        SOCK_STREAM => Ok(SocketKind::Stream),
        SOCK_DGRAM | SOCK_RAW => Ok(SocketKind::Datagram),
        SOCK_SEQPACKET => Ok(SocketKind::SequencedPacket),
        _ => Err(Errno::ESOCKTNOSUPPORT),
    }
}

fn close_on_exec(kind: i32) -> CloseOnExec {
    if kind & SOCK_CLOEXEC != 0 { CloseOnExec::Yes } else { CloseOnExec::No }
}

fn file_flags(kind: i32) -> u32 {
    if kind & SOCK_NONBLOCK != 0 { O_NONBLOCK } else { 0 }
}

pub fn socket(family: i32, kind: i32, protocol: i32) -> Result<u32> {
    check_flags(kind)?;
    let file = make_socket(kind_of(family, kind, protocol)?, file_flags(kind))?;
    let files = current().files();
    files.insert(file, close_on_exec(kind), 0, caller::descriptor_limit())
}

pub fn socketpair(family: i32, kind: i32, protocol: i32, fds: UserMutPtr<[i32; 2]>) -> Result<u32> {
    check_flags(kind)?;
    let files = current().files();
    let (close, limit) = (close_on_exec(kind), caller::descriptor_limit());
    let first = files.reserve(close, limit)?;
    let second = files.reserve(close, limit)?;
    // Before there is anything to undo.
    user::write(fds, &[first.fd().cast_signed(), second.fd().cast_signed()])?;
    let sockets = socket_pair(kind_of(family, kind, protocol)?, file_flags(kind))?;
    first.install(sockets.0);
    second.install(sockets.1);
    Ok(0)
}

pub fn bind(fd: i32, address: UserPtr<u8>, length: i32) -> Result<u32> {
    with_socket(fd, |_, socket| {
        let address = address::read(address, length)?;
        socket.bind(address.name()?).map(|()| 0)
    })
}

pub fn connect(fd: i32, address: UserPtr<u8>, length: i32) -> Result<u32> {
    with_socket(fd, |file, socket| {
        let address = address::read(address, length)?;
        if socket.kind() == SocketKind::Datagram && address.is_unspecified() {
            return socket.disconnect().map(|()| 0);
        }
        match address.name()? {
            Name::None => Err(Errno::EINVAL),
            name => socket.connect(name, file.is_nonblocking()).map(|()| 0),
        }
    })
}

pub fn listen(fd: i32, backlog: i32) -> Result<u32> {
    // What is negative is very many.
    with_socket(fd, |_, socket| socket.listen(backlog.cast_unsigned()).map(|()| 0))
}

fn accept(fd: i32, address: UserMutPtr<u8>, length: UserMutPtr<i32>) -> Result<u32> {
    accept4(fd, address, length, 0)
}

pub fn accept4(
    fd: i32,
    address: UserMutPtr<u8>,
    length: UserMutPtr<i32>,
    flags: i32,
) -> Result<u32> {
    if flags & !(SOCK_CLOEXEC | SOCK_NONBLOCK) != 0 {
        return Err(Errno::EINVAL);
    }
    with_socket(fd, |file, socket| {
        let files = current().files();
        let reserved = files.reserve(close_on_exec(flags), caller::descriptor_limit())?;
        let accepted = socket.accept(file.is_nonblocking())?;
        if !address.is_null() {
            // The other end is there.
            let name = accepted.partner_name()?;
            address::write(address, length, name.as_deref())?;
        }
        Ok(reserved.install(accepted.open(file_flags(flags))?))
    })
}

pub fn shutdown(fd: i32, how: i32) -> Result<u32> {
    with_socket(fd, |_, socket| {
        match how {
            SHUT_RD => socket.shut_down(true, false),
            SHUT_WR => socket.shut_down(false, true),
            SHUT_RDWR => socket.shut_down(true, true),
            _ => return Err(Errno::EINVAL),
        }
        Ok(0)
    })
}

pub fn socketcall(call: i32, arguments: UserPtr<u32>) -> Result<u32> {
    let count = usize::try_from(call).ok().and_then(|call| function::ARGUMENTS.get(call));
    let count = *count.filter(|count| **count != 0).ok_or(Errno::EINVAL)?;
    let mut words = [0; 6];
    for (word, index) in words.iter_mut().zip(0..u32::from(count)) {
        *word = user::read_word(arguments.checked_add(index).ok_or(Errno::EFAULT)?)?;
    }
    let [a, b, c, d, e, f] = words;
    let fd = a.cast_signed();
    let [number, second, third] = [b, c, f].map(u32::cast_signed);
    match call {
        function::SOCKET => socket(fd, number, second),
        function::BIND => bind(fd, UserPtr::new(b), second),
        function::LISTEN => listen(fd, number),
        function::ACCEPT => accept(fd, UserMutPtr::new(b), UserMutPtr::new(c)),
        function::ACCEPT4 => accept4(fd, UserMutPtr::new(b), UserMutPtr::new(c), d.cast_signed()),
        function::CONNECT => connect(fd, UserPtr::new(b), second),
        function::GETSOCKNAME => getsockname(fd, UserMutPtr::new(b), UserMutPtr::new(c)),
        function::GETPEERNAME => getpeername(fd, UserMutPtr::new(b), UserMutPtr::new(c)),
        function::SOCKETPAIR => socketpair(fd, number, second, UserMutPtr::new(d)),
        function::SEND => sendto(fd, UserPtr::new(b), c, d, UserPtr::NULL, 0),
        function::RECV => {
            recvfrom(fd, UserMutPtr::new(b), c, d, UserMutPtr::NULL, UserMutPtr::NULL)
        }
        function::SENDTO => sendto(fd, UserPtr::new(b), c, d, UserPtr::new(e), third),
        function::RECVFROM => {
            recvfrom(fd, UserMutPtr::new(b), c, d, UserMutPtr::new(e), UserMutPtr::new(f))
        }
        function::SHUTDOWN => shutdown(fd, number),
        function::SETSOCKOPT => setsockopt(fd, number, second, UserPtr::new(d), e.cast_signed()),
        function::GETSOCKOPT => {
            getsockopt(fd, number, second, UserMutPtr::new(d), UserMutPtr::new(e))
        }
        function::SENDMSG => sendmsg(fd, UserPtr::new(b), c),
        function::RECVMSG => recvmsg(fd, UserMutPtr::new(b), c),
        function::RECVMMSG => recvmmsg(fd, UserMutPtr::new(b), c, d, UserMutPtr::new(e)),
        function::SENDMMSG => sendmmsg(fd, UserMutPtr::new(b), c, d),
        _ => Err(Errno::EINVAL),
    }
}
