//! Pipes.

use crate::child;
use sys::Errno;
use sys::abi::file::*;
use sys::abi::poll::*;
use sys::abi::signal::{SIGPIPE, SignalSet};
use sys::abi::{UserMutPtr, UserPtr};
use sys::file::{File, pipe};
use sys::signal::{self, Action};
use sys::syscall::{input, output};
use sys::wait::Status;

tests![
    bytes_come_out_in_order,
    the_end_is_seen_when_no_writer_is_left,
    a_child_holds_the_writing_end_open,
    writing_without_readers_ends_the_process,
    writing_without_readers_is_epipe_if_ignored,
    a_writer_that_waits_learns_that_readers_are_gone,
    an_empty_pipe_is_eagain_without_waiting,
    a_full_pipe_is_eagain_without_waiting,
    small_writes_are_whole,
    large_transfers_arrive_unchanged,
    a_byte_goes_there_and_back,
    ends_have_one_direction,
    a_pipe_has_no_offset,
    stat_says_fifo,
    pipe2_flags,
    failing_to_store_the_ends_leaves_none_open,
    poll_sees_room_data_and_ends,
    poll_waits_for_data,
    poll_gives_up_in_time,
    poll_knows_bad_descriptors,
    select_finds_the_readable_one,
    a_signal_interrupts_a_reader,
    vectors_are_gathered_and_scattered,
    vectors_are_checked,
];

fn set_flags(file: &File, flags: u32) {
    assert_eq!(call!(fcntl64(file.fd().0, F_SETFL, flags)), Ok(0));
}

pub fn bytes_come_out_in_order() {
    let (read, write) = pipe().expect("pipe2");
    write.write_all(b"one ").expect("write");
    write.write_all(b"two").expect("write");
    let mut buffer = [0; 16];
    assert_eq!(read.read(&mut buffer[..5]), Ok(5));
    assert_eq!(read.read(&mut buffer[5..]), Ok(2));
    assert_eq!(&buffer[..7], b"one two");
}

pub fn the_end_is_seen_when_no_writer_is_left() {
    let (read, write) = pipe().expect("pipe2");
    write.write_all(b"x").expect("write");
    let twin = call!(dup(write.fd().0)).expect("dup");
    drop(write);
    assert_eq!(read.read(&mut [0; 4]), Ok(1));
    drop(File::from_fd(sys::io::Fd(twin.cast_signed())));
    assert_eq!(read.read(&mut [0; 4]), Ok(0));
    assert_eq!(read.read(&mut [0; 4]), Ok(0));
}

pub fn a_child_holds_the_writing_end_open() {
    let (read, write) = pipe().expect("pipe2");
    let pid = child::start(|| {
        write.write_all(b"a").expect("write");
        0
    });
    drop(write);
    assert_eq!(read.read(&mut [0; 4]), Ok(1));
    assert_eq!(read.read(&mut [0; 4]), Ok(0));
    assert_eq!(child::wait(pid), Status::Exited(0));
}

pub fn writing_without_readers_ends_the_process() {
    let status = child::run(|| {
        let (read, write) = pipe().expect("pipe2");
        drop(read);
        let _ = write.write(b"x");
        0
    });
    assert_eq!(status, Status::Signaled(SIGPIPE));
}

pub fn writing_without_readers_is_epipe_if_ignored() {
    signal::ignore(SIGPIPE).expect("rt_sigaction");
    let (read, write) = pipe().expect("pipe2");
    drop(read);
    assert_eq!(write.write(b"x"), Err(Errno::EPIPE));
}

pub fn a_writer_that_waits_learns_that_readers_are_gone() {
    let status = child::run(|| {
        let (read, write) = pipe().expect("pipe2");
        signal::ignore(SIGPIPE).expect("rt_sigaction");
        let pid = child::start(|| {
            assert_eq!(call!(close(write.fd().0)), Ok(0));
            read.read(&mut [0]).expect("read");
            0
        });
        drop(read);
        // More than fits: waits for the child, which reads one byte and ends.
        let result = write.write_all(&alloc::vec![7; 200_000]);
        assert_eq!(result, Err(Errno::EPIPE));
        assert_eq!(child::wait(pid), Status::Exited(0));
        0
    });
    assert_eq!(status, Status::Exited(0));
}

