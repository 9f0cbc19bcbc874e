//! Options of sockets.

use super::calls::*;
use crate::child;
use crate::harness::{on_folio, only_as_root, only_on_folio};
use alloc::vec;
use core::time::Duration;
use sys::Errno;
use sys::abi::file::{S_IFSOCK, SEEK_CUR};
use sys::abi::poll::POLLOUT;
use sys::abi::socket::*;
use sys::abi::time::Timeval;
use sys::abi::{UserMutPtr, UserPtr};
use sys::syscall::{input, output, pointer, pointer_mut};
use sys::wait::Status;

tests![
    options_tell_what_it_is,
    a_timeout_ends_the_wait,
    buffers_have_twice_the_size_asked_for,
    only_the_privileged_use_force,
    a_long_time_is_for_ever_to_the_old_option,
    a_small_buffer_takes_little,
    switches_are_on_or_off,
    what_cannot_be_set_is_refused,
    timeouts_have_two_widths,
];

pub fn options_tell_what_it_is() {
    for kind in KINDS {
        let (one, _other) = pair(kind);
        assert_eq!(option(&one, SO_TYPE), Ok(kind));
        assert_eq!(option(&one, SO_DOMAIN), Ok(AF_UNIX));
        assert_eq!(option(&one, SO_PROTOCOL), Ok(0));
        assert_eq!(option(&one, SO_ACCEPTCONN), Ok(0));
        assert_eq!(option(&one, SO_ERROR), Ok(0));
        assert!(option(&one, SO_SNDBUF).is_ok_and(|size| size >= 65_536));
        let stat = one.stat().expect("fstat64");
        assert_eq!((stat.mode, stat.size, stat.nlink), (S_IFSOCK | 0o777, 0, 1));
        assert_eq!(call!(lseek(one.fd().0, 0, SEEK_CUR)), Err(Errno::ESPIPE));
        let (mut who, mut length) = (Ucred { pid: 0, uid: 1, gid: 1 }, 12i32);
        let place = output(&mut who).cast();
        let fd = one.fd().0;
        let asked = call!(getsockopt(fd, SOL_SOCKET, SO_PEERCRED, place, output(&mut length)));
        assert_eq!((asked, { who.pid }), (Ok(0), sys::process::id()));
        let place = output(&mut who).cast();
        let asked = call!(getsockopt(fd, SOL_SOCKET, 9999, place, output(&mut length)));
        assert_eq!(asked, Err(Errno::ENOPROTOOPT));
        let place = output(&mut who).cast();
        let asked = call!(getsockopt(fd, 6, 1, place, output(&mut length)));
        assert_eq!(asked, Err(Errno::EOPNOTSUPP));
    }
}

pub fn a_timeout_ends_the_wait() {
    let (one, _other) = pair(SOCK_STREAM);
    let set = |timeout: &Timeval, length| {
        let value = input(timeout).cast();
        call!(setsockopt(one.fd().0, SOL_SOCKET, SO_RCVTIMEO, value, length))
    };
    assert_eq!(set(&Timeval { sec: 0, usec: 40_000 }, 8), Ok(0));
    let start = sys::time::now();
    assert_eq!(one.read(&mut [0; 4]), Err(Errno::EAGAIN));
    assert!(sys::time::now() - start >= Duration::from_millis(30));
    assert_eq!(set(&Timeval { sec: 0, usec: 1_000_000 }, 8), Err(Errno::EDOM));
    assert_eq!(set(&Timeval { sec: 0, usec: 0 }, 4), Err(Errno::EINVAL));
    assert_eq!(set(&Timeval { sec: -1, usec: 0 }, 8), Ok(0));
    assert_eq!(one.read(&mut [0; 4]), Err(Errno::EAGAIN));
}

pub fn buffers_have_twice_the_size_asked_for() {
    for kind in KINDS {
        let (one, _other) = pair(kind);
        for (of, least) in [(SO_SNDBUF, 4608), (SO_RCVBUF, 2304)] {
            // A machine's administrator says how much there is at first, and how much there may be.
            let first = option(&one, of).expect("getsockopt");
            assert!(if on_folio() { first == 212_992 } else { first >= 4608 }, "{first}");
            for (asked, expected) in [(10_000, 20_000), (0, least)] {
                assert_eq!(set(&one, of, asked), Ok(0));
                assert_eq!(option(&one, of), Ok(expected), "{asked}");
            }
            // More than there may be.
            for asked in [-1, 1 << 30] {
                assert_eq!(set(&one, of, asked), Ok(0));
                let size = option(&one, of).expect("getsockopt");
                assert!(if on_folio() { size == 2 * 212_992 } else { size > 20_000 }, "{size}");
            }
        }
    }
}

pub fn only_the_privileged_use_force() {
    only_as_root();
    let (one, _other) = pair(SOCK_DGRAM);
    if !on_folio() && set(&one, SO_SNDBUFFORCE, 1_000_000) == Err(Errno::EPERM) {
        skip!("a container's root");
    }
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

pub fn a_long_time_is_for_ever_to_the_old_option() {
    only_on_folio("Linux 6.1/i386, sock_get_timeout; a 64-bit kernel has room for more");
    let (one, _other) = pair(SOCK_STREAM);
    let long = SockTimeval { sec: (1 << 32) + 5, usec: 7 };
    let value = UserPtr::new(pointer(&long));
    let size = size_of_val(&long) as i32;
    assert_eq!(call!(setsockopt(one.fd().0, SOL_SOCKET, SO_RCVTIMEO_NEW, value, size)), Ok(0));
    let (mut shown, mut size) = (Timeval { sec: 1, usec: 1 }, size_of::<Timeval>() as i32);
    let to = UserMutPtr::new(pointer_mut(&mut shown));
    let got = call!(getsockopt(one.fd().0, SOL_SOCKET, SO_RCVTIMEO, to, output(&mut size)));
    assert_eq!((got, shown.sec, shown.usec), (Ok(0), 0, 0));
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
