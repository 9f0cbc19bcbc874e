//! Clocks of processor time: whose they are, and timers and sleeps by them.

use crate::child;
use crate::harness::limit_time;
use crate::scratch::Scratch;
use crate::threads::{self, spawn};
use core::sync::atomic::{AtomicU32, Ordering::SeqCst};
use core::time::Duration;
use sys::Errno;
use sys::abi::process::{P_PID, RLIMIT_SIGPENDING, Rlimit64, WEXITED, WNOWAIT};
use sys::abi::signal::*;
use sys::abi::time::*;
use sys::abi::{Plain, UserMutPtr};
use sys::process;
use sys::signal::{self, Action, set_action};
use sys::syscall::{input, output};
use sys::time::{now, sleep};
use sys::wait::Status;

tests![
    processes_and_own_threads_have_clocks,
    a_timer_goes_by_what_is_used,
    a_threads_timer_counts_nobody_else,
    its_signal_counts_what_was_passed_over,
    a_silent_timer_only_runs,
    a_signal_that_is_blocked_ends_no_call,
    a_timer_may_go_by_anothers_time,
    sleeping_while_others_work,
    a_signal_ends_the_sleep_and_says_what_is_left,
    a_thread_that_has_ended_has_no_time,
    a_process_has_time_until_it_is_waited_for,
    many_alarms_on_anothers_clock,
    the_smallest_step_of_a_clock,
    clocks_that_are_none,
];

const MILLISECOND: i32 = 1_000_000;
/// More than any id.
const NOBODY: i32 = 0x0800_0000;
const LONGEST: Duration = Duration::from_secs(30);

/// As `clock_getcpuclockid` makes it; 0 is the caller.
pub const fn of_process(pid: i32) -> i32 {
    !pid << 3 | 2
}

/// As `pthread_getcpuclockid` makes it.
pub const fn of_thread(tid: i32) -> i32 {
    !tid << 3 | 6
}

fn read(clock: i32) -> Result<Duration, Errno> {
    let mut time = Timespec64::ZERO;
    call!(clock_gettime64(clock, output(&mut time)))?;
    Ok(Duration::new(time.sec.cast_unsigned(), time.nsec as u32))
}

fn milliseconds(milliseconds: u64) -> Duration {
    Duration::from_millis(milliseconds)
}

/// Uses the processor until a clock has gone on so far.
fn work(clock: i32, length: u64) {
    let (start, until) = (now(), read(clock).expect("clock_gettime") + milliseconds(length));
    while read(clock).expect("clock_gettime") < until {
        assert!(now() - start < LONGEST, "no processor time");
    }
}

fn span(time: Duration) -> Timespec {
    Timespec { sec: time.as_secs() as i32, nsec: time.subsec_nanos().cast_signed() }
}

fn create(clock: i32, notify: i32) -> Result<i32, Errno> {
    let tid = call!(gettid())?.cast_signed();
    let event = Sigevent { value: 0xabcd, signo: SIGUSR1, notify, tid, ..Sigevent::ZERO };
    let mut timer = -1;
    call!(timer_create(clock, input(&event), output(&mut timer)))?;
    Ok(timer)
}

fn set_to(timer: i32, flags: u32, value: Duration, interval: u64) -> Result<Itimerspec, Errno> {
    let new = Itimerspec { interval: span(milliseconds(interval)), value: span(value) };
    let mut old = Itimerspec::ZERO;
    call!(timer_settime(timer, flags, input(&new), output(&mut old)))?;
    Ok(old)
}

fn set(timer: i32, value: u64, interval: u64) -> Result<Itimerspec, Errno> {
    set_to(timer, 0, milliseconds(value), interval)
}

/// Milliseconds to the next expiry, rounded up.
fn left(timer: i32) -> i32 {
    let mut now = Itimerspec::ZERO;
    assert_eq!(call!(timer_gettime(timer, output(&mut now))), Ok(0));
    now.value.sec * 1000 + (now.value.nsec + MILLISECOND - 1) / MILLISECOND
}

fn block() {
    signal::change_mask(SIG_BLOCK, SignalSet::of(SIGUSR1)).expect("rt_sigprocmask");
}

