//! Limits that bind all processes of one user together, and nobody else's.

use crate::child;
use crate::exec::own_path;
use crate::harness::{only_as_root, only_on_folio};
use crate::procfs::{as_program, text, value};
use crate::scratch::Scratch;
use crate::threads;
use alloc::vec::Vec;
use sys::Errno;
use sys::abi::process::{RLIMIT_NPROC, RLIMIT_SIGPENDING, Rlimit};
use sys::abi::signal::{SI_QUEUE, SIG_BLOCK, SIGKILL, SIGRTMIN, Siginfo, SignalSet};
use sys::abi::time::CLOCK_MONOTONIC;
use sys::process;
use sys::syscall::{input, output};
use sys::wait::Status;

tests![
    threads_of_others_leave_room,
    a_zombie_counts_until_it_was_waited_for,
    threads_go_along_to_a_new_user,
    a_user_with_too_many_threads_gets_no_program,
    signals_of_others_leave_room,
    kept_signals_are_those_of_the_real_user,
    timers_count_as_signals,
];

/// Users whose nobody else's processes are.
const USER: u32 = 4300;
const OTHER: u32 = 4301;

fn limit(resource: u32, value: u32) {
    let limit = Rlimit { cur: value, max: value };
    call!(setrlimit(resource, input(&limit))).expect("setrlimit");
}

fn become_user(user: u32) {
    call!(setresuid32(user, user, user)).expect("setresuid");
}

/// A child that does nothing.
fn sleeper() -> sys::Result<i32> {
    match process::fork()? {
        process::Fork::Parent(pid) => Ok(pid),
        process::Fork::Child => loop {
            let _ = call!(pause());
        },
    }
}

fn sleepers(count: usize) -> Vec<i32> {
    (0..count).map(|_| sleeper().expect("fork")).collect()
}

fn end(children: impl IntoIterator<Item = i32>) {
    for pid in children {
        process::kill(pid, SIGKILL).expect("kill");
        assert_eq!(child::wait(pid), Status::Signaled(SIGKILL));
    }
}

/// Runs something as a user who may have so much of a resource.
fn as_user(user: u32, resource: u32, most: u32, body: impl FnOnce()) {
    let status = child::run(|| {
        limit(resource, most);
        become_user(user);
        body();
        0
    });
    assert_eq!(status, Status::Exited(0));
}

pub fn threads_of_others_leave_room() {
    only_as_root();
    let others = sleepers(20);
    as_user(USER, RLIMIT_NPROC, 3, || {
        let own = sleepers(2);
        assert_eq!(sleeper(), Err(Errno::EAGAIN));
        end(own);
    });
    // Whoever is root has no limit.
    let status = child::run(|| {
        limit(RLIMIT_NPROC, 1);
        end(sleepers(2));
        0
    });
    assert_eq!(status, Status::Exited(0));
    end(others);
}

pub fn a_zombie_counts_until_it_was_waited_for() {
    only_as_root();
    as_user(USER, RLIMIT_NPROC, 2, || {
        for _ in 0..3 {
            let (read, write) = sys::file::pipe().expect("pipe2");
            let pid = child::start(|| 0);
            drop(write);
            // The child has let go of everything.
            assert_eq!(read.read(&mut [0]), Ok(0));
            assert_eq!(sleeper(), Err(Errno::EAGAIN));
            assert_eq!(child::wait(pid), Status::Exited(0));
            end([sleeper().expect("fork")]);
        }
    });
}

pub fn threads_go_along_to_a_new_user() {
    only_on_folio("src/process/credentials.rs: Linux's threads have credentials of their own");
    extern "C" fn body(_: u32) -> i32 {
        loop {
            let _ = call!(pause());
        }
    }
    as_user(USER, RLIMIT_NPROC, 3, || {
        threads::spawn(body, 0);
        threads::spawn(body, 0);
        assert_eq!(sleeper(), Err(Errno::EAGAIN));
    });
    let status = child::run(|| {
        limit(RLIMIT_NPROC, 3);
        threads::spawn(body, 0);
        threads::spawn(body, 0);
        become_user(USER);
        assert_eq!(sleeper(), Err(Errno::EAGAIN));
        0
    });
    assert_eq!(status, Status::Exited(0));
    // With them gone there is room.
    as_user(USER, RLIMIT_NPROC, 2, || end([sleeper().expect("fork")]));
}

pub fn a_user_with_too_many_threads_gets_no_program() {
    only_as_root();
    as_program(too_many_threads);
}

