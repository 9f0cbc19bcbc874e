//! Signals that are read: `signalfd`.

use crate::child;
use crate::eventfd::events;
use alloc::vec;
use core::time::Duration;
use sys::abi::epoll::{EPOLL_CTL_ADD, EpollEvent};
use sys::abi::file::O_NONBLOCK;
use sys::abi::poll::{POLLIN, Pollfd};
use sys::abi::process::{RUSAGE_CHILDREN, Rusage};
use sys::abi::signal::*;
use sys::abi::time::{ITIMER_REAL, Itimerval, Timeval};
use sys::abi::{Plain, UserMutPtr, UserPtr};
use sys::file::File;
use sys::io::Fd;
use sys::syscall::{input, output};
use sys::wait::Status;
use sys::{Errno, Result, process, time};

tests![
    signals_come_with_their_senders,
    a_read_takes_as_many_as_there_is_room_for,
    sleepers_wake_for_children_and_timers,
    others_signals_are_seen_by_others,
    epoll_waits_for_them,
    whoever_inherits_one_sleeps_for_his_own_signals,
    an_instance_hears_of_the_signals_of_whoever_added,
    what_is_read_can_change,
];

fn set_of(signals: &[i32]) -> SignalSet {
    signals.iter().fold(SignalSet::EMPTY, |set, signal| set.union(SignalSet::of(*signal)))
}

fn blocked(signals: &[i32]) -> SignalSet {
    let set = set_of(signals);
    sys::signal::change_mask(SIG_BLOCK, set).expect("rt_sigprocmask");
    set
}

fn create(signals: SignalSet, flags: u32) -> File {
    let fd = call!(signalfd4(-1, input(&signals), 8, flags)).expect("signalfd4");
    File::from_fd(Fd(fd.cast_signed()))
}

fn take(file: &File) -> Result<SignalfdSiginfo> {
    let mut bytes = [0; 128];
    assert_eq!(file.read(&mut bytes)?, 128);
    SignalfdSiginfo::take(&bytes).map(|(info, _)| info).ok_or(Errno::EIO)
}

fn send(signal: i32) {
    process::kill(process::id(), signal).expect("kill");
}

pub fn signals_come_with_their_senders() {
    let file = create(blocked(&[SIGUSR1, SIGRTMIN]), O_NONBLOCK);
    assert_eq!((events(&file), take(&file).err()), (0, Some(Errno::EAGAIN)));
    send(SIGUSR1);
    assert_eq!(events(&file), POLLIN);
    let info = take(&file).expect("read");
    assert_eq!(({ info.signo }, { info.code }), (SIGUSR1 as u32, SI_USER));
    assert_eq!({ info.pid }, process::id().cast_unsigned());
    assert_eq!(events(&file), 0);
    let mut queued = Siginfo { signo: SIGRTMIN, code: SI_QUEUE, ..Siginfo::default() };
    queued.fields[2] = 77;
    call!(rt_sigqueueinfo(process::id(), SIGRTMIN, input(&queued))).expect("rt_sigqueueinfo");
    let info = take(&file).expect("read");
    assert_eq!(({ info.signo }, { info.int }), (SIGRTMIN as u32, 77));
}

pub fn a_read_takes_as_many_as_there_is_room_for() {
    let file = create(blocked(&[SIGUSR1, SIGUSR2, SIGRTMIN]), 0);
    [SIGUSR1, SIGUSR2, SIGRTMIN].into_iter().for_each(send);
    let mut bytes = vec![0; 300];
    assert_eq!(file.read(&mut bytes), Ok(256));
    assert_eq!(file.read(&mut bytes), Ok(128));
    assert_eq!(file.read(&mut bytes[..127]), Err(Errno::EINVAL));
    assert_eq!(file.write(&bytes), Err(Errno::EINVAL));
}

pub fn sleepers_wake_for_children_and_timers() {
    let file = create(blocked(&[SIGCHLD, SIGALRM]), 0);
    let pid = child::start(|| {
        time::sleep(Duration::from_millis(20));
        3
    });
    let info = take(&file).expect("read");
    let expected = (SIGCHLD as u32, CLD_EXITED, pid.cast_unsigned(), 3);
    assert_eq!(({ info.signo }, { info.code }, { info.pid }, { info.status }), expected);
    assert_eq!(child::wait(pid), Status::Exited(3));
    let value = Timeval { sec: 0, usec: 20_000 };
    let timer = Itimerval { value, ..Itimerval::default() };
    call!(setitimer(ITIMER_REAL, input(&timer), UserMutPtr::NULL)).expect("setitimer");
    assert_eq!(take(&file).map(|info| info.signo), Ok(SIGALRM as u32));
}

pub fn others_signals_are_seen_by_others() {
    let file = create(blocked(&[SIGUSR1]), O_NONBLOCK);
    send(SIGUSR1);
    let ended = child::run(|| {
        // The same description, but not the same signals.
        assert_eq!((events(&file), take(&file).err()), (0, Some(Errno::EAGAIN)));
        send(SIGUSR1);
        assert_eq!(take(&file).map(|info| info.pid), Ok(process::id().cast_unsigned()));
        0
    });
    assert_eq!(ended, Status::Exited(0));
    assert_eq!(take(&file).map(|info| info.pid), Ok(process::id().cast_unsigned()));
}