pub fn an_empty_pipe_is_eagain_without_waiting() {
    let (read, _write) = pipe().expect("pipe2");
    set_flags(&read, O_NONBLOCK);
    assert_eq!(read.read(&mut [0; 4]), Err(Errno::EAGAIN));
    assert_eq!(read.read(&mut []), Ok(0));
}

pub fn a_full_pipe_is_eagain_without_waiting() {
    let (read, write) = pipe().expect("pipe2");
    set_flags(&write, O_NONBLOCK);
    let mut written = 0;
    let chunk = [3; 4096];
    loop {
        match write.write(&chunk) {
            Ok(count) => written += count,
            Err(error) => {
                assert_eq!(error, Errno::EAGAIN);
                break;
            }
        }
    }
    assert_eq!(written, 65536);
    // Room for a page again, but not for more than one at once and whole.
    let mut buffer = [0; 4096];
    assert_eq!(read.read(&mut buffer), Ok(4096));
    assert_eq!(write.write(&chunk), Ok(4096));
    assert_eq!(write.write(&chunk), Err(Errno::EAGAIN));
}

pub fn small_writes_are_whole() {
    // Four writers of records; no record is torn, even if the pipe is often full.
    let (read, write) = pipe().expect("pipe2");
    let children: [i32; 4] = core::array::from_fn(|index| {
        child::start(|| {
            let record = [b'A' + index as u8; 1000];
            for _ in 0..100 {
                assert_eq!(write.write(&record), Ok(1000));
            }
            0
        })
    });
    drop(write);
    let mut bytes = alloc::vec::Vec::new();
    read.read_to_end(&mut bytes).expect("read");
    assert_eq!(bytes.len(), 400_000);
    for record in bytes.chunks(1000) {
        assert!(record.iter().all(|byte| byte == &record[0]));
    }
    for pid in children {
        assert_eq!(child::wait(pid), Status::Exited(0));
    }
}

pub fn large_transfers_arrive_unchanged() {
    let (read, write) = pipe().expect("pipe2");
    let pid = child::start(|| {
        let bytes: alloc::vec::Vec<u8> = (0..300_000u32).map(|index| (index * 7) as u8).collect();
        write.write_all(&bytes).expect("write");
        0
    });
    drop(write);
    let mut bytes = alloc::vec::Vec::new();
    read.read_to_end(&mut bytes).expect("read");
    assert_eq!(child::wait(pid), Status::Exited(0));
    assert_eq!(bytes.len(), 300_000);
    assert!(bytes.iter().enumerate().all(|(index, &byte)| byte == (index as u32 * 7) as u8));
}

pub fn a_byte_goes_there_and_back() {
    let (there, send) = pipe().expect("pipe2");
    let (back, answer) = pipe().expect("pipe2");
    let pid = child::start(|| {
        let mut byte = [0];
        for _ in 0..200 {
            there.read(&mut byte).expect("read");
            byte[0] += 1;
            answer.write_all(&byte).expect("write");
        }
        0
    });
    let mut byte = [0];
    for round in 0..200u8 {
        send.write_all(&[round]).expect("write");
        back.read(&mut byte).expect("read");
        assert_eq!(byte[0], round + 1);
    }
    assert_eq!(child::wait(pid), Status::Exited(0));
}

pub fn ends_have_one_direction() {
    let (read, write) = pipe().expect("pipe2");
    assert_eq!(read.write(b"x"), Err(Errno::EBADF));
    assert_eq!(write.read(&mut [0]), Err(Errno::EBADF));
}

