//! Pairs of sockets.

use crate::child;
use crate::fault::{PAGE, map, unmap};
use crate::scratch::Scratch;
use alloc::vec;
use sys::Errno;
use sys::abi::file::*;
use sys::abi::poll::*;
use sys::abi::signal::SIGPIPE;
use sys::abi::socket::*;
use sys::abi::time::Timeval;
use sys::abi::{UserMutPtr, UserPtr};
use sys::file::File;
use sys::io::Fd;
use sys::syscall::{input, output, pointer, pointer_mut};
use sys::wait::Status;

tests![
    a_stream_carries_bytes_both_ways,
    messages_keep_their_bounds,
    peeking_leaves_bytes,
    a_call_may_wait_for_all_of_its_bytes,
    large_transfers_pass_in_both_directions,
    a_full_buffer_makes_senders_wait,
    the_end_comes_behind_the_last_byte,
    sending_into_a_closed_stream_is_a_signal,
    closing_with_unreceived_bytes_resets,
    shutting_down_one_direction,
    a_waiting_receiver_learns_of_the_end,
    what_a_receiver_leaves_wakes_the_next,
    bad_buffers_move_nothing,
    several_buffers_make_one_message,
    names_are_empty,
    options_tell_what_it_is,
    a_timeout_ends_the_wait,
    nobody_listens,
    what_is_not_connected_says_so,
    a_dissolved_pair,
    families_and_kinds_that_do_not_exist,
    there_is_no_internet,
    one_call_makes_all,
];

const KINDS: [i32; 3] = [SOCK_STREAM, SOCK_DGRAM, SOCK_SEQPACKET];
const NO_ADDRESS: (UserPtr<u8>, i32) = (UserPtr::NULL, 0);

pub fn pair(kind: i32) -> (File, File) {
    let mut fds = [0; 2];
    call!(socketpair(AF_UNIX, kind, 0, output(&mut fds))).expect("socketpair");
    let [first, second] = fds.map(|fd| File::from_fd(Fd(fd)));
    (first, second)
}

pub fn send(to: &File, bytes: &[u8], flags: u32) -> Result<u32, Errno> {
    let (address, length) = NO_ADDRESS;
    let buffer = UserPtr::new(pointer(bytes));
    call!(sendto(to.fd().0, buffer, bytes.len() as u32, flags, address, length))
}

pub fn receive(from: &File, buffer: &mut [u8], flags: u32) -> Result<u32, Errno> {
    let (place, count) = (UserMutPtr::new(pointer_mut(buffer)), buffer.len() as u32);
    call!(recvfrom(from.fd().0, place, count, flags, UserMutPtr::NULL, UserMutPtr::NULL))
}

pub fn events(file: &File) -> u16 {
    let mut fd = Pollfd { fd: file.fd().0, events: 0x3fff, revents: 0 };
    call!(poll(output(&mut fd), 1, 0)).expect("poll");
    fd.revents
}

pub fn option(file: &File, option: i32) -> Result<i32, Errno> {
    let (mut value, mut length) = (-1i32, 4i32);
    let place = output(&mut value).cast();
    call!(getsockopt(file.fd().0, SOL_SOCKET, option, place, output(&mut length)))?;
    assert_eq!(length, 4);
    Ok(value)
}

pub fn a_stream_carries_bytes_both_ways() {
    let (one, other) = pair(SOCK_STREAM);
    assert_eq!(one.write(b"hello "), Ok(6));
    assert_eq!(send(&one, b"world", 0), Ok(5));
    let mut buffer = [0; 32];
    assert_eq!(receive(&other, &mut buffer[..3], 0), Ok(3));
    assert_eq!(receive(&other, &mut buffer[3..], 0), Ok(8));
    assert_eq!(&buffer[..11], b"hello world");
    assert_eq!(other.write(b"back"), Ok(4));
    assert_eq!(one.read(&mut buffer), Ok(4));
    assert_eq!(&buffer[..4], b"back");
    assert_eq!(one.read(&mut []), Ok(0));
    assert_eq!(receive(&one, &mut buffer, MSG_DONTWAIT), Err(Errno::EAGAIN));
}

