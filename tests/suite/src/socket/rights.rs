//! Descriptors that go along with messages.

use super::calls::*;
use super::control::*;
use crate::child;
use crate::fault::{PAGE, map, unmap};
use crate::harness::{on_folio, only_as_root, only_on_folio};
use crate::threads::{Thread, spawn};
use alloc::vec;
use alloc::vec::Vec;
use core::time::Duration;
use sys::abi::file::{F_GETFD, F_SETFL, FD_CLOEXEC, O_NONBLOCK};
use sys::abi::process::{PRIO_PROCESS, RLIMIT_NOFILE, Rlimit, WNOHANG};
use sys::abi::socket::*;
use sys::abi::{Plain, UserMutPtr, UserPtr};
use sys::file::{File, pipe};
use sys::io::Fd;
use sys::syscall::{input, output, pointer};
use sys::time::sleep;
use sys::wait::Status;
use sys::{Errno, Result, process};

tests![
    descriptors_go_along,
    a_stream_stops_behind_them,
    there_may_be_no_room_for_them,
    who_peeks_gets_them_too,
    bad_ones_are_refused,
    nobody_receives_them,
    sockets_that_only_carry_each_other_go,
    a_long_chain_goes_link_by_link,
    who_closes_much_delays_nobody,
    a_ring_goes_with_its_last_opening,
    what_departs_when_it_is_closed_goes,
    what_a_call_had_longest_goes,
    what_waits_at_an_open_socket_stays,
    dissolving_a_pair_loses_what_waits,
    every_user_has_a_limit,
    what_nobody_can_come_to_does_not_count,
];

/// A control message with descriptors.
fn descriptors(fds: &[i32]) -> Vec<u8> {
    let bytes: Vec<u8> = fds.iter().copied().flat_map(i32::to_le_bytes).collect();
    control(SCM_RIGHTS, &bytes)
}

fn send_files(to: &File, bytes: &[u8], files: &[&File]) -> Result<u32> {
    let fds: Vec<i32> = files.iter().map(|file| file.fd().0).collect();
    send_control(to, bytes, &descriptors(&fds))
}

/// The bytes, the files, and what `recvmsg` says, with room for so many bytes of control messages.
fn receive_files(from: &File, flags: u32, room: u32) -> Result<(u32, Vec<File>, u32)> {
    let (count, control, flags) = receive_control(from, flags, room)?;
    let mut files = Vec::new();
    if !control.is_empty() {
        let (head, rest) = Cmsghdr::take(&control).expect("a head");
        assert_eq!(({ head.level }, { head.kind }), (SOL_SOCKET, SCM_RIGHTS));
        for fd in rest[..head.len as usize - HEAD].chunks(4) {
            let fd = i32::from_le_bytes([fd[0], fd[1], fd[2], fd[3]]);
            files.push(File::from_fd(Fd(fd)));
        }
    }
    Ok((count, files, flags))
}

pub fn descriptors_go_along() {
    for kind in KINDS {
        let (one, other) = pair(kind);
        let (read, write) = pipe().expect("pipe2");
        assert_eq!(send_files(&one, b"two", &[&read, &write]), Ok(3));
        drop((read, write));
        let (count, files, flags) = receive_files(&other, MSG_CMSG_CLOEXEC, 64).expect("recvmsg");
        assert_eq!((count, files.len(), flags), (3, 2, MSG_CMSG_CLOEXEC));
        files[1].write_all(b"through").expect("write");
        assert_eq!(files[0].read(&mut [0; 16]), Ok(7));
        for file in &files {
            assert_eq!(call!(fcntl64(file.fd().0, F_GETFD, 0)), Ok(FD_CLOEXEC));
        }
        // To a child, which has only the socket.
        let (read, write) = pipe().expect("pipe2");
        assert_eq!(send_files(&one, b"x", &[&write]), Ok(1));
        let ended = child::run(|| {
            let (_, files, flags) = receive_files(&other, 0, 64).expect("recvmsg");
            assert_eq!((files.len(), flags), (1, 0));
            files[0].write_all(b"child").expect("write");
            0
        });
        assert_eq!((ended, read.read(&mut [0; 16])), (Status::Exited(0), Ok(5)));
    }
}

