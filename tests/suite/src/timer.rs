//! Timers of `timer_create`.

use crate::child;
use crate::harness::on_folio;
use alloc::vec::Vec;
use core::sync::atomic::{AtomicU32, Ordering::SeqCst};
use core::time::Duration;
use sys::Errno;
use sys::abi::signal::*;
use sys::abi::time::*;
use sys::abi::{Plain, UserMutPtr, UserPtr};
use sys::process;
use sys::signal::{self, Action, set_action};
use sys::syscall::{input, output};
use sys::time::sleep;
use sys::wait::Status;

tests![
    a_timer_sends_its_signal_once,
    a_signal_counts_what_its_timer_passed_over,
    a_repeating_timer_goes_on_until_it_is_deleted,
    however_often_it_is_set_one_signal_waits,
    a_deleted_timers_signal_is_gone,
    without_an_event_it_is_sigalrm,
    a_silent_timer_only_runs,
    absolute_times_count_from_the_clocks_start,
    setting_a_timer_again_tells_what_was_left,
    timers_stay_behind,
    their_signals_go_with_the_program,
    turned_off_a_timer_has_no_interval,
    a_signal_that_looks_like_a_timers_is_none,
    requests_that_make_no_sense,
];

const MILLISECOND: i32 = 1_000_000;

fn event(notify: i32, signo: i32, value: u32) -> Sigevent {
    Sigevent { value, signo, notify, ..Sigevent::ZERO }
}

fn create(clock: i32, event: &Sigevent) -> Result<i32, Errno> {
    let mut timer = -1;
    call!(timer_create(clock, input(event), output(&mut timer)))?;
    Ok(timer)
}

fn span(milliseconds: i32) -> Timespec {
    Timespec { sec: milliseconds / 1000, nsec: milliseconds % 1000 * MILLISECOND }
}

fn set(timer: i32, value: i32, interval: i32) -> Result<Itimerspec, Errno> {
    let new = Itimerspec { interval: span(interval), value: span(value) };
    let mut old = Itimerspec::ZERO;
    call!(timer_settime(timer, 0, input(&new), output(&mut old)))?;
    Ok(old)
}

/// Milliseconds to the next expiry, rounded up, and between expiries.
fn get(timer: i32) -> (i32, i32) {
    let mut now = Itimerspec::ZERO;
    assert_eq!(call!(timer_gettime(timer, output(&mut now))), Ok(0));
    let milliseconds =
        |time: Timespec| time.sec * 1000 + (time.nsec + MILLISECOND - 1) / MILLISECOND;
    (milliseconds(now.value), milliseconds(now.interval))
}

fn block(signal: i32) {
    signal::change_mask(SIG_BLOCK, SignalSet::of(signal)).expect("rt_sigprocmask");
}

/// Takes a pending signal, waiting some seconds for it.
fn take(signal: i32) -> Result<Siginfo, Errno> {
    let (set, timeout) = (SignalSet::of(signal), span(5000));
    let mut info = Siginfo::ZERO;
    call!(rt_sigtimedwait(input(&set), output(&mut info), input(&timeout), 8))?;
    Ok(info)
}

pub fn a_timer_sends_its_signal_once() {
    block(SIGUSR1);
    for clock in [CLOCK_REALTIME, CLOCK_MONOTONIC, CLOCK_BOOTTIME] {
        let timer = create(clock, &event(SIGEV_SIGNAL, SIGUSR1, 0xabcd)).expect("timer_create");
        let start = sys::time::now();
        assert_eq!(set(timer, 30, 0), Ok(Itimerspec::ZERO));
        let (left, interval) = get(timer);
        assert!((1..=30).contains(&left) && interval == 0, "{left} {interval}");
        let info = take(SIGUSR1).expect("rt_sigtimedwait");
        assert!(sys::time::now() - start >= Duration::from_millis(29));
        assert_eq!((info.signo, info.code), (SIGUSR1, SI_TIMER));
        assert_eq!(info.fields[..4], [timer.cast_unsigned(), 0, 0xabcd, 0]);
        assert_eq!(get(timer), (0, 0));
        assert_eq!(call!(timer_delete(timer)), Ok(0));
        assert_eq!(call!(timer_delete(timer)), Err(Errno::EINVAL));
    }
}

