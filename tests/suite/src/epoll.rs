//! Instances that wait for many descriptors.

use crate::harness::on_folio;
use crate::{child, procfs};
use alloc::vec::Vec;
use core::time::Duration;
use sys::Errno;
use sys::abi::epoll::*;
use sys::abi::file::{O_NONBLOCK, O_RDWR};
use sys::abi::poll::*;
use sys::abi::signal::{SIGUSR1, SignalSet};
use sys::abi::{UserMutPtr, UserPtr};
use sys::file::{File, pipe};
use sys::io::Fd;
use sys::signal::{Action, set_action};
use sys::syscall::{input, output, pointer_mut};
use sys::wait::Status;

tests![
    a_level_is_reported_as_long_as_it_lasts,
    an_edge_is_reported_once,
    one_shot_is_reported_until_it_is_set_again,
    several_take_turns,
    hundreds_are_watched,
    watches_go_in_any_order,
    a_user_may_have_so_many_watches,
    a_sleeping_caller_is_woken,
    a_timeout_passes,
    a_signal_ends_the_wait,
    closing_ends_the_watch,
    sockets_tell_both_directions,
    an_instance_can_be_polled,
    a_blocked_timer_does_not_end_the_wait,
    requests_that_make_no_sense,
    an_instance_watches_instances,
    chains_of_instances_are_short_and_no_circles,
];

const IN: u32 = POLLIN as u32;
const OUT: u32 = POLLOUT as u32;
const HUP: u32 = POLLHUP as u32;

fn create() -> File {
    let fd = call!(epoll_create1(EPOLL_CLOEXEC)).expect("epoll_create1");
    File::from_fd(Fd(fd.cast_signed()))
}

fn control(
    epoll: &File,
    operation: i32,
    file: &File,
    events: u32,
    data: u64,
) -> Result<u32, Errno> {
    let event = EpollEvent { events, data };
    call!(epoll_ctl(epoll.fd().0, operation, file.fd().0, input(&event)))
}

fn add(epoll: &File, file: &File, events: u32, data: u64) {
    assert_eq!(control(epoll, EPOLL_CTL_ADD, file, events, data), Ok(0));
}

/// What is reported within some milliseconds, at most so many.
fn wait(epoll: &File, most: usize, milliseconds: i32) -> Result<Vec<(u32, u64)>, Errno> {
    let mut events = [EpollEvent::default(); 16];
    let place = UserMutPtr::new(pointer_mut(&mut events));
    let found = call!(epoll_wait(epoll.fd().0, place, most as i32, milliseconds))?;
    Ok(events[..found as usize].iter().map(|event| (event.events, event.data)).collect())
}

fn look(epoll: &File) -> Vec<(u32, u64)> {
    wait(epoll, 16, 0).expect("epoll_wait")
}

pub fn a_level_is_reported_as_long_as_it_lasts() {
    let (read, write) = pipe().expect("pipe2");
    let epoll = create();
    add(&epoll, &read, IN, 0x1_2345_6789);
    assert_eq!(look(&epoll), []);
    write.write_all(b"ab").expect("write");
    for _ in 0..3 {
        assert_eq!(look(&epoll), [(IN, 0x1_2345_6789)]);
    }
    read.read(&mut [0; 1]).expect("read");
    assert_eq!(look(&epoll), [(IN, 0x1_2345_6789)]);
    read.read(&mut [0; 1]).expect("read");
    assert_eq!(look(&epoll), []);
    drop(write);
    assert_eq!(look(&epoll), [(HUP, 0x1_2345_6789)]);
}

pub fn an_edge_is_reported_once() {
    let (read, write) = pipe().expect("pipe2");
    let epoll = create();
    write.write_all(b"before").expect("write");
    add(&epoll, &read, IN | EPOLLET, 1);
    assert_eq!(look(&epoll), [(IN, 1)]);
    assert_eq!(look(&epoll), []);
    write.write_all(b"more").expect("write");
    assert_eq!(look(&epoll), [(IN, 1)]);
    assert_eq!(look(&epoll), []);
    read.read(&mut [0; 3]).expect("read");
    assert_eq!(look(&epoll), []);
}

pub fn one_shot_is_reported_until_it_is_set_again() {
    let (read, write) = pipe().expect("pipe2");
    let epoll = create();
    add(&epoll, &read, IN | EPOLLONESHOT, 1);
    write.write_all(b"x").expect("write");
    assert_eq!(look(&epoll), [(IN, 1)]);
    write.write_all(b"x").expect("write");
    assert_eq!(look(&epoll), []);
    drop(write);
    assert_eq!(look(&epoll), []);
    assert_eq!(control(&epoll, EPOLL_CTL_MOD, &read, IN | EPOLLONESHOT, 2), Ok(0));
    assert_eq!(look(&epoll), [(IN | HUP, 2)]);
    assert_eq!(look(&epoll), []);
}