pub fn a_stream_stops_behind_them() {
    let (one, other) = pair(SOCK_STREAM);
    let (read, write) = pipe().expect("pipe2");
    assert_eq!(send(&one, b"ab", 0), Ok(2));
    assert_eq!(send_files(&one, b"cd", &[&read]), Ok(2));
    assert_eq!(send_files(&one, b"ef", &[&write]), Ok(2));
    assert_eq!(send(&one, b"gh", 0), Ok(2));
    let next = || receive_files(&other, 0, 64).map(|(count, files, _)| (count, files.len()));
    assert_eq!((next(), next(), next()), (Ok((4, 1)), Ok((2, 1)), Ok((2, 0))));
    // They come with the first of their bytes, and not with none.
    assert_eq!(send_files(&one, b"", &[&read]), Ok(0));
    assert_eq!(next(), Err(Errno::EAGAIN));
    assert_eq!(send_files(&one, b"0123456789abcdefghij", &[&read]), Ok(20));
    assert_eq!((next(), next()), (Ok((16, 1)), Ok((4, 0))));
}

pub fn there_may_be_no_room_for_them() {
    let (one, other) = pair(SOCK_DGRAM);
    let (read, write) = pipe().expect("pipe2");
    let sent = || assert_eq!(send_files(&one, b"x", &[&read, &write, &read]), Ok(1));
    let next = |room| {
        let (_, files, flags) = receive_files(&other, 0, room).expect("recvmsg");
        (files.len(), flags)
    };
    for (room, expected) in
        [(64, (3, 0)), (20, (2, MSG_CTRUNC)), (12, (0, MSG_CTRUNC)), (0, (0, MSG_CTRUNC))]
    {
        sent();
        assert_eq!(next(room), expected, "{room}");
    }
    // Whoever reads does not want them.
    sent();
    assert_eq!(receive(&other, &mut [0; 4], 0), Ok(1));
    assert_eq!(receive_files(&other, 0, 64).err(), Some(Errno::EAGAIN));
    // No place to write them to.
    sent();
    let start = map(1);
    unmap(start, 1);
    let mut message =
        Msghdr { control: UserMutPtr::new(start), controllen: PAGE, ..Msghdr::default() };
    assert_eq!(call!(recvmsg(other.fd().0, output(&mut message), 0)), Ok(0));
    assert_eq!(message.flags & MSG_CTRUNC, MSG_CTRUNC);
}

pub fn who_peeks_gets_them_too() {
    for kind in KINDS {
        let (one, other) = pair(kind);
        let (read, _write) = pipe().expect("pipe2");
        assert_eq!(send_files(&one, b"x", &[&read]), Ok(1));
        for flags in [MSG_PEEK, MSG_PEEK, 0] {
            let (count, files, _) = receive_files(&other, flags, 64).expect("recvmsg");
            assert_eq!((count, files.len()), (1, 1));
        }
        assert_eq!(receive_files(&other, 0, 64).err(), Some(Errno::EAGAIN));
    }
}

pub fn bad_ones_are_refused() {
    let (one, _other) = pair(SOCK_DGRAM);
    let (read, _write) = pipe().expect("pipe2");
    let fd = read.fd().0;
    assert_eq!(send_control(&one, b"x", &descriptors(&[fd, 999])), Err(Errno::EBADF));
    assert_eq!(send_control(&one, b"x", &descriptors(&[-1])), Err(Errno::EBADF));
    assert_eq!(send_control(&one, b"x", &descriptors(&[fd; SCM_MAX_FD + 1])), Err(Errno::EINVAL));
    assert_eq!(send_control(&one, b"x", &descriptors(&[fd; SCM_MAX_FD])), Ok(1));
    assert_eq!(send_control(&one, b"x", &descriptors(&[])), Ok(1));
    let mut short = descriptors(&[fd]);
    short[0] = 11;
    assert_eq!(send_control(&one, b"x", &short), Err(Errno::EINVAL));
    let mut unknown = descriptors(&[fd]);
    unknown[8] = 99;
    assert_eq!(send_control(&one, b"x", &unknown), Err(Errno::EINVAL));
    // Linux's word for programs of 32 bits on 64 is another.
    let too_long = if on_folio() { Errno::ENOBUFS } else { Errno::ENOMEM };
    for (len, expected) in [(10_236, Ok(1)), (1 << 20, Err(too_long))] {
        let mut long = vec![0; len];
        let head = Cmsghdr { len: len as u32, level: 99, kind: 0 };
        head.put(&mut long).expect("a head");
        assert_eq!(send_control(&one, b"x", &long), expected);
    }
    let message = Msghdr { control: UserMutPtr::new(8), controllen: 16, ..Msghdr::default() };
    assert_eq!(call!(sendmsg(one.fd().0, input(&message), 0)), Err(Errno::EFAULT));
}