/// Takes SIGUSR1, if it comes within a time.
fn take(within: Duration) -> Result<Siginfo, Errno> {
    let (set, timeout) = (SignalSet::of(SIGUSR1), span(within));
    let mut info = Siginfo::ZERO;
    call!(rt_sigtimedwait(input(&set), output(&mut info), input(&timeout), 8))?;
    Ok(info)
}

/// Sleeps by a clock; what is left.
fn sleep_by(clock: i32, flags: u32, time: Duration) -> (Result<u32, Errno>, Timespec) {
    let mut left = Timespec::ZERO;
    (call!(clock_nanosleep(clock, flags, input(&span(time)), output(&mut left))), left)
}

/// A child that works until it is killed.
struct Worker(i32);

impl Worker {
    fn start() -> Self {
        Self(child::start(|| {
            loop {
                core::hint::spin_loop();
            }
        }))
    }

    fn kill(self) {
        process::kill(self.0, SIGKILL).expect("kill");
        assert_eq!(child::wait(self.0), Status::Signaled(SIGKILL));
    }
}

static STOP: AtomicU32 = AtomicU32::new(0);

extern "C" fn works(_: u32) -> i32 {
    while STOP.load(SeqCst) == 0 {
        core::hint::spin_loop();
    }
    0
}

/// Runs `test` while another thread works.
fn beside_work(test: impl FnOnce(i32)) {
    let thread = spawn(works, 0);
    test(thread.tid);
    STOP.store(1, SeqCst);
    thread.join();
}

pub fn processes_and_own_threads_have_clocks() {
    let worker = Worker::start();
    let (theirs, start) = (of_process(worker.0), now());
    while read(theirs).expect("clock_gettime") < milliseconds(30) {
        assert!(now() - start < LONGEST);
        sleep(milliseconds(10));
    }
    assert_eq!(read(of_thread(worker.0)), Err(Errno::EINVAL), "another's thread");
    worker.kill();
    assert_eq!(read(theirs), Err(Errno::EINVAL));
    beside_work(|tid| {
        work(of_thread(tid), 20);
        assert_eq!(read(of_process(tid)), Err(Errno::EINVAL), "a thread, but not the caller");
        let all = read(of_process(process::id())).expect("clock_gettime");
        assert!(all >= read(of_thread(tid)).expect("clock_gettime"));
    });
    work(of_process(0) & !3 | 1, 20);
    work(of_thread(0), 10);
    assert_eq!(read(of_process(NOBODY)), Err(Errno::EINVAL));
    for bad in [of_process(0) | 3, of_thread(0) | 3] {
        assert_eq!(read(bad), Err(Errno::EINVAL));
        assert_eq!(call!(clock_getres(bad, UserMutPtr::NULL)), Err(Errno::EINVAL));
    }
    assert_eq!(call!(clock_getres(of_process(process::id()), UserMutPtr::NULL)), Ok(0));
    assert_eq!(call!(clock_getres(of_thread(NOBODY), UserMutPtr::NULL)), Err(Errno::EINVAL));
}

pub fn a_timer_goes_by_what_is_used() {
    block();
    let own = process::id();
    let numbered = [of_process(own), of_thread(own), of_process(0)];
    for clock in [CLOCK_PROCESS_CPUTIME_ID, CLOCK_THREAD_CPUTIME_ID].into_iter().chain(numbered) {
        let timer = create(clock, SIGEV_THREAD_ID).expect("timer_create");
        let start = read(clock).expect("clock_gettime");
        assert_eq!(set(timer, 40, 0), Ok(Itimerspec::ZERO));
        let (early, rest) = (take(milliseconds(60)), left(timer));
        // Waiting uses so much on a very slow machine only.
        if read(clock).expect("clock_gettime") < start + milliseconds(40) {
            assert_eq!(early.as_ref().err(), Some(&Errno::EAGAIN));
            assert!((1..=40).contains(&rest), "{rest}");
        }
        let info = early.or_else(|_| {
            work(clock, 60);
            take(LONGEST)
        });
        let info = info.expect("rt_sigtimedwait");
        assert_eq!((info.signo, info.code), (SIGUSR1, SI_TIMER));
        assert_eq!(info.fields[..4], [timer.cast_unsigned(), 0, 0xabcd, 0]);
        assert_eq!(left(timer), 0);
        // A time that the clock has passed.
        set_to(timer, TIMER_ABSTIME, Duration::from_nanos(1), 0).expect("timer_settime");
        take(LONGEST).expect("rt_sigtimedwait");
        assert_eq!(call!(timer_delete(timer)), Ok(0));
    }
}

