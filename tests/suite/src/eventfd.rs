//! Numbers that are added to and taken: `eventfd`.

use crate::child;
use sys::abi::file::{
    EFD_SEMAPHORE, O_CLOEXEC, O_NONBLOCK, O_RDONLY, SEEK_CUR, SEEK_DATA, SEEK_END, SEEK_HOLE,
    SEEK_SET,
};
use sys::abi::poll::*;
use sys::abi::signal::SignalSet;
use sys::abi::time::CLOCK_MONOTONIC;
use sys::abi::{UserMutPtr, UserPtr};
use sys::file::File;
use sys::io::Fd;
use sys::syscall::{input, output};
use sys::wait::Status;
use sys::{Errno, Result};

tests![
    readers_take_all_or_one,
    poll_sees_what_can_be_done,
    arguments_are_checked,
    seeking_succeeds_and_leads_nowhere,
    sleepers_wake_each_other,
];

fn create(count: u32, flags: u32) -> File {
    File::from_fd(Fd(call!(eventfd2(count, flags)).expect("eventfd2").cast_signed()))
}

fn take(file: &File) -> Result<u64> {
    let mut bytes = [0; 8];
    assert_eq!(file.read(&mut bytes)?, 8);
    Ok(u64::from_le_bytes(bytes))
}

fn add(file: &File, count: u64) -> Result<usize> {
    file.write(&count.to_le_bytes())
}

pub fn events(file: &File) -> u16 {
    let mut fd = Pollfd { fd: file.fd().0, events: POLLIN | POLLOUT, revents: 0 };
    call!(poll(output(&mut fd), 1, 0)).expect("poll");
    fd.revents
}

pub fn readers_take_all_or_one() {
    let all = create(3, O_NONBLOCK);
    assert_eq!((add(&all, 4), take(&all), take(&all)), (Ok(8), Ok(7), Err(Errno::EAGAIN)));
    let one = create(2, EFD_SEMAPHORE | O_NONBLOCK);
    assert_eq!((take(&one), take(&one), take(&one)), (Ok(1), Ok(1), Err(Errno::EAGAIN)));
    let old = call!(eventfd(5)).expect("eventfd").cast_signed();
    assert_eq!(take(&File::from_fd(Fd(old))), Ok(5));
}

pub fn poll_sees_what_can_be_done() {
    let file = create(0, O_NONBLOCK);
    assert_eq!(events(&file), POLLOUT);
    assert_eq!(add(&file, 1), Ok(8));
    assert_eq!(events(&file), POLLIN | POLLOUT);
    assert_eq!(add(&file, u64::MAX - 2), Ok(8));
    assert_eq!(events(&file), POLLIN);
    assert_eq!(add(&file, 1), Err(Errno::EAGAIN));
    assert_eq!(take(&file), Ok(u64::MAX - 1));
    assert_eq!(events(&file), POLLOUT);
}

pub fn arguments_are_checked() {
    assert_eq!(call!(eventfd2(0, 2)), Err(Errno::EINVAL));
    let file = create(1, O_NONBLOCK | O_CLOEXEC);
    assert_eq!(file.read(&mut [0; 7]), Err(Errno::EINVAL));
    assert_eq!(file.write(&[0; 7]), Err(Errno::EINVAL));
    assert_eq!(add(&file, u64::MAX), Err(Errno::EINVAL));
    assert_eq!(call!(read(file.fd().0, UserMutPtr::new(8), 8)), Err(Errno::EFAULT));
    // That one is gone.
    assert_eq!(take(&file), Err(Errno::EAGAIN));
    assert_eq!(call!(write(file.fd().0, UserPtr::new(8), 8)), Err(Errno::EFAULT));
    assert_eq!(file.read(&mut [0; 20]), Err(Errno::EAGAIN));
    assert_eq!(add(&file, 0), Ok(8));
    let at = |offset| call!(pread64(file.fd().0, UserMutPtr::new(8), 8, offset));
    assert_eq!(at(0), Err(Errno::ESPIPE));
    assert_eq!(call!(ftruncate(file.fd().0, 0)), Err(Errno::EINVAL));
    let link = alloc::format!("/proc/self/fd/{}", file.fd().0);
    assert!(File::open_with(&link, O_RDONLY, 0).is_err());
}

pub fn sleepers_wake_each_other() {
    let (there, back) = (create(0, 0), create(u32::MAX, 0));
    let pid = child::start(|| {
        // Shared with the parent, which waits for it.
        for round in 1..=100 {
            assert_eq!(take(&there), Ok(round));
            assert_eq!(add(&back, round), Ok(8));
        }
        // No room: the parent makes some.
        assert_eq!(add(&back, u64::MAX - 1), Ok(8));
        0
    });
    assert_eq!(take(&back), Ok(u64::from(u32::MAX)));
    for round in 1..=100 {
        assert_eq!(add(&there, round), Ok(8));
        if round < 100 {
            assert_eq!(take(&back), Ok(round));
        }
    }
    assert_eq!((take(&back), take(&back)), (Ok(100), Ok(u64::MAX - 1)));
    assert_eq!(child::wait(pid), Status::Exited(0));
}

pub fn seeking_succeeds_and_leads_nowhere() {
    let timer = call!(timerfd_create(CLOCK_MONOTONIC, 0)).expect("timerfd_create");
    let epoll = call!(epoll_create1(0)).expect("epoll_create1");
    let signals = call!(signalfd4(-1, input(&SignalSet::EMPTY), 8, 0)).expect("signalfd4");
    let files = [timer, epoll, signals].map(|fd| File::from_fd(Fd(fd.cast_signed())));
    for file in [&create(1, 0)].into_iter().chain(&files) {
        let fd = file.fd().0;
        for whence in [SEEK_SET, SEEK_CUR, SEEK_END, SEEK_DATA, SEEK_HOLE] {
            assert_eq!(call!(lseek(fd, 5, whence)), Ok(0));
        }
        assert_eq!(call!(lseek(fd, -5, SEEK_SET)), Ok(0));
        assert_eq!(call!(lseek(fd, 0, 9)), Err(Errno::EINVAL));
        assert_eq!(call!(pread64(fd, UserMutPtr::new(8), 8, 0)), Err(Errno::ESPIPE));
    }
}
