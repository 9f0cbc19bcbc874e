//! Which thread a signal goes to.

use super::step::*;
use super::thread::*;
use crate::child;
use crate::fault::{PAGE, map, unmap};
use core::sync::atomic::{AtomicU32, Ordering::SeqCst};
use core::time::Duration;
use sys::abi::memory::{MAP_ANONYMOUS, MAP_SHARED, PROT_READ, PROT_WRITE};
use sys::abi::process::*;
use sys::abi::signal::*;
use sys::abi::time::{ITIMER_REAL, Itimerval, Timeval};
use sys::abi::{UserMutPtr, UserPtr};
use sys::process;
use sys::signal::{self, Action, set_action};
use sys::syscall::{input, output};
use sys::time::sleep;
use sys::wait::Status;

extern "C" fn note_tid(_: i32) {
    FOUND.store(tid(), SeqCst);
}

fn handle(signal: i32) {
    // SAFETY: the handler only makes a call and stores a number.
    unsafe { set_action(signal, Action::Handler(note_tid), 0, SignalSet::EMPTY) }
        .expect("rt_sigaction");
}

fn wait_for_found(expected: i32) {
    let start = sys::time::now();
    while FOUND.load(SeqCst) != expected {
        assert!(sys::time::now() - start < Duration::from_secs(10), "{}", FOUND.load(SeqCst));
        sleep(Duration::from_millis(1));
    }
}

pub fn a_signal_to_a_thread_runs_there() {
    handle(SIGUSR1);
    let thread = spawn(runs, 0);
    wait_until(&STEP, 1);
    assert_eq!(call!(tgkill(process::id(), thread.tid, SIGUSR1)), Ok(0));
    wait_for_found(thread.tid);
    assert_eq!(call!(tgkill(process::id(), tid(), SIGUSR1)), Ok(0));
    wait_for_found(tid());
    set(&STEP, 2);
    thread.join();
}

pub fn a_signal_to_the_process_goes_to_who_does_not_block_it() {
    handle(SIGUSR1);
    let thread = spawn(runs, 0);
    wait_until(&STEP, 1);
    let old = signal::change_mask(SIG_BLOCK, SignalSet::of(SIGUSR1)).expect("rt_sigprocmask");
    // The mask is this thread's alone.
    process::kill(process::id(), SIGUSR1).expect("kill");
    wait_for_found(thread.tid);
    set(&STEP, 2);
    thread.join();
    // Nobody else is left: it waits.
    FOUND.store(0, SeqCst);
    process::kill(process::id(), SIGUSR1).expect("kill");
    assert!(signal::pending().expect("rt_sigpending").contains(SIGUSR1));
    assert_eq!(FOUND.load(SeqCst), 0);
    signal::change_mask(SIG_SETMASK, old).expect("rt_sigprocmask");
    assert_eq!(FOUND.load(SeqCst), tid());
}

pub fn masks_and_alternate_stacks_are_each_threads_own() {
    static SIZES: [AtomicU32; 2] = [const { AtomicU32::new(9) }; 2];
    extern "C" fn body(_: u32) -> i32 {
        let mut stack = <Sigaltstack as sys::abi::Plain>::ZERO;
        call!(sigaltstack(UserPtr::NULL, output(&mut stack))).expect("sigaltstack");
        SIZES[0].store(stack.flags, SeqCst);
        let mask = signal::mask().expect("rt_sigprocmask");
        SIZES[1].store(mask.contains(SIGUSR2).into(), SeqCst);
        signal::change_mask(SIG_SETMASK, SignalSet::FULL).expect("rt_sigprocmask");
        0
    }
    let area = map(4);
    let stack = Sigaltstack { sp: area, flags: 0, size: 4 * PAGE };
    assert_eq!(call!(sigaltstack(input(&stack), UserMutPtr::NULL)), Ok(0));
    signal::change_mask(SIG_BLOCK, SignalSet::of(SIGUSR2)).expect("rt_sigprocmask");
    spawn(body, 0).join();
    // None is set there; the mask was inherited, and its change is not seen here.
    assert_eq!([0, 1].map(|at: usize| SIZES[at].load(SeqCst)), [SS_DISABLE, 1]);
    assert_eq!(signal::mask(), Ok(SignalSet::of(SIGUSR2)));
}

pub fn an_alarm_outlives_the_thread_that_set_it() {
    extern "C" fn sets(_: u32) -> i32 {
        let period = Timeval { sec: 0, usec: 30_000 };
        let timer = Itimerval { interval: Timeval { sec: 0, usec: 0 }, value: period };
        call!(setitimer(ITIMER_REAL, input(&timer), UserMutPtr::NULL)).expect("setitimer");
        0
    }
    handle(SIGALRM);
    spawn(sets, 0).join();
    wait_for_found(tid());
}