pub fn messages_keep_their_bounds() {
    for kind in [SOCK_DGRAM, SOCK_SEQPACKET] {
        let (one, other) = pair(kind);
        for message in [&b"first"[..], b"", b"third message"] {
            assert_eq!(send(&one, message, 0), Ok(message.len() as u32));
        }
        let mut buffer = [0; 32];
        assert_eq!(receive(&other, &mut buffer, MSG_PEEK), Ok(5));
        assert_eq!(receive(&other, &mut buffer, 0), Ok(5));
        assert_eq!(receive(&other, &mut buffer, 0), Ok(0));
        // What there is no room for is lost.
        assert_eq!(receive(&other, &mut buffer[..4], MSG_TRUNC), Ok(13));
        assert_eq!(&buffer[..4], b"thir");
        assert_eq!(receive(&other, &mut buffer, MSG_DONTWAIT), Err(Errno::EAGAIN));
        assert_eq!(send(&one, &vec![1; 300_000], 0), Err(Errno::EMSGSIZE));
    }
}

pub fn peeking_leaves_bytes() {
    let (one, other) = pair(SOCK_STREAM);
    one.write_all(b"abc").expect("write");
    one.write_all(b"def").expect("write");
    let mut buffer = [0; 8];
    for _ in 0..2 {
        assert_eq!(receive(&other, &mut buffer[..5], MSG_PEEK), Ok(5));
        assert_eq!(&buffer[..5], b"abcde");
    }
    assert_eq!(receive(&other, &mut buffer, MSG_PEEK), Ok(6));
    assert_eq!(receive(&other, &mut buffer, 0), Ok(6));
    assert_eq!(&buffer[..6], b"abcdef");
}

pub fn a_call_may_wait_for_all_of_its_bytes() {
    let (one, other) = pair(SOCK_STREAM);
    let pid = child::start(|| {
        for byte in *b"piece by piece" {
            one.write_all(&[byte]).expect("write");
            call!(sched_yield()).expect("sched_yield");
        }
        0
    });
    let mut buffer = [0; 14];
    assert_eq!(receive(&other, &mut buffer, MSG_WAITALL), Ok(14));
    assert_eq!(&buffer, b"piece by piece");
    assert_eq!(child::wait(pid), Status::Exited(0));
}

pub fn large_transfers_pass_in_both_directions() {
    let (one, other) = pair(SOCK_STREAM);
    let byte = |at: usize| (at * 7 + at / 4096) as u8;
    const LENGTH: usize = 700_000;
    let pid = child::start(|| {
        let bytes: alloc::vec::Vec<u8> = (0..LENGTH).map(byte).collect();
        other.write_all(&bytes).expect("write");
        let mut last = [0; 1];
        assert_eq!(other.read(&mut last), Ok(1));
        i32::from(last[0])
    });
    let (mut done, mut buffer) = (0, vec![0; 33_333]);
    while done < LENGTH {
        let count = one.read(&mut buffer).expect("read");
        assert!(count > 0);
        assert!((0..count).all(|at| buffer[at] == byte(done + at)), "around {done}");
        done += count;
    }
    assert_eq!(done, LENGTH);
    one.write_all(&[9]).expect("write");
    assert_eq!(child::wait(pid), Status::Exited(9));
}

pub fn a_full_buffer_makes_senders_wait() {
    for kind in KINDS {
        let (one, other) = pair(kind);
        assert_eq!(events(&one) & (POLLIN | POLLOUT), POLLOUT);
        let mut sent = 0;
        let full = loop {
            match send(&one, &[5; 4096], MSG_DONTWAIT) {
                Ok(count) => sent += count,
                Err(error) => break error,
            }
        };
        assert_eq!(full, Errno::EAGAIN);
        assert!(sent >= 65_536, "{sent}");
        assert_eq!(events(&one) & POLLOUT, 0);
        assert_eq!(events(&other) & POLLIN, POLLIN);
        let pid = child::start(|| {
            assert_eq!(send(&one, &[6; 4096], 0), Ok(4096));
            0
        });
        let mut buffer = [0; 4096];
        let mut received = 0;
        while received < sent + 4096 {
            received += receive(&other, &mut buffer, 0).expect("recv");
        }
        assert_eq!(buffer, [6; 4096]);
        assert_eq!(child::wait(pid), Status::Exited(0));
        assert_eq!(events(&one) & POLLOUT, POLLOUT);
    }
}

