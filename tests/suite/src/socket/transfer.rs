//! Bytes and messages that go from one of a pair to the other.

use super::calls::*;
use crate::child;
use crate::fault::{PAGE, map, unmap};
use alloc::vec;
use alloc::vec::Vec;
use core::time::Duration;
use sys::Errno;
use sys::abi::file::Iovec;
use sys::abi::poll::*;
use sys::abi::socket::*;
use sys::abi::{Plain, UserMutPtr, UserPtr};
use sys::file::File;
use sys::io::Fd;
use sys::syscall::{input, output, pointer, pointer_mut};
use sys::time::sleep;
use sys::wait::Status;

tests![
    a_stream_carries_bytes_both_ways,
    messages_keep_their_bounds,
    peeking_leaves_bytes,
    a_call_may_wait_for_all_of_its_bytes,
    large_transfers_pass_in_both_directions,
    a_full_buffer_makes_senders_wait,
    what_a_receiver_leaves_wakes_the_next,
    bad_buffers_move_nothing,
    several_buffers_make_one_message,
    one_call_makes_all,
];

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
        let bytes: Vec<u8> = (0..LENGTH).map(byte).collect();
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
        sleep(Duration::from_millis(20));
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

fn output_of(part: &[u8; 4]) -> UserMutPtr<u8> {
    UserMutPtr::new(pointer(part))
}

fn empty() -> Msghdr {
    Msghdr::ZERO
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