pub fn a_pipe_has_no_offset() {
    let (read, _write) = pipe().expect("pipe2");
    assert_eq!(read.seek(sys::file::SeekFrom::Start(0)), Err(Errno::ESPIPE));
    assert_eq!(read.read_at(&mut [0], 0), Err(Errno::ESPIPE));
    assert_eq!(read.set_len(0), Err(Errno::EINVAL));
}

pub fn stat_says_fifo() {
    let (read, _write) = pipe().expect("pipe2");
    assert_eq!(read.stat().expect("fstat64").mode & S_IFMT, S_IFIFO);
}

pub fn pipe2_flags() {
    let mut fds = [0; 2];
    assert_eq!(call!(pipe2(output(&mut fds), O_CLOEXEC | O_NONBLOCK)), Ok(0));
    for fd in fds {
        assert_eq!(call!(fcntl64(fd, F_GETFD, 0)), Ok(FD_CLOEXEC));
        assert_eq!(call!(fcntl64(fd, F_GETFL, 0)).map(|flags| flags & O_NONBLOCK), Ok(O_NONBLOCK));
        assert_eq!(call!(close(fd)), Ok(0));
    }
    assert_eq!(call!(pipe2(output(&mut fds), O_APPEND)), Err(Errno::EINVAL));
    assert_eq!(call!(pipe(UserMutPtr::new(64))), Err(Errno::EFAULT));
}

pub fn failing_to_store_the_ends_leaves_none_open() {
    let next = call!(dup(0)).expect("dup");
    assert_eq!(call!(close(next.cast_signed())), Ok(0));
    assert_eq!(call!(pipe2(UserMutPtr::new(64), 0)), Err(Errno::EFAULT));
    assert_eq!(call!(dup(0)), Ok(next));
}

fn poll(file: &File, events: u16, timeout: i32) -> (u32, u16) {
    let mut fd = Pollfd { fd: file.fd().0, events, revents: 0 };
    let count = call!(poll(output(&mut fd), 1, timeout)).expect("poll");
    (count, fd.revents)
}

pub fn poll_sees_room_data_and_ends() {
    let (read, write) = pipe().expect("pipe2");
    assert_eq!(poll(&read, POLLIN, 0), (0, 0));
    assert_eq!(poll(&write, POLLOUT, 0), (1, POLLOUT));
    write.write_all(b"x").expect("write");
    assert_eq!(poll(&read, POLLIN | POLLOUT, -1), (1, POLLIN));
    drop(write);
    assert_eq!(poll(&read, POLLIN, -1), (1, POLLIN | POLLHUP));
    read.read(&mut [0]).expect("read");
    assert_eq!(poll(&read, POLLIN, -1), (1, POLLHUP));
    let (read, write) = pipe().expect("pipe2");
    drop(read);
    assert_eq!(poll(&write, POLLOUT, -1), (1, POLLOUT | POLLERR));
}

pub fn poll_waits_for_data() {
    let (read, write) = pipe().expect("pipe2");
    let pid = child::start(|| {
        sys::time::sleep(core::time::Duration::from_millis(30));
        write.write_all(b"x").expect("write");
        0
    });
    assert_eq!(poll(&read, POLLIN, 20_000), (1, POLLIN));
    assert_eq!(child::wait(pid), Status::Exited(0));
}

pub fn poll_gives_up_in_time() {
    let (read, _write) = pipe().expect("pipe2");
    let start = sys::time::now();
    assert_eq!(poll(&read, POLLIN, 50), (0, 0));
    assert!(sys::time::now() - start >= core::time::Duration::from_millis(50));
}

pub fn poll_knows_bad_descriptors() {
    let mut fds = [
        Pollfd { fd: 888, events: POLLIN, revents: 0 },
        Pollfd { fd: -5, events: POLLIN, revents: 0xffff },
    ];
    let pointer = UserMutPtr::new(sys::syscall::pointer_mut(&mut fds));
    assert_eq!(call!(poll(pointer, 2, -1)), Ok(1));
    assert_eq!((fds[0].revents, fds[1].revents), (POLLNVAL, 0));
    assert_eq!(call!(poll(UserMutPtr::new(64), 1, 0)), Err(Errno::EFAULT));
}