pub fn several_take_turns() {
    let epoll = create();
    let pipes: Vec<_> = (0..5).map(|_| pipe().expect("pipe2")).collect();
    for (data, (read, write)) in (0u64..).zip(&pipes) {
        add(&epoll, read, IN, data);
        write.write_all(b"x").expect("write");
    }
    let mut seen = [0; 5];
    for _ in 0..5 {
        for (events, data) in wait(&epoll, 2, 0).expect("epoll_wait") {
            assert_eq!(events, IN);
            seen[data as usize] += 1;
        }
    }
    assert_eq!(seen, [2; 5]);
}

pub fn a_sleeping_caller_is_woken() {
    let (read, write) = pipe().expect("pipe2");
    let (answer, reply) = pipe().expect("pipe2");
    let epoll = create();
    add(&epoll, &read, IN, 1);
    add(&epoll, &answer, IN, 2);
    let pid = child::start(|| {
        sys::time::sleep(Duration::from_millis(20));
        write.write_all(b"x").expect("write");
        sys::time::sleep(Duration::from_millis(20));
        reply.write_all(b"y").expect("write");
        0
    });
    assert_eq!(wait(&epoll, 16, 10_000), Ok(Vec::from([(IN, 1)])));
    read.read(&mut [0; 1]).expect("read");
    assert_eq!(wait(&epoll, 1, -1), Ok(Vec::from([(IN, 2)])));
    assert_eq!(child::wait(pid), Status::Exited(0));
}

pub fn a_timeout_passes() {
    let (read, _write) = pipe().expect("pipe2");
    let epoll = create();
    add(&epoll, &read, IN, 1);
    let start = sys::time::now();
    assert_eq!(wait(&epoll, 16, 40), Ok(Vec::new()));
    assert!(sys::time::now() - start >= Duration::from_millis(35));
}

extern "C" fn nothing(_: i32) {}

pub fn a_signal_ends_the_wait() {
    // SAFETY: the handler does nothing.
    unsafe { set_action(SIGUSR1, Action::Handler(nothing), 0, SignalSet::EMPTY) }
        .expect("rt_sigaction");
    let epoll = create();
    let own = sys::process::id();
    let pid = child::start(|| {
        sys::time::sleep(Duration::from_millis(20));
        i32::from(sys::process::kill(own, SIGUSR1).is_err())
    });
    assert_eq!(wait(&epoll, 16, 10_000), Err(Errno::EINTR));
    assert_eq!(child::wait(pid), Status::Exited(0));
    // Blocked but for the time of the call.
    sys::signal::change_mask(sys::abi::signal::SIG_BLOCK, SignalSet::of(SIGUSR1)).expect("mask");
    sys::process::kill(own, SIGUSR1).expect("kill");
    let mut event = EpollEvent::default();
    let none = SignalSet::EMPTY;
    let (fd, place) = (epoll.fd().0, output(&mut event));
    assert_eq!(call!(epoll_pwait(fd, place, 1, 10_000, input(&none), 8)), Err(Errno::EINTR));
    assert_eq!(sys::signal::mask(), Ok(SignalSet::of(SIGUSR1)));
    assert_eq!(call!(epoll_pwait(fd, place, 1, 0, input(&none), 4)), Err(Errno::EINVAL));
}

pub fn closing_ends_the_watch() {
    let (read, write) = pipe().expect("pipe2");
    let epoll = create();
    add(&epoll, &read, IN, 1);
    write.write_all(b"x").expect("write");
    let twin = call!(dup(read.fd().0)).expect("dup").cast_signed();
    let fd = read.fd().0;
    drop(read);
    // The description is still there, under the old number.
    assert_eq!(look(&epoll), [(IN, 1)]);
    assert_eq!(call!(epoll_ctl(epoll.fd().0, EPOLL_CTL_DEL, fd, UserPtr::NULL)), Err(Errno::EBADF));
    assert_eq!(call!(close(twin)), Ok(0));
    assert_eq!(look(&epoll), []);
    let (read, write) = pipe().expect("pipe2");
    add(&epoll, &read, IN, 2);
    write.write_all(b"x").expect("write");
    drop(epoll);
    assert_eq!(read.read(&mut [0; 4]), Ok(1));
}

