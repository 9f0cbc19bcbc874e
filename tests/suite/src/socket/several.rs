//! Several messages with one call.

use super::calls::*;
use crate::child;
use crate::fault::{PAGE, map, unmap};
use alloc::vec;
use core::time::Duration;
use sys::abi::file::Iovec;
use sys::abi::socket::*;
use sys::abi::time::{Timespec, Timespec64};
use sys::abi::{Plain, UserMutPtr};
use sys::file::File;
use sys::syscall::{input, output, pointer, pointer_mut};
use sys::wait::Status;
use sys::{Errno, Result};

tests![
    messages_go_and_come_together,
    only_the_first_is_waited_for,
    a_timeout_ends_between_messages,
    an_error_behind_the_first_is_told_later,
    a_stream_that_takes_a_part_ends_it,
    lengths_must_have_a_place,
    socketcall_does_it_too,
];

const NO_TIMEOUT: UserMutPtr<Timespec> = UserMutPtr::NULL;

/// Messages of a buffer each.
struct Messages<const N: usize> {
    heads: [Mmsghdr; N],
    vectors: [Iovec; N],
    bytes: [[u8; 8]; N],
}

impl<const N: usize> Messages<N> {
    fn new(texts: [&[u8]; N]) -> Self {
        let mut messages = Self::empty();
        for (at, text) in texts.into_iter().enumerate() {
            messages.bytes[at][..text.len()].copy_from_slice(text);
            messages.vectors[at].len = text.len() as u32;
        }
        messages
    }

    fn empty() -> Self {
        Self { heads: [Mmsghdr::ZERO; N], vectors: [Iovec::ZERO; N], bytes: [[0; 8]; N] }
    }

    /// With room for all of a buffer.
    fn room() -> Self {
        let mut messages = Self::empty();
        messages.vectors.iter_mut().for_each(|vector| vector.len = 8);
        messages
    }

    fn place(&mut self) -> UserMutPtr<Mmsghdr> {
        for ((head, vector), bytes) in
            self.heads.iter_mut().zip(&mut self.vectors).zip(&mut self.bytes)
        {
            vector.base = UserMutPtr::new(pointer_mut(bytes));
            let head = &mut head.head;
            *head = Msghdr { iov: input(vector), iovlen: 1, ..*head };
        }
        UserMutPtr::new(pointer(&self.heads))
    }

    fn send(&mut self, to: &File, flags: u32) -> Result<u32> {
        call!(sendmmsg(to.fd().0, self.place(), N as u32, flags))
    }

    fn receive(&mut self, from: &File, flags: u32) -> Result<u32> {
        call!(recvmmsg(from.fd().0, self.place(), N as u32, flags, NO_TIMEOUT))
    }

    fn texts(&self) -> [&[u8]; N] {
        core::array::from_fn(|at| &self.bytes[at][..self.heads[at].len as usize])
    }
}

pub fn messages_go_and_come_together() {
    for kind in [SOCK_DGRAM, SOCK_SEQPACKET] {
        let (one, other) = pair(kind);
        let texts = [&b"first"[..], b"", b"third"];
        let mut sent = Messages::new(texts);
        assert_eq!(sent.send(&one, 0), Ok(3));
        assert_eq!(sent.texts(), texts);
        assert_eq!(send(&one, b"and this", 0), Ok(8));
        let mut received = Messages::<5>::room();
        assert_eq!(received.receive(&other, MSG_DONTWAIT), Ok(4));
        assert_eq!(received.texts(), [&b"first"[..], b"", b"third", b"and this", b""]);
        assert_eq!(option(&other, SO_ERROR), Ok(0));
        assert_eq!(received.receive(&other, MSG_DONTWAIT), Err(Errno::EAGAIN));
        assert_eq!(
            (Messages::<0>::empty().send(&one, 0), Messages::<0>::empty().receive(&one, 0)),
            (Ok(0), Ok(0))
        );
    }
    assert_eq!(call!(sendmmsg(999, UserMutPtr::NULL, 0, 0)), Err(Errno::EBADF));
    assert_eq!(call!(recvmmsg(999, UserMutPtr::NULL, 0, 0, NO_TIMEOUT)), Err(Errno::EBADF));
}

pub fn only_the_first_is_waited_for() {
    for kind in KINDS {
        let (one, other) = pair(kind);
        let pid = child::start(|| {
            sys::time::sleep(Duration::from_millis(20));
            assert_eq!(send(&one, b"late", 0), Ok(4));
            0
        });
        let mut received = Messages::<2>::room();
        assert_eq!(received.receive(&other, MSG_WAITFORONE), Ok(1));
        assert_eq!(received.texts(), [&b"late"[..], b""]);
        assert_eq!(child::wait(pid), Status::Exited(0));
    }
}