pub fn select_finds_the_readable_one() {
    let (read, write) = pipe().expect("pipe2");
    let (idle, _keep) = pipe().expect("pipe2");
    write.write_all(b"x").expect("write");
    let bit = |file: &File| 1u32 << file.fd().0;
    let mut set = [bit(&read) | bit(&idle); 32];
    let pointer = UserMutPtr::new(sys::syscall::pointer_mut(&mut set));
    let mut timeout = sys::abi::time::Timeval { sec: 20, usec: 0 };
    let none = UserMutPtr::NULL;
    assert_eq!(call!(_newselect(32, pointer, none, none, output(&mut timeout))), Ok(1));
    assert_eq!(set[0], bit(&read));
}

pub fn a_signal_interrupts_a_reader() {
    extern "C" fn nothing(_: i32) {}
    use sys::abi::signal::{SIG_BLOCK, SIGUSR1};
    let (read, _write) = pipe().expect("pipe2");
    // SAFETY: the handler does nothing.
    unsafe { signal::set_action(SIGUSR1, Action::Handler(nothing), 0, SignalSet::EMPTY) }
        .expect("rt_sigaction");
    let parent = sys::process::id();
    let pid = child::start(|| {
        // Again and again: the first may come before the parent sleeps.
        while sys::process::kill(parent, SIGUSR1).is_ok() {
            sys::time::sleep(core::time::Duration::from_millis(10));
        }
        0
    });
    assert_eq!(read.read(&mut [0]), Err(Errno::EINTR));
    signal::change_mask(SIG_BLOCK, SignalSet::of(SIGUSR1)).expect("rt_sigprocmask");
    sys::process::kill(pid, sys::abi::signal::SIGKILL).expect("kill");
    child::wait(pid);
}

pub fn vectors_are_gathered_and_scattered() {
    let (read, write) = pipe().expect("pipe2");
    let parts: [&[u8]; 3] = [b"abc", b"", b"defg"];
    let vector = parts.map(|part| Iovec {
        base: UserMutPtr::new(sys::syscall::pointer(part)),
        len: part.len() as u32,
    });
    let vector = UserPtr::new(sys::syscall::pointer(&vector));
    assert_eq!(call!(writev(write.fd().0, vector, 3)), Ok(7));
    let mut first = [0u8; 2];
    let mut second = [0u8; 10];
    let vector = [
        Iovec { base: UserMutPtr::new(sys::syscall::pointer_mut(&mut first)), len: 2 },
        Iovec { base: UserMutPtr::new(sys::syscall::pointer_mut(&mut second)), len: 10 },
    ];
    let vector = UserPtr::new(sys::syscall::pointer(&vector));
    assert_eq!(call!(readv(read.fd().0, vector, 2)), Ok(7));
    assert_eq!((&first, &second[..5]), (b"ab", &b"cdefg"[..]));
}

pub fn vectors_are_checked() {
    let (_read, write) = pipe().expect("pipe2");
    let fd = write.fd().0;
    let empty = Iovec { base: UserMutPtr::NULL, len: 0 };
    assert_eq!(call!(writev(fd, input(&empty), 0)), Ok(0));
    assert_eq!(call!(writev(fd, input(&empty), 1025)), Err(Errno::EINVAL));
    assert_eq!(call!(writev(fd, input(&empty), u32::MAX)), Err(Errno::EINVAL));
    assert_eq!(call!(writev(fd, UserPtr::new(64), 1)), Err(Errno::EFAULT));
    let negative = Iovec { base: UserMutPtr::NULL, len: 0x8000_0000 };
    assert_eq!(call!(writev(fd, input(&negative), 1)), Err(Errno::EINVAL));
    assert_eq!(call!(writev(-1, input(&empty), 1)), Err(Errno::EBADF));
}