fn too_many_threads() {
    let (name, file) = Scratch::file("program", &sys::file::read(own_path()).expect("read"));
    assert_eq!(call!(fchmod(file.fd().0, 0o755)), Ok(0));
    drop(file);
    let start = |user| {
        child::run(|| {
            limit(RLIMIT_NPROC, 2);
            become_user(user);
            match process::exec(name.as_str(), &[b"suite", b"--child", b"status"], &[]) {
                Errno::EAGAIN => 1,
                other => panic!("{other:?}"),
            }
        })
    };
    let mut own: Vec<i32> = (0..3)
        .map(|_| {
            child::start(|| {
                become_user(USER);
                loop {
                    let _ = call!(pause());
                }
            })
        })
        .collect();
    while !own.iter().all(|pid| {
        let status = text(&alloc::format!("/proc/{pid}/status"));
        value(&status, "Uid").starts_with("4300\t4300")
    }) {
        call!(sched_yield()).ok();
    }
    assert_eq!((start(USER), start(OTHER)), (Status::Exited(1), Status::Exited(33)));
    end(own.drain(..2));
    assert_eq!(start(USER), Status::Exited(33));
    end(own);
}

fn queue() -> sys::Result<u32> {
    let info = Siginfo { code: SI_QUEUE, ..Siginfo::default() };
    call!(rt_sigqueueinfo(process::id(), SIGRTMIN, input(&info)))
}

fn block() {
    sys::signal::change_mask(SIG_BLOCK, SignalSet::of(SIGRTMIN)).expect("rt_sigprocmask");
}

pub fn signals_of_others_leave_room() {
    only_as_root();
    block();
    (0..20).for_each(|_| assert_eq!(queue(), Ok(0)));
    as_user(USER, RLIMIT_SIGPENDING, 4, || {
        (0..3).for_each(|_| assert_eq!(queue(), Ok(0)));
        let status = child::run(|| {
            assert_eq!((queue(), queue()), (Ok(0), Err(Errno::EAGAIN)));
            0
        });
        assert_eq!(status, Status::Exited(0));
        // What was kept for the child went with it; taken, a signal makes room.
        assert_eq!((queue(), queue()), (Ok(0), Err(Errno::EAGAIN)));
        assert_eq!(sys::signal::wait(SignalSet::of(SIGRTMIN)), Ok(SIGRTMIN));
        assert_eq!((queue(), queue()), (Ok(0), Err(Errno::EAGAIN)));
    });
}

fn kept() -> u32 {
    let status = text("/proc/self/status");
    let (kept, _) = value(&status, "SigQ").split_once('/').expect("two numbers");
    kept.parse().expect("a number")
}

pub fn kept_signals_are_those_of_the_real_user() {
    only_as_root();
    as_program(|| {
        block();
        (0..5).for_each(|_| assert_eq!(queue(), Ok(0)));
        as_user(USER, RLIMIT_SIGPENDING, 100, || {
            assert_eq!(kept(), 0);
            assert_eq!((queue(), queue()), (Ok(0), Ok(0)));
            assert_eq!(kept(), 2);
        });
        // What was kept for one user stays that one's.
        let status = child::run(|| {
            call!(setresuid32(USER, 0, 0)).expect("setresuid");
            assert_eq!((queue(), kept()), (Ok(0), 1));
            call!(setresuid32(OTHER, OTHER, OTHER)).expect("setresuid");
            assert_eq!(kept(), 0);
            assert_eq!(sys::signal::wait(SignalSet::of(SIGRTMIN)), Ok(SIGRTMIN));
            assert_eq!((queue(), kept()), (Ok(0), 1));
            0
        });
        assert_eq!(status, Status::Exited(0));
    });
}

pub fn timers_count_as_signals() {
    only_as_root();
    let create = || {
        let mut timer = 0;
        let none = sys::abi::UserPtr::NULL;
        call!(timer_create(CLOCK_MONOTONIC, none, output(&mut timer))).map(|_| timer)
    };
    as_user(USER, RLIMIT_SIGPENDING, 3, || {
        block();
        let timers = [create(), create()];
        assert_eq!((queue(), queue(), create()), (Ok(0), Err(Errno::EAGAIN), Err(Errno::EAGAIN)));
        for timer in timers {
            assert_eq!(call!(timer_delete(timer.expect("timer_create"))), Ok(0));
        }
        assert_eq!((queue(), queue(), queue()), (Ok(0), Ok(0), Err(Errno::EAGAIN)));
    });
}
