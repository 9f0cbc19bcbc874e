//! Timers of processor time.

use crate::child;
use crate::fault::{PAGE, unmap};
use crate::scratch::Scratch;
use crate::threads::{spawn, word};
use core::sync::atomic::{AtomicU32, Ordering::SeqCst};
use core::time::Duration;
use sys::abi::file::{FALLOC_FL_KEEP_SIZE, FALLOC_FL_PUNCH_HOLE};
use sys::abi::memory::{MAP_ANONYMOUS, MAP_SHARED, PROT_READ, PROT_WRITE};
use sys::abi::process::{RLIMIT_CPU, Rlimit};
use sys::abi::signal::*;
use sys::abi::time::*;
use sys::abi::{Plain, UserMutPtr};
use sys::signal::{Action, set_action};
use sys::syscall::{input, output};
use sys::time::{now, sleep};
use sys::wait::Status;

tests![
    they_count_what_is_used,
    all_threads_count,
    a_child_has_none_and_a_program_keeps_them,
    the_limit_warns_and_then_ends,
    a_timer_that_has_not_expired_interrupts_nothing,
];

static EXPIRIES: AtomicU32 = AtomicU32::new(0);

extern "C" fn count(_: i32) {
    EXPIRIES.fetch_add(1, SeqCst);
}

fn handle(signal: i32) {
    // SAFETY: the handler only counts.
    unsafe { set_action(signal, Action::Handler(count), SA_RESTART, SignalSet::EMPTY) }
        .expect("rt_sigaction");
}

const fn time(milliseconds: i32) -> Timeval {
    Timeval { sec: milliseconds / 1000, usec: milliseconds % 1000 * 1000 }
}

fn set(which: i32, value: i32, interval: i32) {
    let timer = Itimerval { interval: time(interval), value: time(value) };
    call!(setitimer(which, input(&timer), UserMutPtr::NULL)).expect("setitimer");
}

/// Milliseconds left, and between expiries.
fn get(which: i32) -> (i32, i32) {
    let mut found = Itimerval::ZERO;
    call!(getitimer(which, output(&mut found))).expect("getitimer");
    let milliseconds = |time: Timeval| time.sec * 1000 + (time.usec + 999) / 1000;
    (milliseconds(found.value), milliseconds(found.interval))
}

/// Uses the processor until there have been so many expiries.
fn work_until(expiries: u32) {
    let start = now();
    while EXPIRIES.load(SeqCst) < expiries {
        assert!(now() - start < Duration::from_secs(60), "{}", EXPIRIES.load(SeqCst));
    }
}

pub fn they_count_what_is_used() {
    for (which, signal) in [(ITIMER_VIRTUAL, SIGVTALRM), (ITIMER_PROF, SIGPROF)] {
        EXPIRIES.store(0, SeqCst);
        handle(signal);
        set(which, 50, 20);
        sleep(Duration::from_millis(150));
        assert_eq!(EXPIRIES.load(SeqCst), 0);
        let (left, interval) = get(which);
        assert!((1..=70).contains(&left) && interval == 20, "{left} {interval}");
        work_until(3);
        set(which, 0, 20);
        assert_eq!(get(which), (0, 20));
    }
}

pub fn all_threads_count() {
    extern "C" fn works(_: u32) -> i32 {
        work_until(1);
        0
    }
    handle(SIGPROF);
    set(ITIMER_PROF, 30, 0);
    spawn(works, 0).join();
    assert_eq!((EXPIRIES.load(SeqCst), get(ITIMER_PROF)), (1, (0, 0)));
}

pub fn a_child_has_none_and_a_program_keeps_them() {
    set(ITIMER_VIRTUAL, 60_000, 0);
    let status = child::run(|| i32::from(get(ITIMER_VIRTUAL) != (0, 0)));
    assert_eq!(status, Status::Exited(0));
    set(ITIMER_VIRTUAL, 0, 0);
    let status = child::run(|| {
        set(ITIMER_PROF, 20, 0);
        let own = sys::env::args().next().expect("argument 0");
        panic!("{:?}", sys::process::exec(own, &[own, b"--child", b"work"], &[]))
    });
    assert_eq!(status, Status::Signaled(SIGPROF));
}

pub fn the_limit_warns_and_then_ends() {
    let flags = MAP_SHARED | MAP_ANONYMOUS;
    let shared = call!(mmap2(0, PAGE, PROT_READ | PROT_WRITE, flags, -1, 0)).expect("mmap2");
    let status = child::run(|| {
        handle(SIGXCPU);
        let limit = Rlimit { cur: 1, max: 2 };
        call!(setrlimit(RLIMIT_CPU, input(&limit))).expect("setrlimit");
        // Inherited, and counted from the beginning.
        let status = child::run(|| {
            loop {
                word(shared).store(EXPIRIES.load(SeqCst), SeqCst);
            }
        });
        i32::from(status != Status::Signaled(SIGKILL))
    });
    assert_eq!(status, Status::Exited(0));
    assert_eq!(word(shared).load(SeqCst), 1);
    unmap(shared, 1);
}

pub fn a_timer_that_has_not_expired_interrupts_nothing() {
    const LENGTH: i64 = 16 << 20;
    let (_name, file) = Scratch::file("timed", b"");
    let ticks = || call!(times(UserMutPtr::NULL)).expect("times");
    let allocate = |mode| call!(fallocate(file.fd().0, mode, 0, LENGTH));
    set(ITIMER_PROF, 3_600_000, 0);
    // Long enough for some of them to end in the middle.
    let start = ticks();
    while ticks().wrapping_sub(start) < 30 {
        assert_eq!(allocate(0), Ok(0));
        assert_eq!(allocate(FALLOC_FL_KEEP_SIZE | FALLOC_FL_PUNCH_HOLE), Ok(0));
    }
    set(ITIMER_PROF, 0, 0);
}