pub fn the_end_comes_behind_the_last_byte() {
    for kind in [SOCK_STREAM, SOCK_SEQPACKET] {
        let (one, other) = pair(kind);
        one.write_all(b"last").expect("write");
        drop(one);
        assert_eq!(events(&other) & (POLLIN | POLLHUP | POLLERR), POLLIN | POLLHUP);
        let mut buffer = [0; 8];
        assert_eq!(other.read(&mut buffer), Ok(4));
        assert_eq!(other.read(&mut buffer), Ok(0));
        assert_eq!(receive(&other, &mut buffer, MSG_DONTWAIT), Ok(0));
        assert_eq!(send(&other, b"x", MSG_NOSIGNAL), Err(Errno::EPIPE));
    }
}

pub fn sending_into_a_closed_stream_is_a_signal() {
    let status = child::run(|| {
        let (one, other) = pair(SOCK_STREAM);
        drop(other);
        let _ = one.write(b"x");
        0
    });
    assert_eq!(status, Status::Signaled(SIGPIPE));
    // Messages never are.
    let (one, other) = pair(SOCK_SEQPACKET);
    drop(other);
    assert_eq!(one.write(b"x"), Err(Errno::EPIPE));
    let (one, other) = pair(SOCK_DGRAM);
    drop(other);
    assert_eq!(one.write(b"x"), Err(Errno::ECONNREFUSED));
    assert_eq!(one.write(b"x"), Err(Errno::ENOTCONN));
}

pub fn closing_with_unreceived_bytes_resets() {
    let (one, other) = pair(SOCK_STREAM);
    one.write_all(b"never read").expect("write");
    drop(other);
    assert_eq!(events(&one) & (POLLERR | POLLHUP), POLLERR | POLLHUP);
    assert_eq!(option(&one, SO_ERROR), Ok(104));
    assert_eq!(option(&one, SO_ERROR), Ok(0));
    assert_eq!(one.read(&mut [0; 4]), Ok(0));
    let (one, other) = pair(SOCK_STREAM);
    one.write_all(b"never read").expect("write");
    drop(other);
    assert_eq!(one.read(&mut [0; 4]), Err(Errno::ECONNRESET));
    assert_eq!(one.read(&mut [0; 4]), Ok(0));
}

pub fn shutting_down_one_direction() {
    let (one, other) = pair(SOCK_STREAM);
    one.write_all(b"before").expect("write");
    assert_eq!(call!(shutdown(one.fd().0, SHUT_WR)), Ok(0));
    assert_eq!(send(&one, b"x", MSG_NOSIGNAL), Err(Errno::EPIPE));
    assert_eq!(events(&other) & (POLLIN | POLLHUP | POLLRDHUP), POLLIN | POLLRDHUP);
    let mut buffer = [0; 8];
    assert_eq!(other.read(&mut buffer), Ok(6));
    assert_eq!(other.read(&mut buffer), Ok(0));
    assert_eq!(other.write(b"still"), Ok(5));
    assert_eq!(one.read(&mut buffer), Ok(5));
    assert_eq!(call!(shutdown(other.fd().0, SHUT_RDWR)), Ok(0));
    assert_eq!(events(&other) & POLLHUP, POLLHUP);
    assert_eq!(one.read(&mut buffer), Ok(0));
    assert_eq!(call!(shutdown(one.fd().0, 3)), Err(Errno::EINVAL));
    let (read, _write) = sys::file::pipe().expect("pipe2");
    assert_eq!(call!(shutdown(read.fd().0, SHUT_WR)), Err(Errno::ENOTSOCK));
    assert_eq!(call!(shutdown(-1, SHUT_WR)), Err(Errno::EBADF));
}