pub fn nobody_receives_them() {
    for kind in KINDS {
        let (one, other) = pair(kind);
        let (read, write) = pipe().expect("pipe2");
        assert_eq!(send_files(&one, b"x", &[&write]), Ok(1));
        drop(write);
        drop((one, other));
        // With the message went the last writer.
        assert_eq!(read.read(&mut [0; 1]), Ok(0));
    }
}

pub fn sockets_that_only_carry_each_other_go() {
    for kind in KINDS {
        let (read, write) = pipe().expect("pipe2");
        let (one, other) = pair(kind);
        assert_eq!(send_files(&one, b"x", &[&other, &write]), Ok(1));
        drop(write);
        // Each of these two waits at the other.
        let (third, fourth) = pair(kind);
        assert_eq!(send_files(&third, b"x", &[&one]), Ok(1));
        assert_eq!(send_files(&one, b"x", &[&fourth]), Ok(1));
        drop((third, fourth));
        // It can still be come to by the one that is open.
        let (count, files, _) = receive_files(&other, MSG_PEEK, 64).expect("recvmsg");
        assert_eq!((count, files.len()), (1, 2));
        drop(files);
        drop(one);
        drop(other);
        let _somebody = pair(kind);
        drop(_somebody);
        assert_eq!(read.read(&mut [0; 1]), Ok(0));
    }
}

pub fn a_long_chain_goes_link_by_link() {
    let (read, write) = quiet_pipe();
    let mut last = write;
    for _ in 0..300 {
        let (one, other) = pair(SOCK_STREAM);
        assert_eq!(send_files(&one, b"x", &[&last]), Ok(1));
        last = other;
    }
    for _ in 0..100 {
        let (count, mut files, _) = receive_files(&last, 0, 64).expect("recvmsg");
        assert_eq!((count, files.len()), (1, 1));
        last = files.remove(0);
    }
    assert_eq!(read.read(&mut [0; 1]), Err(Errno::EAGAIN));
    drop(last);
    assert_eq!(read.read(&mut [0; 1]), Ok(0));
}

/// A socket at which so many sockets wait at which as much waits as there is room for.
fn pile(height: u32) -> File {
    let (near, far) = pair(SOCK_STREAM);
    let carried = descriptors(&[near.fd().0; SCM_MAX_FD]);
    for _ in 0..height {
        let (one, other) = pair(SOCK_STREAM);
        while send_control(&one, b"x", &carried).is_ok() {}
        assert_eq!(send_files(&near, b"x", &[&other]), Ok(1));
    }
    far
}

pub fn who_closes_much_delays_nobody() {
    // Others may not have so much on its way.
    only_as_root();
    // As high as it must be for the other one to be in the midst of it.
    for height in (0..6).map(|power| 1 << power) {
        let (told, tell) = pipe().expect("pipe2");
        let digger = child::start(|| {
            call!(setpriority(PRIO_PROCESS, 0, 19)).expect("setpriority");
            let pile = pile(height);
            tell.write_all(b"x").expect("write");
            drop(pile);
            0
        });
        told.read(&mut [0]).expect("read");
        sleep(Duration::from_millis(5));
        let (read, write) = quiet_pipe();
        let (one, other) = pair(SOCK_STREAM);
        assert_eq!(send_files(&one, b"x", &[&write]), Ok(1));
        drop((write, other));
        assert_eq!(read.read(&mut [0; 1]), Ok(0));
        let ended = process::wait(digger, WNOHANG).expect("wait4");
        if ended.is_none() {
            assert_eq!(child::wait(digger), Status::Exited(0));
            return;
        }
    }
    assert!(!on_folio(), "nobody was at it for long");
}