pub fn a_signal_counts_what_its_timer_passed_over() {
    block(SIGUSR1);
    let timer = create(CLOCK_MONOTONIC, &event(SIGEV_SIGNAL, SIGUSR1, 1)).expect("timer_create");
    set(timer, 5, 5).expect("timer_settime");
    for _ in 0..2 {
        sleep(Duration::from_millis(60));
        let info = take(SIGUSR1).expect("rt_sigtimedwait");
        assert!(info.fields[1] >= 5, "{}", info.fields[1]);
        assert_eq!(call!(timer_getoverrun(timer)), Ok(info.fields[1]));
    }
    // Off, and what is pending is of no account.
    set(timer, 0, 0).expect("timer_settime");
    assert_eq!(get(timer), (0, 0));
    assert_eq!(call!(timer_delete(timer)), Ok(0));
}

static COUNT: AtomicU32 = AtomicU32::new(0);

extern "C" fn count(_: i32) {
    COUNT.fetch_add(1, SeqCst);
}

fn handle(signal: i32) {
    // SAFETY: the handler counts.
    unsafe { set_action(signal, Action::Handler(count), 0, SignalSet::EMPTY) }
        .expect("rt_sigaction");
}

pub fn a_repeating_timer_goes_on_until_it_is_deleted() {
    handle(SIGRTMIN);
    let event = event(SIGEV_SIGNAL, SIGRTMIN, 0);
    let timers = [4, 7].map(|interval| {
        let timer = create(CLOCK_MONOTONIC, &event).expect("timer_create");
        set(timer, interval, interval).expect("timer_settime");
        timer
    });
    while COUNT.load(SeqCst) < 20 {
        sleep(Duration::from_millis(10));
    }
    for timer in timers {
        let (left, interval) = get(timer);
        assert!(left >= 0 && left <= interval, "{left} of {interval}");
        assert_eq!(call!(timer_delete(timer)), Ok(0));
    }
    sleep(Duration::from_millis(10));
    let last = COUNT.load(SeqCst);
    sleep(Duration::from_millis(30));
    assert_eq!(COUNT.load(SeqCst), last);
}

/// Takes all instances of a blocked signal that are pending now.
fn drain(signal: i32) -> Vec<Siginfo> {
    let (set, at_once) = (SignalSet::of(signal), Timespec::ZERO);
    core::iter::from_fn(|| {
        let mut info = Siginfo::ZERO;
        let taken = call!(rt_sigtimedwait(input(&set), output(&mut info), input(&at_once), 8));
        taken.ok().map(|_| info)
    })
    .collect()
}

fn await_pending(signal: i32) {
    while !signal::pending().expect("rt_sigpending").contains(signal) {
        sleep(Duration::from_millis(1));
    }
}

pub fn however_often_it_is_set_one_signal_waits() {
    block(SIGRTMIN);
    let timer = create(CLOCK_MONOTONIC, &event(SIGEV_SIGNAL, SIGRTMIN, 5)).expect("create");
    for _ in 0..10 {
        set(timer, 1, 0).expect("set");
        await_pending(SIGRTMIN);
        sleep(Duration::from_millis(3));
    }
    let taken = drain(SIGRTMIN);
    assert_eq!(taken.len(), 1, "{taken:?}");
    // The one that waits counts for the last setting.
    set(timer, 1, 0).expect("set");
    await_pending(SIGRTMIN);
    set(timer, 1, 1).expect("set");
    sleep(Duration::from_millis(30));
    let [info] = drain(SIGRTMIN)[..] else { panic!("not one signal") };
    assert!({ info.fields }[1] >= 5, "{info:?}");
    await_pending(SIGRTMIN);
    assert_eq!(call!(timer_delete(timer)), Ok(0));
}

pub fn a_deleted_timers_signal_is_gone() {
    if !on_folio() {
        skip!("it depends on the version of Linux");
    }
    block(SIGRTMIN);
    process::kill(process::id(), SIGRTMIN).expect("kill");
    for notify in [SIGEV_SIGNAL, SIGEV_THREAD_ID] {
        let event = Sigevent { tid: process::id(), ..event(notify, SIGRTMIN, 5) };
        for _ in 0..5 {
            let timer = create(CLOCK_MONOTONIC, &event).expect("create");
            set(timer, 1, 0).expect("set");
            sleep(Duration::from_millis(3));
            assert_eq!(call!(timer_delete(timer)), Ok(0));
        }
    }
    // Nobody else's goes with it.
    let codes: Vec<i32> = drain(SIGRTMIN).iter().map(|info| info.code).collect();
    assert_eq!(codes, [SI_USER]);
}