pub fn sockets_tell_both_directions() {
    let mut fds = [0; 2];
    call!(socketpair(1, 1, 0, output(&mut fds))).expect("socketpair");
    let [one, other] = fds.map(|fd| File::from_fd(Fd(fd)));
    let epoll = create();
    add(&epoll, &one, IN | OUT | EPOLLET, 1);
    assert_eq!(look(&epoll), [(OUT, 1)]);
    assert_eq!(look(&epoll), []);
    other.write_all(b"x").expect("write");
    assert_eq!(look(&epoll), [(IN | OUT, 1)]);
    drop(other);
    assert_eq!(look(&epoll).first().map(|(events, _)| events & HUP), Some(HUP));
}

pub fn an_instance_can_be_polled() {
    let (read, write) = pipe().expect("pipe2");
    let epoll = create();
    add(&epoll, &read, IN, 1);
    let poll = |milliseconds| {
        let mut fd = Pollfd { fd: epoll.fd().0, events: POLLIN, revents: 0 };
        call!(poll(output(&mut fd), 1, milliseconds)).expect("poll");
        fd.revents
    };
    assert_eq!(poll(0), 0);
    let pid = child::start(|| {
        sys::time::sleep(Duration::from_millis(20));
        i32::from(write.write_all(b"x").is_err())
    });
    assert_eq!(poll(10_000), POLLIN);
    assert_eq!(child::wait(pid), Status::Exited(0));
    read.read(&mut [0; 4]).expect("read");
    assert_eq!(poll(0), 0);
    assert_eq!(look(&epoll), []);
}

pub fn requests_that_make_no_sense() {
    let (read, write) = pipe().expect("pipe2");
    let epoll = create();
    assert_eq!(call!(epoll_create(0)), Err(Errno::EINVAL));
    assert_eq!(call!(epoll_create1(1)), Err(Errno::EINVAL));
    add(&epoll, &read, IN, 1);
    assert_eq!(control(&epoll, EPOLL_CTL_ADD, &read, IN, 1), Err(Errno::EEXIST));
    assert_eq!(control(&epoll, EPOLL_CTL_MOD, &write, IN, 1), Err(Errno::ENOENT));
    assert_eq!(control(&epoll, EPOLL_CTL_DEL, &write, IN, 1), Err(Errno::ENOENT));
    assert_eq!(control(&epoll, 9, &read, IN, 1), Err(Errno::EINVAL));
    assert_eq!(control(&epoll, EPOLL_CTL_ADD, &epoll, IN, 1), Err(Errno::EINVAL));
    assert_eq!(control(&read, EPOLL_CTL_ADD, &write, IN, 1), Err(Errno::EINVAL));
    let (_name, file) = crate::scratch::Scratch::file("epoll", b"");
    assert_eq!(control(&epoll, EPOLL_CTL_ADD, &file, IN, 1), Err(Errno::EPERM));
    let bad = call!(epoll_ctl(epoll.fd().0, EPOLL_CTL_ADD, write.fd().0, UserPtr::new(8)));
    assert_eq!(bad, Err(Errno::EFAULT));
    assert_eq!(
        call!(epoll_ctl(epoll.fd().0, EPOLL_CTL_DEL, 999, UserPtr::NULL)),
        Err(Errno::EBADF)
    );
    let exclusive = EPOLLEXCLUSIVE | IN;
    assert_eq!(control(&epoll, EPOLL_CTL_MOD, &read, exclusive, 1), Err(Errno::EINVAL));
    let once = exclusive | EPOLLONESHOT;
    assert_eq!(control(&epoll, EPOLL_CTL_ADD, &write, once, 1), Err(Errno::EINVAL));
    assert_eq!(control(&epoll, EPOLL_CTL_ADD, &write, EPOLLEXCLUSIVE | OUT, 3), Ok(0));
    assert_eq!(control(&epoll, EPOLL_CTL_MOD, &write, OUT, 3), Err(Errno::EINVAL));
    assert_eq!(look(&epoll), [(OUT, 3)]);
    assert_eq!(wait(&epoll, 0, 0), Err(Errno::EINVAL));
    let (fd, null) = (epoll.fd().0, UserMutPtr::new(8));
    assert_eq!(call!(epoll_wait(fd, null, 1, 0)), Err(Errno::EFAULT));
    // What could not be told is told again.
    assert_eq!(look(&epoll), [(OUT, 3)]);
    assert_eq!(call!(epoll_wait(read.fd().0, null, 1, 0)), Err(Errno::EINVAL));
    assert_eq!(call!(epoll_wait(-1, null, 1, 0)), Err(Errno::EBADF));
    assert_eq!(epoll.read(&mut [0; 4]), Err(Errno::EINVAL));
    let null = File::open_with("/dev/null", O_RDWR | O_NONBLOCK, 0).expect("/dev/null");
    assert_eq!(control(&epoll, EPOLL_CTL_ADD, &null, IN, 1), Err(Errno::EPERM));
}