pub fn a_threads_timer_counts_nobody_else() {
    block();
    let timer = create(CLOCK_THREAD_CPUTIME_ID, SIGEV_SIGNAL).expect("timer_create");
    set(timer, 500, 0).expect("timer_settime");
    beside_work(|tid| {
        let start = now();
        while read(of_thread(tid)).expect("clock_gettime") < milliseconds(700) {
            assert!(now() - start < LONGEST);
            sleep(milliseconds(20));
        }
        assert_eq!(take(Duration::ZERO).err(), Some(Errno::EAGAIN));
        assert!(left(timer) > 0);
    });
}

pub fn its_signal_counts_what_was_passed_over() {
    block();
    let timer = create(CLOCK_PROCESS_CPUTIME_ID, SIGEV_SIGNAL).expect("timer_create");
    set(timer, 10, 10).expect("timer_settime");
    for _ in 0..2 {
        work(CLOCK_PROCESS_CPUTIME_ID, 100);
        let info = take(LONGEST).expect("rt_sigtimedwait");
        assert!(info.fields[1] >= 5, "{}", info.fields[1]);
        assert_eq!(call!(timer_getoverrun(timer)), Ok(info.fields[1]));
    }
    set(timer, 0, 0).expect("timer_settime");
    assert_eq!(left(timer), 0);
    assert_eq!(call!(timer_delete(timer)), Ok(0));
}

pub fn a_silent_timer_only_runs() {
    let timer = create(CLOCK_PROCESS_CPUTIME_ID, SIGEV_NONE).expect("timer_create");
    set(timer, 100_000, 7).expect("timer_settime");
    work(CLOCK_PROCESS_CPUTIME_ID, 50);
    assert!((90_000..=99_951).contains(&left(timer)), "{}", left(timer));
    let old = set(timer, 5, 0).expect("timer_settime");
    assert!((90..100).contains(&{ old.value }.sec) && { old.interval }.nsec == 7 * MILLISECOND);
}

/// Nor does word of its timer, wherever the tick meets the process.
pub fn a_signal_that_is_blocked_ends_no_call() {
    const LENGTH: i64 = 8 << 20;
    let (_name, file) = Scratch::file("blocked", b"");
    block();
    let own = of_process(0);
    let timer = create(own, SIGEV_SIGNAL).expect("timer_create");
    set(timer, 1, 1).expect("timer_settime");
    let until = read(own).expect("clock_gettime") + milliseconds(300);
    let mut taken = 0;
    while read(own).expect("clock_gettime") < until {
        match call!(fallocate(file.fd().0, 0, 0, LENGTH)) {
            Err(Errno::EOPNOTSUPP) => skip!("a filesystem without fallocate"),
            done => assert_eq!(done, Ok(0)),
        }
        file.set_len(0).expect("ftruncate");
        taken += u32::from(take(Duration::ZERO).is_ok());
    }
    assert_ne!(taken, 0);
}

pub fn a_timer_may_go_by_anothers_time() {
    block();
    let worker = Worker::start();
    let clock = of_process(worker.0);
    let timer = create(clock, SIGEV_SIGNAL).expect("timer_create");
    set_to(timer, TIMER_ABSTIME, milliseconds(50), 20).expect("timer_settime");
    for expected in [50, 70] {
        take(LONGEST).expect("rt_sigtimedwait");
        assert!(read(clock).expect("clock_gettime") >= milliseconds(expected));
    }
    worker.kill();
    assert_eq!(call!(timer_delete(timer)), Ok(0));
}

pub fn sleeping_while_others_work() {
    beside_work(|_| {
        for clock in [CLOCK_PROCESS_CPUTIME_ID, of_process(0), of_process(process::id())] {
            let start = read(clock).expect("clock_gettime");
            assert_eq!(sleep_by(clock, 0, milliseconds(50)).0, Ok(0));
            let until = start + milliseconds(80);
            assert!(read(clock).expect("clock_gettime") >= start + milliseconds(50));
            assert_eq!(sleep_by(clock, TIMER_ABSTIME, until).0, Ok(0));
            assert!(read(clock).expect("clock_gettime") >= until);
            // A time that has passed, and no time.
            assert_eq!(sleep_by(clock, TIMER_ABSTIME, start).0, Ok(0));
            assert_eq!(sleep_by(clock, 0, Duration::ZERO).0, Ok(0));
        }
    });
    let worker = Worker::start();
    let clock = of_process(worker.0);
    assert_eq!(sleep_by(clock, TIMER_ABSTIME, milliseconds(40)).0, Ok(0));
    assert!(read(clock).expect("clock_gettime") >= milliseconds(40));
    worker.kill();
}