pub fn a_timeout_ends_between_messages() {
    let (one, other) = pair(SOCK_DGRAM);
    let fd = other.fd().0;
    let mut received = Messages::<2>::room();
    let mut with = |sec, nsec| {
        assert_eq!((send(&one, b"x", 0), send(&one, b"y", 0)), (Ok(1), Ok(1)));
        let mut time = Timespec { sec, nsec };
        let (place, timeout) = (received.place(), output(&mut time));
        let count = call!(recvmmsg(fd, place, 2, MSG_DONTWAIT, timeout));
        while receive(&other, &mut [0; 4], MSG_DONTWAIT).is_ok() {}
        (count, time)
    };
    assert_eq!(with(0, 0), (Ok(1), Timespec { sec: 0, nsec: 0 }));
    let (count, left) = with(100, 0);
    assert!(count == Ok(2) && (90..100).contains(&{ left.sec }), "{count:?}, {left:?}");
    let bad = Timespec { sec: 0, nsec: 1_000_000_000 };
    assert_eq!(with(0, 1_000_000_000), (Err(Errno::EINVAL), bad));
    assert_eq!(with(-1, 0).0, Err(Errno::EINVAL));
    // Nothing has come: the time stays as it was.
    let mut time = Timespec64 { sec: 5, nsec: 6 };
    let nothing = call!(recvmmsg_time64(fd, received.place(), 2, MSG_DONTWAIT, output(&mut time)));
    assert_eq!((nothing, time), (Err(Errno::EAGAIN), Timespec64 { sec: 5, nsec: 6 }));
    assert_eq!(send(&one, b"x", 0), Ok(1));
    let one = call!(recvmmsg_time64(fd, received.place(), 2, MSG_DONTWAIT, output(&mut time)));
    assert!(one == Ok(1) && (1..=5).contains(&{ time.sec }), "{one:?}, {time:?}");
}

pub fn an_error_behind_the_first_is_told_later() {
    for kind in KINDS {
        let (one, other) = pair(kind);
        let mut sent = Messages::new([b"a", b"b"]);
        sent.place();
        sent.heads[1].head.iovlen = 1025;
        let heads = UserMutPtr::new(pointer(&sent.heads));
        assert_eq!(call!(sendmmsg(one.fd().0, heads, 2, 0)), Ok(1));
        assert_eq!(option(&one, SO_ERROR), Ok(0));
        let mut received = Messages::<2>::room();
        received.place();
        received.heads[1].head.iovlen = 1025;
        let heads = UserMutPtr::new(pointer(&received.heads));
        let twice = || call!(recvmmsg(other.fd().0, heads, 2, 0, NO_TIMEOUT));
        assert_eq!((twice(), twice()), (Ok(1), Err(Errno::EMSGSIZE)));
        assert_eq!(option(&other, SO_ERROR), Ok(0));
    }
}

pub fn a_stream_that_takes_a_part_ends_it() {
    let (one, _other) = pair(SOCK_STREAM);
    let bytes = vec![1u8; 1 << 20];
    let iov = Iovec { base: UserMutPtr::new(pointer(bytes.as_slice())), len: 1 << 20 };
    let head = Msghdr { iov: input(&iov), iovlen: 1, ..Msghdr::ZERO };
    let mut messages = [Mmsghdr { head, len: 0 }; 2];
    let place = output(&mut messages).cast();
    assert_eq!(call!(sendmmsg(one.fd().0, place, 2, MSG_DONTWAIT)), Ok(1));
    let len = messages[0].len;
    assert!(len > 0 && len < 1 << 20, "{len}");
    let place = output(&mut messages).cast();
    assert_eq!(call!(sendmmsg(one.fd().0, place, 2, MSG_DONTWAIT)), Err(Errno::EAGAIN));
}

pub fn lengths_must_have_a_place() {
    let (one, other) = pair(SOCK_DGRAM);
    let start = map(2);
    unmap(start + PAGE, 1);
    // The head is there, what follows it is not.
    let place = UserMutPtr::new(start + PAGE - 28);
    assert_eq!(call!(sendmmsg(one.fd().0, place, 1, 0)), Err(Errno::EFAULT));
    assert_eq!(receive(&other, &mut [0; 4], MSG_DONTWAIT), Ok(0));
    assert_eq!(send(&one, b"x", 0), Ok(1));
    assert_eq!(call!(recvmmsg(other.fd().0, place, 1, 0, NO_TIMEOUT)), Err(Errno::EFAULT));
    assert_eq!(receive(&other, &mut [0; 4], MSG_DONTWAIT), Err(Errno::EAGAIN));
    assert_eq!(send(&one, b"x", 0), Ok(1));
    let timeout = UserMutPtr::new(8);
    assert_eq!(call!(recvmmsg(other.fd().0, place, 1, 0, timeout)), Err(Errno::EFAULT));
    assert_eq!(receive(&other, &mut [0; 4], MSG_DONTWAIT), Ok(1));
}

pub fn socketcall_does_it_too() {
    let (one, other) = pair(SOCK_DGRAM);
    let mut sent = Messages::new([b"by", b"it"]);
    let fd = |file: &File| file.fd().0.cast_unsigned();
    let words = [fd(&one), sent.place().address(), 2, 0];
    assert_eq!(call!(socketcall(function::SENDMMSG, input(&words).cast())), Ok(2));
    let mut received = Messages::<2>::room();
    let words = [fd(&other), received.place().address(), 2, 0, 0];
    assert_eq!(call!(socketcall(function::RECVMMSG, input(&words).cast())), Ok(2));
    assert_eq!(received.texts(), [b"by", b"it"]);
}