pub fn a_blocked_timer_does_not_end_the_wait() {
    use sys::abi::signal::{SIG_BLOCK, SIGEV_SIGNAL, Sigevent};
    use sys::abi::time::{CLOCK_MONOTONIC, Itimerspec, Timespec};
    sys::signal::change_mask(SIG_BLOCK, SignalSet::of(SIGUSR1)).expect("rt_sigprocmask");
    let event = Sigevent { signo: SIGUSR1, notify: SIGEV_SIGNAL, ..Sigevent::default() };
    let mut timer = -1;
    call!(timer_create(CLOCK_MONOTONIC, input(&event), output(&mut timer))).expect("timer_create");
    let soon = Itimerspec { value: Timespec { sec: 0, nsec: 20_000_000 }, ..Itimerspec::default() };
    call!(timer_settime(timer, 0, input(&soon), UserMutPtr::NULL)).expect("timer_settime");
    assert_eq!(wait(&create(), 16, 80), Ok(Vec::new()));
    assert_eq!(sys::signal::wait(SignalSet::of(SIGUSR1)), Ok(SIGUSR1));
    // What somebody waits for is no interruption.
    call!(timer_settime(timer, 0, input(&soon), UserMutPtr::NULL)).expect("timer_settime");
    assert_eq!(sys::signal::wait(SignalSet::of(SIGUSR1)), Ok(SIGUSR1));
}

pub fn an_instance_watches_instances() {
    let (read, write) = pipe().expect("pipe2");
    let chain = [(); 5].map(|()| create());
    add(&chain[0], &read, IN, 0);
    for (inner, data) in (0..4).zip(1..) {
        add(&chain[inner + 1], &chain[inner], IN, data);
    }
    assert_eq!((look(&chain[4]), look(&chain[0])), (Vec::new(), Vec::new()));
    write.write_all(b"x").expect("write");
    for _ in 0..2 {
        assert_eq!((look(&chain[4]), look(&chain[1])), ([(IN, 4)].into(), [(IN, 1)].into()));
    }
    read.read(&mut [0; 1]).expect("read");
    assert_eq!((look(&chain[4]), look(&chain[1])), (Vec::new(), Vec::new()));
    // Whoever waits at the end of the chain wakes for its beginning.
    let pid = child::start(|| {
        sys::time::sleep(Duration::from_millis(20));
        write.write_all(b"y").expect("write");
        0
    });
    assert_eq!(wait(&chain[4], 1, 10_000), Ok([(IN, 4)].into()));
    assert_eq!(child::wait(pid), Status::Exited(0));
    let mut fd = Pollfd { fd: chain[3].fd().0, events: POLLIN, revents: 0 };
    assert_eq!(call!(poll(output(&mut fd), 1, 0)), Ok(1));
    // In the middle it is cut.
    assert_eq!(control(&chain[2], EPOLL_CTL_MOD, &chain[1], OUT, 2), Ok(0));
    assert_eq!((look(&chain[4]), look(&chain[1])), (Vec::new(), [(IN, 1)].into()));
    assert_eq!(control(&chain[2], EPOLL_CTL_DEL, &chain[1], 0, 0), Ok(0));
    let [first, second, ..] = chain;
    drop(first);
    assert_eq!(look(&second), []);
}

pub fn chains_of_instances_are_short_and_no_circles() {
    let chain = [(); 6].map(|()| create());
    assert_eq!(control(&chain[0], EPOLL_CTL_ADD, &chain[0], IN, 0), Err(Errno::EINVAL));
    add(&chain[1], &chain[0], IN, 0);
    assert_eq!(control(&chain[0], EPOLL_CTL_ADD, &chain[1], IN, 0), Err(Errno::ELOOP));
    assert_eq!(control(&chain[1], EPOLL_CTL_ADD, &chain[0], IN, 0), Err(Errno::EEXIST));
    // Downwards and upwards.
    add(&chain[3], &chain[2], IN, 0);
    add(&chain[2], &chain[1], IN, 0);
    add(&chain[4], &chain[3], IN, 0);
    assert_eq!(control(&chain[5], EPOLL_CTL_ADD, &chain[4], IN, 0), Err(Errno::ELOOP));
    assert_eq!(control(&chain[0], EPOLL_CTL_ADD, &chain[5], IN, 0), Err(Errno::ELOOP));
    assert_eq!(control(&chain[0], EPOLL_CTL_ADD, &chain[4], IN, 0), Err(Errno::ELOOP));
    add(&chain[5], &chain[3], IN, 0);
    assert_eq!(control(&chain[2], EPOLL_CTL_DEL, &chain[1], 0, 0), Ok(0));
    add(&chain[0], &chain[5], IN, 0);
    let exclusive = EPOLLEXCLUSIVE | IN;
    assert_eq!(control(&chain[4], EPOLL_CTL_ADD, &chain[2], exclusive, 0), Err(Errno::EINVAL));
}

