//! Sockets without another, and those that cannot be.

use super::calls::*;
use crate::harness::only_on_folio;
use crate::scratch::Scratch;
use sys::Errno;
use sys::abi::poll::*;
use sys::abi::socket::*;
use sys::abi::{UserMutPtr, UserPtr};
use sys::file::File;
use sys::syscall::{output, pointer};

tests![
    nobody_listens,
    what_is_not_connected_says_so,
    a_dissolved_pair,
    families_and_kinds_that_do_not_exist,
    there_is_no_internet,
];

fn connect(socket: &File, path: &[u8]) -> Result<u32, Errno> {
    let mut address = [0u8; 110];
    address[0] = AF_UNIX as u8;
    address[2..2 + path.len()].copy_from_slice(path);
    call!(connect(socket.fd().0, UserPtr::new(pointer(&address)), 110))
}

pub fn nobody_listens() {
    let (name, _file) = Scratch::file("no-socket", b"");
    for kind in KINDS {
        let socket = create(kind);
        assert_eq!(connect(&socket, b"/tmp/no such socket"), Err(Errno::ENOENT));
        assert_eq!(connect(&socket, b"/dev/null/socket"), Err(Errno::ENOTDIR));
        assert_eq!(connect(&socket, name.as_str().as_bytes()), Err(Errno::ECONNREFUSED));
        assert_eq!(connect(&socket, b"\0nobody"), Err(Errno::ECONNREFUSED));
        let raw = |length| {
            let address = [2u8, 0, b'x', 0];
            call!(connect(socket.fd().0, UserPtr::new(pointer(&address)), length))
        };
        assert_eq!(raw(4), Err(Errno::EINVAL));
        assert_eq!(raw(-1), Err(Errno::EINVAL));
        assert_eq!(raw(129), Err(Errno::EINVAL));
        let bad = call!(connect(socket.fd().0, UserPtr::new(8), 110));
        assert_eq!(bad, Err(Errno::EFAULT));
    }
}

pub fn what_is_not_connected_says_so() {
    for (kind, received, hang_up) in [
        (SOCK_STREAM, Errno::EINVAL, POLLHUP),
        (SOCK_DGRAM, Errno::EAGAIN, 0),
        (SOCK_SEQPACKET, Errno::ENOTCONN, POLLHUP),
    ] {
        let socket = create(kind);
        assert_eq!(send(&socket, b"x", 0), Err(Errno::ENOTCONN));
        assert_eq!(receive(&socket, &mut [0; 4], MSG_DONTWAIT), Err(received));
        assert_eq!(events(&socket) & (POLLHUP | POLLOUT), hang_up | POLLOUT);
        let mut length = 16i32;
        let null = UserMutPtr::NULL;
        assert_eq!(
            call!(getpeername(socket.fd().0, null, output(&mut length))),
            Err(Errno::ENOTCONN)
        );
    }
}

pub fn a_dissolved_pair() {
    let (one, other) = pair(SOCK_DGRAM);
    let unspecified = [0u8; 2];
    assert_eq!(send(&other, b"lost", 0), Ok(4));
    let address = UserPtr::new(pointer(&unspecified));
    assert_eq!(call!(connect(one.fd().0, address, 2)), Ok(0));
    assert_eq!(send(&one, b"x", 0), Err(Errno::ENOTCONN));
    assert_eq!(receive(&one, &mut [0; 4], MSG_DONTWAIT), Err(Errno::EAGAIN));
    assert_eq!(send(&other, b"x", 0), Err(Errno::ECONNRESET));
    assert_eq!(send(&other, b"kept", 0), Ok(4));
    assert_eq!(receive(&one, &mut [0; 4], 0), Ok(4));
}

pub fn families_and_kinds_that_do_not_exist() {
    let make = |family, kind, protocol| call!(socket(family, kind, protocol));
    assert_eq!(make(99, SOCK_STREAM, 0), Err(Errno::EAFNOSUPPORT));
    assert_eq!(make(-1, SOCK_STREAM, 0), Err(Errno::EAFNOSUPPORT));
    assert_eq!(make(AF_UNIX, 12, 0), Err(Errno::EINVAL));
    assert_eq!(make(AF_UNIX, 4, 0), Err(Errno::ESOCKTNOSUPPORT));
    assert_eq!(make(AF_UNIX, SOCK_STREAM | 0x1000, 0), Err(Errno::EINVAL));
    assert_eq!(make(AF_UNIX, SOCK_STREAM, 7), Err(Errno::EPROTONOSUPPORT));
    let bad = call!(socketpair(AF_UNIX, SOCK_STREAM, 0, UserMutPtr::new(8)));
    assert_eq!(bad, Err(Errno::EFAULT));
}

pub fn there_is_no_internet() {
    only_on_folio("there are no protocols yet");
    for family in [AF_INET, 10, 16] {
        assert_eq!(call!(socket(family, SOCK_STREAM, 0)), Err(Errno::EAFNOSUPPORT));
    }
}