pub fn a_ring_goes_with_its_last_opening() {
    let (read, write) = quiet_pipe();
    let ring: Vec<_> = (0..100).map(|_| pair(SOCK_STREAM)).collect();
    for (at, (near, _)) in ring.iter().enumerate() {
        let (_, next) = &ring[(at + 1) % ring.len()];
        assert_eq!(send_files(near, b"x", &[next, &write]), Ok(1));
    }
    drop(write);
    // The other ends of all, the first among them, lead to who is next in the ring.
    let mut ring = ring.into_iter();
    let (_, first) = ring.next().expect("a pair");
    let (from, to) = ring.as_slice().iter().fold((i32::MAX, 0), |(from, to), (near, far)| {
        let (near, far) = (near.fd().0, far.fd().0);
        (from.min(near).min(far), to.max(near).max(far))
    });
    assert_eq!(call!(close_range(from.cast_unsigned(), to.cast_unsigned(), 0)), Ok(0));
    ring.for_each(core::mem::forget);
    assert_eq!(read.read(&mut [0; 1]), Err(Errno::EAGAIN));
    drop(first);
    // Linux looks when any socket goes, and takes its time.
    drop(pair(SOCK_STREAM));
    call!(fcntl64(read.fd().0, F_SETFL, 0)).expect("fcntl64");
    assert_eq!(read.read(&mut [0; 1]), Ok(0));
}

/// A pipe of which nobody waits to read.
fn quiet_pipe() -> (File, File) {
    let (read, write) = pipe().expect("pipe2");
    call!(fcntl64(read.fd().0, F_SETFL, O_NONBLOCK)).expect("fcntl64");
    (read, write)
}

/// A message that a thread sends, which has to wait for room.
struct Late {
    to: Fd,
    control: Vec<u8>,
}

extern "C" fn send_late(argument: u32) -> i32 {
    // SAFETY: who starts the thread keeps the message until it has ended.
    let late = unsafe { &*(argument as *const Late) };
    // Who makes room goes on first.
    call!(setpriority(PRIO_PROCESS, 0, 19)).expect("setpriority");
    // Perhaps nobody is there any more.
    let _ = send_message(late.to, b"x", &late.control, 0);
    0
}

impl Late {
    /// Starts to send it over a connection where there is no room.
    fn start(&self, to: &File) -> Thread {
        while send(to, b"x", MSG_DONTWAIT).is_ok() {}
        let thread = spawn(send_late, pointer(self));
        sleep(Duration::from_millis(20));
        thread
    }
}

/// That the last writer has gone, with the message that carried it.
fn assert_lost(read: &File) {
    if !on_folio() {
        // Linux looks when any socket goes, and takes its time.
        drop(pair(SOCK_STREAM));
        call!(fcntl64(read.fd().0, F_SETFL, 0)).expect("fcntl64");
    }
    assert_eq!(read.read(&mut [0; 1]), Ok(0));
}

pub fn what_departs_when_it_is_closed_goes() {
    for kind in KINDS {
        let (read, write) = quiet_pipe();
        let (near, far) = pair(kind);
        let control = descriptors(&[far.fd().0, write.fd().0]);
        let late = Late { to: near.fd(), control };
        let thread = late.start(&near);
        drop(write);
        while receive(&far, &mut [0; 4096], MSG_DONTWAIT).is_ok() {}
        drop((far, near));
        thread.join();
        assert_lost(&read);
    }
}

pub fn what_a_call_had_longest_goes() {
    for kind in KINDS {
        let (read, write) = quiet_pipe();
        let (near, far) = pair(kind);
        assert_eq!(send_files(&far, b"x", &[&near, &write]), Ok(1));
        drop(write);
        let late = Late { to: near.fd(), control: Vec::new() };
        let thread = late.start(&near);
        drop(near);
        assert_eq!(read.read(&mut [0; 1]), Err(Errno::EAGAIN));
        // Then the call fails.
        drop(far);
        thread.join();
        assert_lost(&read);
    }
}