pub fn a_signal_ends_the_sleep_and_says_what_is_left() {
    extern "C" fn nothing(_: i32) {}
    // SAFETY: the handler does nothing.
    unsafe { set_action(SIGALRM, Action::Handler(nothing), 0, SignalSet::EMPTY) }
        .expect("rt_sigaction");
    for flags in [0, TIMER_ABSTIME] {
        // Again and again: the first may come before the sleep.
        let after = Timeval { sec: 0, usec: 30_000 };
        let timer = Itimerval { interval: after, value: after };
        call!(setitimer(ITIMER_REAL, input(&timer), UserMutPtr::NULL)).expect("setitimer");
        let (result, left) = sleep_by(CLOCK_PROCESS_CPUTIME_ID, flags, Duration::from_secs(100));
        assert_eq!(result, Err(Errno::EINTR));
        // Until a time, nothing is said.
        let expected = if flags == 0 { 98..=100 } else { 0..=0 };
        assert!(expected.contains(&{ left.sec }), "{}", { left.sec });
    }
    let never = Itimerval { interval: Timeval::ZERO, value: Timeval::ZERO };
    call!(setitimer(ITIMER_REAL, input(&never), UserMutPtr::NULL)).expect("setitimer");
    // SAFETY: no handler.
    unsafe { set_action(SIGALRM, Action::Default, 0, SignalSet::EMPTY) }.expect("rt_sigaction");
    limit_time();
}

pub fn a_thread_that_has_ended_has_no_time() {
    extern "C" fn ends(_: u32) -> i32 {
        while STOP.load(SeqCst) == 0 {
            sleep(milliseconds(1));
        }
        0
    }
    let thread = threads::spawn(ends, 0);
    let timer = create(of_thread(thread.tid), SIGEV_SIGNAL).expect("timer_create");
    assert_eq!(set(timer, 1000, 0), Ok(Itimerspec::ZERO));
    STOP.store(1, SeqCst);
    thread.join();
    // Its id goes a moment after it has told.
    let start = now();
    while set(timer, 1000, 0).is_ok() {
        assert!(now() - start < LONGEST);
    }
    assert_eq!(set(timer, 1000, 0), Err(Errno::ESRCH));
    assert_eq!(left(timer), 0);
    assert_eq!(call!(timer_delete(timer)), Ok(0));
}

pub fn a_process_has_time_until_it_is_waited_for() {
    let worker = Worker::start();
    let clock = of_process(worker.0);
    let timer = create(clock, SIGEV_NONE).expect("timer_create");
    assert_eq!(set(timer, 100_000, 0), Ok(Itimerspec::ZERO));
    process::kill(worker.0, SIGKILL).expect("kill");
    let (mut info, options) = (Siginfo::ZERO, WEXITED | WNOWAIT);
    call!(waitid(P_PID, worker.0, output(&mut info), options, UserMutPtr::NULL)).expect("waitid");
    assert!(left(timer) > 0 && read(clock).is_ok());
    assert!(set(timer, 100_000, 0).is_ok_and(|old| { old.value }.sec > 0));
    assert_eq!(child::wait(worker.0), Status::Signaled(SIGKILL));
    assert_eq!(set(timer, 100_000, 0), Err(Errno::ESRCH));
    assert_eq!(left(timer), 0);
    assert_eq!(create(clock, SIGEV_NONE), Err(Errno::EINVAL));
    assert_eq!(read(clock), Err(Errno::EINVAL));
    assert_eq!(call!(timer_delete(timer)), Ok(0));
}