pub fn all_threads_stop_and_go_on() {
    static COUNTS: [AtomicU32; 2] = [const { AtomicU32::new(0) }; 2];
    extern "C" fn counts(place: u32) -> i32 {
        loop {
            COUNTS[place as usize].fetch_add(1, SeqCst);
            sleep(Duration::from_millis(1));
        }
    }
    let flags = MAP_SHARED | MAP_ANONYMOUS;
    let shared = call!(mmap2(0, PAGE, PROT_READ | PROT_WRITE, flags, -1, 0)).expect("mmap2");
    let pid = child::start(|| {
        let _one = spawn(counts, 0);
        let _other = spawn(counts, 1);
        loop {
            let sum = COUNTS[0].load(SeqCst) + COUNTS[1].load(SeqCst);
            word(shared).store(sum, SeqCst);
            sleep(Duration::from_millis(1));
        }
    });
    let moves = || {
        let before = word(shared).load(SeqCst);
        sleep(Duration::from_millis(50));
        word(shared).load(SeqCst) != before
    };
    while !moves() {}
    for _ in 0..3 {
        process::kill(pid, SIGSTOP).expect("kill");
        assert_eq!(process::wait(pid, WUNTRACED), Ok(Some((pid, Status::Stopped(SIGSTOP)))));
        assert!(!moves());
        process::kill(pid, SIGCONT).expect("kill");
        assert_eq!(process::wait(pid, WCONTINUED), Ok(Some((pid, Status::Continued))));
        assert!(moves());
    }
    process::kill(pid, SIGSTOP).expect("kill");
    process::kill(pid, SIGKILL).expect("kill");
    assert_eq!(child::wait(pid), Status::Signaled(SIGKILL));
    unmap(shared, 1);
}

pub fn processes_may_share_handlers() {
    const SHARING: u32 = CLONE_VM | CLONE_SIGHAND | SIGCHLD as u32;
    let handler = |signal| {
        let mut found = <Sigaction as sys::abi::Plain>::ZERO;
        call!(rt_sigaction(signal, UserPtr::NULL, output(&mut found), 8)).expect("rt_sigaction");
        found.handler
    };
    extern "C" fn body(_: u32) -> i32 {
        handle(SIGUSR1);
        set(&STEP, 1);
        wait_until(&STEP, 2);
        // What the parent has changed is changed here, and a handler that runs once is gone for both.
        process::kill(process::id(), SIGUSR2).expect("kill");
        FOUND.load(SeqCst)
    }
    let child = clone(SHARING, body, 0, 0).expect("clone");
    wait_until(&STEP, 1);
    assert_eq!(handler(SIGUSR1), note_tid as *const () as u32);
    // SAFETY: the handler only makes a call and stores a number.
    unsafe { set_action(SIGUSR2, Action::Handler(note_tid), SA_RESETHAND, SignalSet::EMPTY) }
        .expect("rt_sigaction");
    set(&STEP, 2);
    assert_eq!(child::wait(child.tid), Status::Exited(child.tid & 0xff));
    assert_eq!(handler(SIGUSR2), SIG_DFL);
    unmap(child.stack, STACK);
}

pub fn a_signal_that_an_ended_thread_was_to_take_is_left_to_others() {
    extern "C" fn executes(_: u32) -> i32 {
        // Asleep until its child executes, the first thread is chosen and cannot take it.
        wait_until(&STEP, 1);
        process::kill(process::id(), SIGUSR1).expect("kill");
        let own = sys::env::args().next().expect("argument 0");
        panic!("{:?}", process::exec(own, &[own, b"--child", b"pid"], &[]))
    }
    let pid = child::start(|| {
        set(&STEP, 0);
        handle(SIGUSR1);
        let _executes = spawn(executes, 0);
        child_of_vfork_sleeps();
        9
    });
    assert_eq!(child::wait(pid), Status::Signaled(SIGUSR1));
}

/// `vfork`, and a child that tells that it runs, and ends a tenth of a second later.
fn child_of_vfork_sleeps() {
    extern "C" fn body(_: u32) -> i32 {
        set(&STEP, 1);
        sleep(Duration::from_millis(100));
        0
    }
    let _ = clone(CLONE_VFORK | CLONE_VM | SIGCHLD.cast_unsigned(), body, 0, 0);
}