pub fn hundreds_are_watched() {
    let epoll = create();
    let (read, write) = pipe().expect("pipe2");
    let copies: Vec<File> = (0..600)
        .map(|number| {
            let fd = call!(dup(read.fd().0)).expect("dup");
            let copy = File::from_fd(Fd(fd.cast_signed()));
            add(&epoll, &copy, IN, number);
            copy
        })
        .collect();
    assert_eq!(look(&epoll), []);
    write.write_all(b"x").expect("write");
    let mut found: Vec<u64> = (0..60).flat_map(|_| look(&epoll)).map(|event| event.1).collect();
    found.sort_unstable();
    found.dedup();
    assert_eq!(found.len(), copies.len(), "all of them take turns");
}

pub fn watches_go_in_any_order() {
    let (read, write) = pipe().expect("pipe2");
    let [epoll, other] = [(); 2].map(|()| create());
    write.write_all(b"x").expect("write");
    let mut copies: Vec<Option<File>> = (0..8)
        .map(|number| {
            let fd = call!(dup(read.fd().0)).expect("dup").cast_signed();
            let copy = File::from_fd(Fd(fd));
            add(&epoll, &copy, IN, number);
            add(&other, &copy, IN | EPOLLET, number);
            Some(copy)
        })
        .collect();
    let seen = |epoll: &File| look(epoll).iter().map(|event| event.1).collect::<Vec<_>>();
    assert_eq!(seen(&other), [0, 1, 2, 3, 4, 5, 6, 7]);
    for gone in [3, 0, 7] {
        let copy = copies[gone].as_ref().expect("there");
        assert_eq!(control(&epoll, EPOLL_CTL_DEL, copy, 0, 0), Ok(0));
    }
    assert_eq!(seen(&epoll), [1, 2, 4, 5, 6]);
    let seventh = copies[7].take().expect("there");
    add(&epoll, &seventh, IN, 70);
    assert_eq!(seen(&epoll), [1, 2, 4, 5, 6, 70]);
    write.write_all(b"y").expect("write");
    drop(other);
    let twin = call!(dup(read.fd().0)).expect("dup").cast_signed();
    drop((read, seventh, copies));
    assert_eq!(seen(&epoll).len(), 6);
    assert_eq!(call!(close(twin)), Ok(0));
    assert_eq!(look(&epoll), []);
}

pub fn a_user_may_have_so_many_watches() {
    procfs::as_program(|| {
        let text = procfs::text("/proc/sys/fs/epoll/max_user_watches");
        let most = text.trim_end().parse::<u32>().expect("a number");
        assert!(most > 10_000, "{most}");
        // With more memory than this it takes too long to get there.
        if !on_folio() || most > 100_000 {
            return;
        }
        // Nobody else is this user.
        call!(setuid32(4242)).expect("setuid32");
        let (read, _write) = pipe().expect("pipe2");
        let copies: Vec<File> = (0..400)
            .map(|_| File::from_fd(Fd(call!(dup(read.fd().0)).expect("dup").cast_signed())))
            .collect();
        let (mut instances, mut made) = (Vec::new(), 0);
        let refused = loop {
            let epoll = create();
            let add = |copy| control(&epoll, EPOLL_CTL_ADD, copy, IN, 0);
            let refused = copies.iter().find_map(|copy| {
                let added = add(copy);
                made += u32::from(added.is_ok());
                added.err()
            });
            instances.push(epoll);
            if let Some(error) = refused {
                break error;
            }
        };
        assert_eq!((refused, made), (Errno::ENOSPC, most));
        assert_eq!(control(&instances[0], EPOLL_CTL_DEL, &copies[0], 0, 0), Ok(0));
        add(&instances[0], &copies[0], IN, 0);
        let again = control(&create(), EPOLL_CTL_ADD, &read, IN, 0);
        assert_eq!(again, Err(Errno::ENOSPC));
    });
}