pub fn without_an_event_it_is_sigalrm() {
    block(SIGALRM);
    let mut timer = -1;
    let made = call!(timer_create(CLOCK_MONOTONIC, UserPtr::NULL, output(&mut timer)));
    assert_eq!(made, Ok(0));
    set(timer, 1, 0).expect("timer_settime");
    let info = take(SIGALRM).expect("rt_sigtimedwait");
    assert_eq!((info.code, info.fields[2]), (SI_TIMER, timer.cast_unsigned()));
}

pub fn a_silent_timer_only_runs() {
    let timer = create(CLOCK_MONOTONIC, &event(SIGEV_NONE, 0, 0)).expect("timer_create");
    set(timer, 40, 0).expect("timer_settime");
    let (left, _) = get(timer);
    assert!((1..=40).contains(&left), "{left}");
    sleep(Duration::from_millis(50));
    assert_eq!(get(timer), (0, 0));
    set(timer, 20, 1000).expect("timer_settime");
    sleep(Duration::from_millis(30));
    let (left, interval) = get(timer);
    assert!((900..=1000).contains(&left) && interval == 1000, "{left}");
}

pub fn absolute_times_count_from_the_clocks_start() {
    block(SIGUSR1);
    for clock in [CLOCK_REALTIME, CLOCK_MONOTONIC] {
        let timer = create(clock, &event(SIGEV_SIGNAL, SIGUSR1, 0)).expect("timer_create");
        for ahead in [30, -1000] {
            let mut now = Timespec64::ZERO;
            assert_eq!(call!(clock_gettime64(clock, output(&mut now))), Ok(0));
            let at = (now.sec * 1000 + now.nsec / i64::from(MILLISECOND) + ahead).max(1);
            let value = Timespec64 { sec: at / 1000, nsec: at % 1000 * i64::from(MILLISECOND) };
            let new = Itimerspec64 { interval: Timespec64::ZERO, value };
            let null = UserMutPtr::NULL;
            assert_eq!(call!(timer_settime64(timer, TIMER_ABSTIME, input(&new), null)), Ok(0));
            let mut left = Itimerspec64::ZERO;
            assert_eq!(call!(timer_gettime64(timer, output(&mut left))), Ok(0));
            assert!({ left.value }.sec == 0);
            take(SIGUSR1).expect("rt_sigtimedwait");
        }
    }
}

pub fn setting_a_timer_again_tells_what_was_left() {
    let timer = create(CLOCK_MONOTONIC, &event(SIGEV_SIGNAL, SIGUSR1, 0)).expect("timer_create");
    set(timer, 100_000, 7).expect("timer_settime");
    let old = set(timer, 0, 3).expect("timer_settime");
    assert!((99..=100).contains(&{ old.value }.sec) && { old.interval }.nsec == 7 * MILLISECOND);
    // Off, whatever the interval.
    assert_eq!(get(timer).0, 0);
}

pub fn timers_stay_behind() {
    handle(SIGUSR1);
    let timer = create(CLOCK_MONOTONIC, &event(SIGEV_SIGNAL, SIGUSR1, 0)).expect("timer_create");
    set(timer, 20, 0).expect("timer_settime");
    let status = child::run(|| {
        assert_eq!(call!(timer_delete(timer)), Err(Errno::EINVAL));
        sleep(Duration::from_millis(40));
        COUNT.load(SeqCst).cast_signed()
    });
    assert_eq!(status, Status::Exited(0));
    assert_eq!(COUNT.load(SeqCst), 1);
}