pub fn a_waiting_receiver_learns_of_the_end() {
    for kind in [SOCK_STREAM, SOCK_SEQPACKET] {
        let (one, other) = pair(kind);
        let pid = child::start(|| {
            assert_eq!(call!(close(one.fd().0)), Ok(0));
            other.read(&mut [0; 4]).map_or(9, |count| count as i32)
        });
        sys::time::sleep(core::time::Duration::from_millis(20));
        drop(one);
        assert_eq!(child::wait(pid), Status::Exited(0));
    }
}

pub fn what_a_receiver_leaves_wakes_the_next() {
    for (kind, flags) in [(SOCK_STREAM, MSG_PEEK), (SOCK_STREAM, 0)] {
        let (one, other) = pair(kind);
        let receivers = [(); 2].map(|()| {
            child::start(|| {
                let mut byte = [0];
                assert_eq!(receive(&other, &mut byte, flags), Ok(1));
                byte[0].into()
            })
        });
        sys::time::sleep(core::time::Duration::from_millis(20));
        assert_eq!(send(&one, b"ab", 0), Ok(2));
        let [first, second] = receivers.map(child::wait);
        let other = if flags == 0 { b'b' } else { b'a' };
        let bytes = [b'a', other].map(|byte| Status::Exited(byte.into()));
        assert!(
            [first, second] == bytes || [second, first] == bytes,
            "{kind} {first:?} {second:?}"
        );
    }
}

pub fn bad_buffers_move_nothing() {
    let hole = map(2);
    unmap(hole + PAGE, 1);
    for kind in KINDS {
        let (one, other) = pair(kind);
        let (address, length) = NO_ADDRESS;
        let edge = hole + PAGE - 2;
        let sent = call!(sendto(one.fd().0, UserPtr::new(edge), 4, 0, address, length));
        assert_eq!(sent, Err(Errno::EFAULT));
        assert_eq!(receive(&other, &mut [0; 8], MSG_DONTWAIT), Err(Errno::EAGAIN));
        assert_eq!(send(&one, b"abcd", 0), Ok(4));
        let to = UserMutPtr::new(edge);
        let null = UserMutPtr::NULL;
        assert_eq!(
            call!(recvfrom(other.fd().0, to, 4, 0, null, UserMutPtr::NULL)),
            Err(Errno::EFAULT)
        );
        let left = receive(&other, &mut [0; 8], MSG_DONTWAIT);
        // A message is gone with the attempt, bytes are not.
        assert_eq!(left, if kind == SOCK_STREAM { Ok(4) } else { Err(Errno::EAGAIN) });
    }
    unmap(hole, 1);
}

pub fn several_buffers_make_one_message() {
    for kind in KINDS {
        let (one, other) = pair(kind);
        let (first, second) = (*b"gath", *b"ered");
        let vector = [&first, &second].map(|part| Iovec { base: output_of(part), len: 4 });
        let message = Msghdr { iov: UserPtr::new(pointer(&vector)), iovlen: 2, ..empty() };
        assert_eq!(call!(sendmsg(one.fd().0, input(&message), 0)), Ok(8));
        let (mut start, mut end) = ([0u8; 3], [0u8; 3]);
        let vector = [
            Iovec { base: UserMutPtr::new(pointer_mut(&mut start)), len: 3 },
            Iovec { base: UserMutPtr::new(pointer_mut(&mut end)), len: 3 },
        ];
        let mut name = [7u8; 16];
        let mut message = Msghdr {
            name: UserMutPtr::new(pointer_mut(&mut name)),
            namelen: 16,
            iov: UserPtr::new(pointer(&vector)),
            iovlen: 2,
            controllen: 0,
            flags: 0x55,
            ..empty()
        };
        assert_eq!(call!(recvmsg(other.fd().0, output(&mut message), 0)), Ok(6));
        assert_eq!((&start, &end), (b"gat", b"her"));
        let expected = if kind == SOCK_STREAM { 0 } else { MSG_TRUNC };
        assert_eq!({ message.flags } & !MSG_EOR, expected);
        assert_eq!({ message.namelen }, 0);
    }
    let (one, _other) = pair(SOCK_STREAM);
    let message = Msghdr { iovlen: 1025, ..empty() };
    assert_eq!(call!(sendmsg(one.fd().0, input(&message), 0)), Err(Errno::EMSGSIZE));
    let message = Msghdr { name: UserMutPtr::new(8), namelen: -1, ..empty() };
    assert_eq!(call!(sendmsg(one.fd().0, input(&message), 0)), Err(Errno::EINVAL));
}