pub fn what_waits_at_an_open_socket_stays() {
    for kind in KINDS {
        let (read, write) = quiet_pipe();
        let ((near, far), (one, other)) = (pair(kind), pair(kind));
        assert_eq!(send_files(&other, b"x", &[&write]), Ok(1));
        drop(write);
        assert_eq!(send_files(&near, b"x", &[&one]), Ok(1));
        drop(one);
        drop(pair(kind));
        assert_eq!(read.read(&mut [0; 1]), Err(Errno::EAGAIN));
        let (_, files, _) = receive_files(&far, 0, 64).expect("recvmsg");
        let (count, inner, _) = receive_files(&files[0], 0, 64).expect("recvmsg");
        assert_eq!((count, inner.len()), (1, 1));
        assert_eq!(inner[0].write(b"there"), Ok(5));
        drop((files, inner));
        assert_eq!(read.read(&mut [0; 8]), Ok(5));
        assert_eq!(read.read(&mut [0; 8]), Ok(0));
    }
}

/// Sends a socket that carries itself, and `write`, to another one; then only that one leads to it.
fn send_circle(to: &File, write: File) {
    let (one, other) = pair(SOCK_DGRAM);
    assert_eq!(send_files(&other, b"x", &[&one, &write]), Ok(1));
    assert_eq!(send_files(to, b"x", &[&one]), Ok(1));
}

pub fn dissolving_a_pair_loses_what_waits() {
    only_on_folio("Linux collects when a socket closes");
    let (near, far) = pair(SOCK_DGRAM);
    let (read, write) = quiet_pipe();
    send_circle(&near, write);
    assert_eq!(read.read(&mut [0; 1]), Err(Errno::EAGAIN));
    let unspecified = [0u8; 2];
    assert_eq!(call!(connect(far.fd().0, UserPtr::new(pointer(&unspecified)), 2)), Ok(0));
    assert_eq!(read.read(&mut [0; 1]), Ok(0));
}

/// The error of what a user does who may have 40 descriptors, 0 for none.
fn as_user(user: u32, body: &dyn Fn() -> Result<u32>) -> i32 {
    let ended = child::run(|| {
        let limit = Rlimit { cur: 40, max: 40 };
        call!(setrlimit(RLIMIT_NOFILE, input(&limit))).expect("setrlimit");
        call!(setuid32(user)).expect("setuid32");
        body().map_or_else(|error| error.number().into(), |_| 0)
    });
    let Status::Exited(number) = ended else { panic!("{ended:?}") };
    number
}

pub fn every_user_has_a_limit() {
    only_as_root();
    let (near, far) = pair(SOCK_DGRAM);
    let (read, _write) = pipe().expect("pipe2");
    let refused = i32::from(Errno::ETOOMANYREFS.number());
    let one = || send_files(&near, b"x", &[&read]);
    assert_eq!(as_user(1000, &|| send_files(&near, b"x", &[&read; 41])), 0);
    assert_eq!(as_user(1000, &one), refused);
    assert_eq!(as_user(2000, &one), 0);
    assert_eq!(receive_files(&far, 0, 0).map(|_| ()), Ok(()));
    assert_eq!(as_user(1000, &one), 0);
    while receive(&far, &mut [0; 4], MSG_DONTWAIT).is_ok() {}
}

pub fn what_nobody_can_come_to_does_not_count() {
    only_on_folio("a count that is the user's; Linux collects only when a socket closes");
    let (near, far) = pair(SOCK_DGRAM);
    let (read, _write) = pipe().expect("pipe2");
    let one = || send_files(&near, b"x", &[&read]);
    let circle = || {
        let (own, other) = pair(SOCK_DGRAM);
        let mut files = [&read; 40];
        files[0] = &own;
        send_files(&other, b"x", &files)?;
        send_files(&near, b"x", &[&own])?;
        drop((own, other));
        receive(&far, &mut [0; 4], MSG_DONTWAIT)?;
        one()?;
        one()
    };
    assert_eq!(as_user(1000, &circle), 0);
}