pub fn requests_that_make_no_sense() {
    let good = event(SIGEV_SIGNAL, SIGUSR1, 0);
    assert_eq!(create(99, &good), Err(Errno::EINVAL));
    assert_eq!(create(CLOCK_MONOTONIC_RAW, &good), Err(Errno::EOPNOTSUPP));
    assert_eq!(create(CLOCK_REALTIME_COARSE, &good), Err(Errno::EOPNOTSUPP));
    for bad in [event(9, SIGUSR1, 0), event(SIGEV_SIGNAL, 0, 0), event(SIGEV_SIGNAL, 65, 0)] {
        assert_eq!(create(CLOCK_MONOTONIC, &bad), Err(Errno::EINVAL));
    }
    let stranger = Sigevent { tid: 1, ..event(SIGEV_THREAD_ID, SIGUSR1, 0) };
    assert_eq!(create(CLOCK_MONOTONIC, &stranger), Err(Errno::EINVAL));
    let null = UserMutPtr::new(8);
    let made = call!(timer_create(CLOCK_MONOTONIC, input(&good), null));
    assert_eq!(made, Err(Errno::EFAULT));
    assert_eq!(call!(timer_create(CLOCK_MONOTONIC, UserPtr::new(8), null)), Err(Errno::EFAULT));
    let own = Sigevent { tid: sys::process::id(), ..event(SIGEV_THREAD_ID, SIGUSR1, 0) };
    let timer = create(CLOCK_MONOTONIC, &own).expect("timer_create");
    let wrong = Itimerspec { interval: Timespec { sec: 0, nsec: -1 }, value: span(1) };
    let null = UserMutPtr::NULL;
    assert_eq!(call!(timer_settime(timer, 0, input(&wrong), null)), Err(Errno::EINVAL));
    assert_eq!(call!(timer_settime(timer, 0, UserPtr::NULL, null)), Err(Errno::EINVAL));
    assert_eq!(call!(timer_settime(timer, 0, UserPtr::new(8), null)), Err(Errno::EFAULT));
    assert_eq!(set(timer + 77, 1, 1), Err(Errno::EINVAL));
    assert_eq!(call!(timer_getoverrun(timer + 77)), Err(Errno::EINVAL));
    assert_eq!(call!(timer_gettime(-1, null)), Err(Errno::EINVAL));
    assert_eq!(call!(timer_gettime(timer, UserMutPtr::new(8))), Err(Errno::EFAULT));
}

pub fn their_signals_go_with_the_program() {
    let status = child::run(|| {
        block(SIGUSR1);
        block(SIGUSR2);
        let timer = create(CLOCK_MONOTONIC, &event(SIGEV_SIGNAL, SIGUSR1, 0)).expect("create");
        set(timer, 1, 0).expect("set");
        while !signal::pending().expect("rt_sigpending").contains(SIGUSR1) {
            sleep(Duration::from_millis(1));
        }
        process::kill(process::id(), SIGUSR2).expect("kill");
        let own = sys::env::args().next().expect("argument 0");
        panic!("{:?}", process::exec(own, &[own, b"--child", b"pending"], &[]))
    });
    // Only the other one is still pending.
    assert_eq!(status, Status::Exited(2));
}

pub fn turned_off_a_timer_has_no_interval() {
    let timer = create(CLOCK_MONOTONIC, &event(SIGEV_SIGNAL, SIGUSR1, 0)).expect("create");
    set(timer, 5000, 7000).expect("set");
    set(timer, 0, 3000).expect("set");
    assert_eq!(get(timer), (0, 0));
}

pub fn a_signal_that_looks_like_a_timers_is_none() {
    block(SIGUSR1);
    block(SIGUSR2);
    let timer = create(CLOCK_MONOTONIC, &event(SIGEV_SIGNAL, SIGUSR1, 7)).expect("create");
    set(timer, 1, 1).expect("set");
    sleep(Duration::from_millis(50));
    let mut forged = Siginfo { signo: SIGUSR2, code: SI_TIMER, ..Siginfo::ZERO };
    (forged.fields[0], forged.fields[3]) = (timer.cast_unsigned(), 1);
    call!(rt_sigqueueinfo(process::id(), SIGUSR2, input(&forged))).expect("rt_sigqueueinfo");
    let found = take(SIGUSR2).expect("rt_sigtimedwait");
    assert_eq!((found.code, { found.fields }[1]), (SI_TIMER, 0));
    assert_eq!(call!(timer_getoverrun(timer)), Ok(0));
    // The timer's own counts.
    assert!({ take(SIGUSR1).expect("rt_sigtimedwait").fields }[1] > 1);
    call!(timer_delete(timer)).expect("timer_delete");
}