fn output_of(part: &[u8; 4]) -> UserMutPtr<u8> {
    UserMutPtr::new(pointer(part))
}

fn empty() -> Msghdr {
    <Msghdr as sys::abi::Plain>::ZERO
}

pub fn names_are_empty() {
    let (one, _other) = pair(SOCK_STREAM);
    for of_peer in [false, true] {
        let (mut address, mut length) = ([0xeeu8; 16], 16i32);
        let (place, len) = (output(&mut address).cast(), output(&mut length));
        let result = match of_peer {
            true => call!(getpeername(one.fd().0, place, len)),
            false => call!(getsockname(one.fd().0, place, len)),
        };
        assert_eq!((result, length, &address[..3]), (Ok(0), 2, &[1, 0, 0xee][..]));
    }
    let (mut address, mut length) = ([0xeeu8; 16], -1i32);
    let place = output(&mut address).cast();
    assert_eq!(call!(getsockname(one.fd().0, place, output(&mut length))), Err(Errno::EINVAL));
}

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
    assert!(sys::time::now() - start >= core::time::Duration::from_millis(30));
    assert_eq!(set(&Timeval { sec: 0, usec: 1_000_000 }, 8), Err(Errno::EDOM));
    assert_eq!(set(&Timeval { sec: 0, usec: 0 }, 4), Err(Errno::EINVAL));
    assert_eq!(set(&Timeval { sec: -1, usec: 0 }, 8), Ok(0));
    assert_eq!(one.read(&mut [0; 4]), Err(Errno::EAGAIN));
}

fn connect(socket: &File, path: &[u8]) -> Result<u32, Errno> {
    let mut address = [0u8; 110];
    address[0] = AF_UNIX as u8;
    address[2..2 + path.len()].copy_from_slice(path);
    call!(connect(socket.fd().0, UserPtr::new(pointer(&address)), 110))
}

fn unconnected(kind: i32) -> File {
    let fd = call!(socket(AF_UNIX, kind | SOCK_CLOEXEC, 0)).expect("socket");
    File::from_fd(Fd(fd.cast_signed()))
}

pub fn nobody_listens() {
    let (name, _file) = Scratch::file("no-socket", b"");
    for kind in KINDS {
        let socket = unconnected(kind);
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
        let socket = unconnected(kind);
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
    crate::harness::only_on_folio("design §1: no protocols yet");
    for family in [AF_INET, 10, 16] {
        assert_eq!(call!(socket(family, SOCK_STREAM, 0)), Err(Errno::EAFNOSUPPORT));
    }
}

pub fn one_call_makes_all() {
    let mut fds = [0i32; 2];
    let arguments = [1u32, 1, 0, pointer_mut(&mut fds)];
    assert_eq!(call!(socketcall(function::SOCKETPAIR, input(&arguments).cast())), Ok(0));
    let [one, other] = fds.map(|fd| File::from_fd(Fd(fd)));
    let message = *b"by socketcall";
    let fd = |file: &File| file.fd().0.cast_unsigned();
    let arguments = [fd(&one), pointer(&message), 13, 0];
    assert_eq!(call!(socketcall(function::SEND, input(&arguments).cast())), Ok(13));
    let mut buffer = [0u8; 13];
    let arguments = [fd(&other), pointer_mut(&mut buffer), 13, 0];
    assert_eq!(call!(socketcall(function::RECV, input(&arguments).cast())), Ok(13));
    assert_eq!(buffer, message);
    let arguments = [fd(&other), 1];
    assert_eq!(call!(socketcall(function::SHUTDOWN, input(&arguments).cast())), Ok(0));
    assert_eq!(one.read(&mut buffer), Ok(0));
    assert_eq!(call!(socketcall(0, UserPtr::new(8))), Err(Errno::EINVAL));
    assert_eq!(call!(socketcall(21, UserPtr::new(8))), Err(Errno::EINVAL));
    assert_eq!(call!(socketcall(function::SOCKET, UserPtr::new(8))), Err(Errno::EFAULT));
}
