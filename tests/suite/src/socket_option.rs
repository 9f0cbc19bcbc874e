//! Options of sockets.

use crate::child;
use crate::harness::on_folio;
use crate::socket::{events, option, pair, send};
use alloc::vec;
use sys::abi::UserPtr;
use sys::abi::poll::POLLOUT;
use sys::abi::socket::*;
use sys::abi::time::Timeval;
use sys::file::File;
use sys::syscall::{input, output};
use sys::wait::Status;
use sys::{Errno, Result};

tests![
    buffers_have_twice_the_size_asked_for,
    only_the_privileged_use_force,
    a_small_buffer_takes_little,
    switches_are_on_or_off,
    what_cannot_be_set_is_refused,
    timeouts_have_two_widths,
];

const KINDS: [i32; 3] = [SOCK_STREAM, SOCK_DGRAM, SOCK_SEQPACKET];

pub fn set(file: &File, option: i32, value: i32) -> Result<u32> {
    call!(setsockopt(file.fd().0, SOL_SOCKET, option, input(&value).cast(), 4))
}

pub fn buffers_have_twice_the_size_asked_for() {
    for kind in KINDS {
        let (one, _other) = pair(kind);
        for (of, least) in [(SO_SNDBUF, 4608), (SO_RCVBUF, 2304)] {
            assert_eq!(option(&one, of), Ok(212_992));
            for (asked, expected) in [(10_000, 20_000), (0, least)] {
                assert_eq!(set(&one, of, asked), Ok(0));
                assert_eq!(option(&one, of), Ok(expected), "{asked}");
            }
            // More than there may be; a machine's administrator says how much that is.
            for asked in [-1, 1 << 30] {
                assert_eq!(set(&one, of, asked), Ok(0));
                let size = option(&one, of).expect("getsockopt");
                assert!(if on_folio() { size == 2 * 212_992 } else { size >= 2 * 212_992 });
            }
        }
    }
}

pub fn only_the_privileged_use_force() {
    let (one, _other) = pair(SOCK_DGRAM);
    for (force, of, least) in [(SO_SNDBUFFORCE, SO_SNDBUF, 4608), (SO_RCVBUFFORCE, SO_RCVBUF, 2304)]
    {
        for (asked, expected) in [(1_000_000, 2_000_000), (-1, least)] {
            assert_eq!(set(&one, force, asked), Ok(0));
            assert_eq!(option(&one, of), Ok(expected));
        }
    }
    let ended = child::run(|| {
        call!(setuid32(1000)).expect("setuid32");
        assert_eq!(set(&one, SO_SNDBUFFORCE, 1000), Err(Errno::EPERM));
        assert_eq!(set(&one, SO_RCVBUFFORCE, 1000), Err(Errno::EPERM));
        0
    });
    assert_eq!(ended, Status::Exited(0));
}

pub fn a_small_buffer_takes_little() {
    for kind in [SOCK_DGRAM, SOCK_SEQPACKET] {
        let (one, _other) = pair(kind);
        assert_eq!(set(&one, SO_SNDBUF, 0), Ok(0));
        assert_eq!(send(&one, &vec![1; 4577], MSG_DONTWAIT), Err(Errno::EMSGSIZE));
        assert_eq!(send(&one, &vec![1; 4576], MSG_DONTWAIT), Ok(4576));
    }
    let (one, other) = pair(SOCK_STREAM);
    assert_eq!(set(&one, SO_SNDBUF, 0), Ok(0));
    let sent = send(&one, &vec![1; 100_000], MSG_DONTWAIT).expect("sendto");
    assert!(sent < 20_000, "{sent}");
    assert_eq!(send(&one, b"x", MSG_DONTWAIT), Err(Errno::EAGAIN));
    assert_eq!((events(&one) & POLLOUT, events(&other) & POLLOUT), (0, POLLOUT));
    assert_eq!(set(&one, SO_SNDBUF, 200_000), Ok(0));
    assert_eq!(events(&one) & POLLOUT, POLLOUT);
    assert_eq!(send(&one, b"x", MSG_DONTWAIT), Ok(1));
}

pub fn switches_are_on_or_off() {
    for kind in KINDS {
        let (one, other) = pair(kind);
        for switch in [SO_REUSEADDR, SO_DONTROUTE, SO_BROADCAST, SO_KEEPALIVE, SO_PASSCRED] {
            for (value, shown) in [(5, 1), (0, 0), (-1, 1)] {
                assert_eq!(set(&one, switch, value), Ok(0));
                assert_eq!((option(&one, switch), option(&other, switch)), (Ok(shown), Ok(0)));
            }
        }
    }
}

pub fn what_cannot_be_set_is_refused() {
    let (one, _other) = pair(SOCK_STREAM);
    for fixed in [SO_TYPE, SO_ERROR, SO_ACCEPTCONN, SO_PROTOCOL, SO_DOMAIN, SO_PEERCRED, 9999] {
        assert_eq!(set(&one, fixed, 1), Err(Errno::ENOPROTOOPT), "{fixed}");
    }
    let fd = one.fd().0;
    let give = |option, length| {
        call!(setsockopt(fd, SOL_SOCKET, option, input(&[1i32; 4]).cast(), length))
    };
    assert_eq!((give(SO_PASSCRED, 3), give(9999, 3)), (Err(Errno::EINVAL), Err(Errno::EINVAL)));
    assert_eq!((give(SO_PASSCRED, 16), give(SO_PASSCRED, -1)), (Ok(0), Err(Errno::EINVAL)));
    let nowhere = call!(setsockopt(fd, SOL_SOCKET, 9999, UserPtr::new(8), 4));
    assert_eq!(nowhere, Err(Errno::EFAULT));
}

pub fn timeouts_have_two_widths() {
    let (one, _other) = pair(SOCK_STREAM);
    let fd = one.fd().0;
    for (long, short) in [(SO_RCVTIMEO_NEW, SO_RCVTIMEO), (SO_SNDTIMEO_NEW, SO_SNDTIMEO)] {
        let set = |time: SockTimeval, length| {
            call!(setsockopt(fd, SOL_SOCKET, long, input(&time).cast(), length))
        };
        assert_eq!(set(SockTimeval { sec: 7, usec: 500_000 }, 16), Ok(0));
        let (mut old, mut new) = (Timeval::default(), SockTimeval::default());
        let mut length = 8;
        let place = output(&mut old).cast();
        assert_eq!(call!(getsockopt(fd, SOL_SOCKET, short, place, output(&mut length))), Ok(0));
        assert_eq!((length, old), (8, Timeval { sec: 7, usec: 500_000 }));
        let mut length = 32;
        let place = output(&mut new).cast();
        assert_eq!(call!(getsockopt(fd, SOL_SOCKET, long, place, output(&mut length))), Ok(0));
        assert_eq!((length, new), (16, SockTimeval { sec: 7, usec: 500_000 }));
        assert_eq!(set(new, 15), Err(Errno::EINVAL));
        assert_eq!(set(SockTimeval { sec: 0, usec: -1 }, 16), Err(Errno::EDOM));
        assert_eq!(set(SockTimeval { sec: i64::MAX, usec: 0 }, 16), Ok(0));
        let place = output(&mut new).cast();
        assert_eq!(call!(getsockopt(fd, SOL_SOCKET, long, place, output(&mut length))), Ok(0));
        assert_eq!(new, SockTimeval::default());
    }
}