pub fn many_alarms_on_anothers_clock() {
    const MANY: usize = 2000;
    let limit = Rlimit64 { cur: 4000, max: 4000 };
    let room = call!(prlimit64(0, RLIMIT_SIGPENDING, input(&limit), UserMutPtr::NULL));
    room.expect("prlimit64");
    block();
    let worker = Worker::start();
    let clock = of_process(worker.0);
    let mut timers = [0; MANY];
    for (index, timer) in (0..).zip(&mut timers) {
        *timer = create(clock, SIGEV_NONE).expect("timer_create");
        // The later one is made, the earlier it is due.
        assert_eq!(set(*timer, 100_000 - index, 0), Ok(Itimerspec::ZERO));
    }
    let first = create(clock, SIGEV_SIGNAL).expect("timer_create");
    set(first, 20, 0).expect("timer_settime");
    assert_eq!(take(LONGEST).expect("rt_sigtimedwait").fields[0], first.cast_unsigned());
    for timer in timers {
        assert!((1..=100_000).contains(&left(timer)), "{}", left(timer));
    }
    // All at once: each has its turn.
    let soon = read(clock).expect("clock_gettime") + milliseconds(50);
    for timer in timers {
        set_to(timer, TIMER_ABSTIME, soon, 0).expect("timer_settime");
    }
    let start = now();
    for timer in timers {
        while left(timer) != 0 {
            assert!(now() - start < LONGEST, "an alarm was forgotten");
            sleep(milliseconds(10));
        }
    }
    for timer in timers.iter().skip(1).step_by(2) {
        assert_eq!(call!(timer_delete(*timer)), Ok(0));
    }
    for timer in timers.iter().step_by(2) {
        set(*timer, 100_000, 1).expect("timer_settime");
    }
    // The rest goes with this process, after the clock's.
    worker.kill();
}

pub fn the_smallest_step_of_a_clock() {
    let step = |clock| {
        let mut step = Timespec::ZERO;
        call!(clock_getres(clock, output(&mut step))).map(|_| (step.sec, step.nsec))
    };
    let tick = step(CLOCK_MONOTONIC_COARSE).expect("clock_getres");
    assert_eq!(tick.0, 0);
    assert!(tick.1 >= MILLISECOND);
    // CPUCLOCK_PROF, CPUCLOCK_VIRT and CPUCLOCK_SCHED.
    for own in [of_process(process::id()), of_process(0), of_thread(0)] {
        let steps = [own & !3, own & !3 | 1, own].map(step);
        assert_eq!(steps, [Ok(tick), Ok(tick), Ok((0, 1))], "{own}");
    }
    for clock in [CLOCK_PROCESS_CPUTIME_ID, CLOCK_THREAD_CPUTIME_ID] {
        assert_eq!(step(clock), Ok((0, 1)));
    }
    for nobody in [of_process(NOBODY), of_process(NOBODY) & !3, of_process(NOBODY) & !3 | 1] {
        assert_eq!(step(nobody), Err(Errno::EINVAL));
    }
}

pub fn clocks_that_are_none() {
    let short = milliseconds(1);
    let own = of_thread(process::id());
    let errors = [
        (of_process(NOBODY), Errno::EINVAL, Errno::EINVAL),
        (of_thread(NOBODY), Errno::EINVAL, Errno::EINVAL),
        (of_thread(0) | 3, Errno::EINVAL, Errno::EINVAL),
        (of_process(0) | 3, Errno::EOPNOTSUPP, Errno::EOPNOTSUPP),
    ];
    for (clock, slept, created) in errors {
        assert_eq!(sleep_by(clock, 0, short).0, Err(slept), "{clock}");
        assert_eq!(create(clock, SIGEV_SIGNAL).err(), Some(created), "{clock}");
    }
    assert_eq!(sleep_by(own, 0, short).0, Err(Errno::EINVAL), "it would never end");
    assert_eq!(sleep_by(of_thread(0), 0, short).0, Err(Errno::EINVAL));
    assert_eq!(sleep_by(CLOCK_THREAD_CPUTIME_ID, 0, short).0, Err(Errno::EOPNOTSUPP));
    let bad = Timespec { sec: 0, nsec: -1 };
    let null = UserMutPtr::NULL;
    assert_eq!(call!(clock_nanosleep(own, 0, input(&bad), null)), Err(Errno::EINVAL));
    let nowhere = sys::abi::UserPtr::new(8);
    assert_eq!(call!(clock_nanosleep(of_process(NOBODY), 0, nowhere, null)), Err(Errno::EFAULT));
    assert_eq!(
        create(of_process(1), SIGEV_SIGNAL).map(|timer| call!(timer_delete(timer))),
        Ok(Ok(0))
    );
}
