//! Timers whose expiries are read: `timerfd`.

use crate::eventfd::events;
use core::time::Duration;
use sys::abi::file::{O_CLOEXEC, O_NONBLOCK};
use sys::abi::poll::*;
use sys::abi::time::*;
use sys::abi::{UserMutPtr, UserPtr};
use sys::file::File;
use sys::io::Fd;
use sys::syscall::{input, output};
use sys::{Errno, Result, time};

tests![
    it_expires_once_or_again_and_again,
    poll_waits_for_it,
    a_time_may_be_given,
    the_old_calls_mean_the_same,
    arguments_are_checked,
];

const MILLISECOND: i64 = 1_000_000;

fn create(clock: i32, flags: u32) -> File {
    let fd = call!(timerfd_create(clock, flags)).expect("timerfd_create");
    File::from_fd(Fd(fd.cast_signed()))
}

const fn after(nanoseconds: i64) -> Timespec64 {
    Timespec64 { sec: nanoseconds / 1_000_000_000, nsec: nanoseconds % 1_000_000_000 }
}

fn set(file: &File, flags: u32, value: Timespec64, interval: i64) -> Result<Itimerspec64> {
    let new = Itimerspec64 { value, interval: after(interval) };
    let mut old = Itimerspec64::default();
    call!(timerfd_settime64(file.fd().0, flags, input(&new), output(&mut old)))?;
    Ok(old)
}

fn left(file: &File) -> (i64, i64) {
    let mut setting = Itimerspec64::default();
    call!(timerfd_gettime64(file.fd().0, output(&mut setting))).expect("timerfd_gettime64");
    let nanoseconds = |time: Timespec64| time.sec * 1_000_000_000 + time.nsec;
    (nanoseconds(setting.value), nanoseconds(setting.interval))
}

fn take(file: &File) -> Result<u64> {
    let mut bytes = [0; 8];
    assert_eq!(file.read(&mut bytes)?, 8);
    Ok(u64::from_le_bytes(bytes))
}

pub fn it_expires_once_or_again_and_again() {
    for clock in [CLOCK_REALTIME, CLOCK_MONOTONIC, CLOCK_BOOTTIME] {
        let file = create(clock, 0);
        assert_eq!(left(&file), (0, 0));
        set(&file, 0, after(MILLISECOND), 0).expect("set");
        assert_eq!(take(&file), Ok(1));
        assert_eq!(left(&file), (0, 0));
        set(&file, 0, after(MILLISECOND), MILLISECOND).expect("set");
        time::sleep(Duration::from_millis(10));
        assert!((9..1000).contains(&take(&file).expect("read")));
        assert!(take(&file).is_ok());
        let (value, interval) = left(&file);
        assert!(value <= MILLISECOND && interval == MILLISECOND, "{value} {interval}");
    }
}

pub fn poll_waits_for_it() {
    let file = create(CLOCK_MONOTONIC, O_NONBLOCK | O_CLOEXEC);
    assert_eq!((events(&file), take(&file)), (0, Err(Errno::EAGAIN)));
    set(&file, 0, after(20 * MILLISECOND), 0).expect("set");
    assert_eq!((events(&file), take(&file)), (0, Err(Errno::EAGAIN)));
    let mut fd = Pollfd { fd: file.fd().0, events: POLLIN, revents: 0 };
    assert_eq!(call!(poll(output(&mut fd), 1, 10_000)), Ok(1));
    assert_eq!((events(&file), take(&file), events(&file)), (POLLIN, Ok(1), 0));
    // A new setting forgets what has expired.
    set(&file, 0, after(1), 0).expect("set");
    time::sleep(Duration::from_millis(2));
    assert_eq!(events(&file), POLLIN);
    set(&file, 0, after(0), 0).expect("set");
    assert_eq!((events(&file), take(&file)), (0, Err(Errno::EAGAIN)));
}

pub fn a_time_may_be_given() {
    let file = create(CLOCK_REALTIME, 0);
    let mut now = Timespec64::default();
    call!(clock_gettime64(CLOCK_REALTIME, output(&mut now))).expect("clock_gettime64");
    let flags = TFD_TIMER_ABSTIME | TFD_TIMER_CANCEL_ON_SET;
    set(&file, flags, Timespec64 { sec: now.sec - 1, nsec: 0 }, 0).expect("set");
    assert_eq!(take(&file), Ok(1));
    set(&file, flags, Timespec64 { sec: now.sec + 100, nsec: 0 }, 0).expect("set");
    let (value, _) = left(&file);
    assert!((90..101).contains(&(value / 1_000_000_000)), "{value}");
    let old = set(&file, 0, after(0), 7).expect("set");
    assert!((90..101).contains(&{ old.value.sec }));
    // It is off, whatever the interval.
    assert_eq!(left(&file).0, 0);
}

pub fn the_old_calls_mean_the_same() {
    let file = create(CLOCK_MONOTONIC, 0);
    let interval = Timespec { sec: 2, nsec: 3 };
    let new = Itimerspec { interval, value: Timespec { sec: 100, nsec: 0 } };
    let mut old = Itimerspec::default();
    let settime = |old| call!(timerfd_settime(file.fd().0, 0, input(&new), old));
    assert_eq!(settime(UserMutPtr::NULL), Ok(0));
    assert_eq!(call!(timerfd_gettime(file.fd().0, output(&mut old))), Ok(0));
    assert_eq!(({ old.interval.sec }, { old.interval.nsec }), (2, 3));
    assert!((90..=100).contains(&{ old.value.sec }));
    assert_eq!(settime(output(&mut old)), Ok(0));
}

pub fn arguments_are_checked() {
    assert_eq!(call!(timerfd_create(CLOCK_PROCESS_CPUTIME_ID, 0)), Err(Errno::EINVAL));
    assert_eq!(call!(timerfd_create(CLOCK_MONOTONIC, 1)), Err(Errno::EINVAL));
    let file = create(CLOCK_MONOTONIC, O_NONBLOCK);
    assert_eq!(set(&file, 8, after(1), 0).err(), Some(Errno::EINVAL));
    let odd = Timespec64 { sec: 0, nsec: 1_000_000_000 };
    assert_eq!(set(&file, 0, odd, 0).err(), Some(Errno::EINVAL));
    assert_eq!(set(&file, 0, after(1), -1).err(), Some(Errno::EINVAL));
    let (pipe, _other) = sys::file::pipe().expect("pipe2");
    assert_eq!(set(&pipe, 0, after(1), 0).err(), Some(Errno::EINVAL));
    let fd = file.fd().0;
    let nothing = UserMutPtr::NULL;
    assert_eq!(call!(timerfd_settime64(fd, 0, UserPtr::new(8), nothing)), Err(Errno::EFAULT));
    assert_eq!(call!(timerfd_gettime64(fd, UserMutPtr::new(8))), Err(Errno::EFAULT));
    assert_eq!(call!(timerfd_gettime64(999, nothing)), Err(Errno::EBADF));
    assert_eq!(file.read(&mut [0; 7]), Err(Errno::EINVAL));
    assert_eq!(file.write(&[0; 8]), Err(Errno::EINVAL));
}