pub fn epoll_waits_for_them() {
    let file = create(blocked(&[SIGUSR1]), O_NONBLOCK);
    let fd = call!(epoll_create1(0)).expect("epoll_create1").cast_signed();
    let epoll = File::from_fd(Fd(fd));
    let event = EpollEvent { events: POLLIN.into(), data: 9 };
    call!(epoll_ctl(fd, EPOLL_CTL_ADD, file.fd().0, input(&event))).expect("epoll_ctl");
    let wait = |timeout| {
        let mut event = EpollEvent::default();
        call!(epoll_wait(epoll.fd().0, output(&mut event), 1, timeout)).map(|_| event.data)
    };
    assert_eq!(wait(0), Ok(0));
    let parent = process::id();
    let pid = child::start(|| {
        time::sleep(Duration::from_millis(20));
        process::kill(parent, SIGUSR1).expect("kill");
        0
    });
    assert_eq!(wait(10_000), Ok(9));
    assert_eq!(child::wait(pid), Status::Exited(0));
    assert!(take(&file).is_ok());
    assert_eq!(wait(0), Ok(0));
}

/// Sleeps until the file can be read.
fn sleep_until_readable(file: &File) {
    let mut fd = Pollfd { fd: file.fd().0, events: POLLIN, revents: 0 };
    assert_eq!(call!(poll(output(&mut fd), 1, 10_000)), Ok(1));
}

pub fn whoever_inherits_one_sleeps_for_his_own_signals() {
    const OTHERS: u32 = 40;
    let file = create(blocked(&[SIGUSR1, SIGRTMIN]), O_NONBLOCK);
    let pid = child::start(|| {
        sleep_until_readable(&file);
        take(&file).map_or(1, |info| i32::from(info.signo != SIGUSR1 as u32))
    });
    for _ in 0..OTHERS {
        time::sleep(Duration::from_millis(1));
        send(SIGRTMIN);
    }
    process::kill(pid, SIGUSR1).expect("kill");
    assert_eq!(child::wait(pid), Status::Exited(0));
    // It slept through those of others.
    let mut usage = Rusage::default();
    call!(getrusage(RUSAGE_CHILDREN, output(&mut usage))).expect("getrusage");
    assert!(usage.nvcsw < OTHERS / 2, "{} sleeps", { usage.nvcsw });
    assert_eq!((0..OTHERS).filter(|_| take(&file).is_ok()).count(), OTHERS as usize);
}

pub fn an_instance_hears_of_the_signals_of_whoever_added() {
    let file = create(blocked(&[SIGUSR1]), O_NONBLOCK);
    let epoll = File::from_fd(Fd(call!(epoll_create1(0)).expect("epoll_create1").cast_signed()));
    let event = EpollEvent { events: POLLIN.into(), data: 9 };
    call!(epoll_ctl(epoll.fd().0, EPOLL_CTL_ADD, file.fd().0, input(&event))).expect("epoll_ctl");
    let wait = |timeout| {
        let mut event = EpollEvent::default();
        call!(epoll_wait(epoll.fd().0, output(&mut event), 1, timeout)).map(|_| event.data)
    };
    send(SIGUSR1);
    // Others look for theirs, and are gone.
    assert_eq!(child::run(|| i32::from(wait(0) != Ok(0))), Status::Exited(0));
    assert!(take(&file).is_ok());
    let parent = process::id();
    let pid = child::start(|| {
        time::sleep(Duration::from_millis(20));
        i32::from(process::kill(parent, SIGUSR1).is_err())
    });
    assert_eq!(wait(10_000), Ok(9));
    assert_eq!(child::wait(pid), Status::Exited(0));
    // One that a child has added outlives it.
    let mine = create(set_of(&[SIGUSR1]), O_NONBLOCK);
    let added = child::run(|| {
        let added = call!(epoll_ctl(epoll.fd().0, EPOLL_CTL_ADD, mine.fd().0, input(&event)));
        i32::from(added != Ok(0))
    });
    assert_eq!((added, take(&mine).is_ok(), wait(0)), (Status::Exited(0), true, Ok(0)));
}

pub fn what_is_read_can_change() {
    let signals = blocked(&[SIGUSR1, SIGUSR2]);
    let file = create(set_of(&[SIGUSR1, SIGKILL]), O_NONBLOCK);
    send(SIGUSR2);
    assert_eq!(events(&file), 0);
    let fd = file.fd().0;
    assert_eq!(call!(signalfd4(fd, input(&signals), 8, 0)), Ok(fd.cast_unsigned()));
    assert_eq!(take(&file).map(|info| info.signo), Ok(SIGUSR2 as u32));
    let change = |fd, size, flags| call!(signalfd4(fd, input(&signals), size, flags));
    assert_eq!((change(fd, 4, 0), change(fd, 8, 1)), (Err(Errno::EINVAL), Err(Errno::EINVAL)));
    assert_eq!((change(999, 8, 0), change(-2, 8, 0)), (Err(Errno::EBADF), Err(Errno::EBADF)));
    let (pipe, _other) = sys::file::pipe().expect("pipe2");
    assert_eq!(change(pipe.fd().0, 8, 0), Err(Errno::EINVAL));
    assert_eq!(call!(signalfd(-1, UserPtr::new(8), 8)), Err(Errno::EFAULT));
}
