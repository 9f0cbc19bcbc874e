//! What comes up while a process forks: here that takes longer than a tick.

use crate::child;
use crate::fault::{PAGE, unmap};
use crate::threads::{spawn, word};
use alloc::vec::Vec;
use core::sync::atomic::{AtomicU32, Ordering::SeqCst};
use core::time::Duration;
use sys::abi::UserMutPtr;
use sys::abi::memory::*;
use sys::abi::signal::*;
use sys::abi::time::{ITIMER_REAL, Itimerval, Timeval};
use sys::process;
use sys::signal::{self, Action, set_action};
use sys::syscall::input;
use sys::time::sleep;
use sys::wait::Status;

tests![
    a_timer_does_not_keep_fork_from_its_end,
    a_child_in_the_making_gets_what_its_group_gets,
    it_does_if_another_thread_took_the_signal,
    a_thread_joins_while_signals_keep_coming,
    room_for_a_child_is_not_given_away,
];

static HANDLED: AtomicU32 = AtomicU32::new(0);

extern "C" fn count(_: i32) {
    HANDLED.fetch_add(1, SeqCst);
}

fn handle(signal: i32) {
    // SAFETY: the handler only counts.
    unsafe { set_action(signal, Action::Handler(count), SA_RESTART, SignalSet::EMPTY) }
        .expect("rt_sigaction");
}

const AREAS: u32 = 20_000;

/// So many areas, and as many between them.
fn map_areas() -> u32 {
    let flags = MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE;
    let start = call!(mmap2(0, 2 * AREAS * PAGE, PROT_NONE, flags, -1, 0)).expect("mmap2");
    for area in 0..AREAS {
        let place = start + 2 * area * PAGE;
        call!(mprotect(place, PAGE, PROT_READ)).expect("mprotect");
    }
    start
}

fn set_timer(microseconds: i32) {
    let time = Timeval { sec: 0, usec: microseconds };
    let timer = Itimerval { interval: time, value: time };
    call!(setitimer(ITIMER_REAL, input(&timer), UserMutPtr::NULL)).expect("setitimer");
}

pub fn a_timer_does_not_keep_fork_from_its_end() {
    let areas = map_areas();
    handle(SIGALRM);
    set_timer(1000);
    let status = child::run(|| 5);
    set_timer(0);
    assert_eq!(status, Status::Exited(5));
    assert_ne!(HANDLED.load(SeqCst), 0);
    unmap(areas, 2 * AREAS);
}

/// A word that children share: what has happened.
struct Step(u32);

impl Step {
    fn new() -> Self {
        let (access, flags) = (PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS);
        Self(call!(mmap2(0, PAGE, access, flags, -1, 0)).expect("mmap2"))
    }

    fn set(&self, step: u32) {
        word(self.0).store(step, SeqCst);
    }

    fn wait(&self, step: u32) {
        while word(self.0).load(SeqCst) != step {
            sleep(Duration::from_millis(1));
        }
    }
}

impl Drop for Step {
    fn drop(&mut self) {
        unmap(self.0, 1);
    }
}

/// A process forks with the signal blocked; its group is sent the signal meanwhile.
fn fork_beside_a_signal(prepare: fn()) {
    let step = Step::new();
    let group = child::start(|| {
        process::set_group(0, 0).expect("setpgid");
        handle(SIGUSR1);
        prepare();
        signal::change_mask(SIG_BLOCK, SignalSet::of(SIGUSR1)).expect("rt_sigprocmask");
        map_areas();
        step.set(1);
        let status = child::run(|| {
            step.wait(2);
            i32::from(signal::pending().expect("rt_sigpending").contains(SIGUSR1))
        });
        i32::from(status != Status::Exited(1))
    });
    step.wait(1);
    // In the middle of the fork.
    sleep(Duration::from_millis(15));
    process::kill(-group, SIGUSR1).expect("kill");
    step.set(2);
    assert_eq!(child::wait(group), Status::Exited(0));
}

pub fn a_child_in_the_making_gets_what_its_group_gets() {
    fork_beside_a_signal(|| ());
}

pub fn it_does_if_another_thread_took_the_signal() {
    extern "C" fn pauses(_: u32) -> i32 {
        loop {
            let _ = call!(pause());
        }
    }
    fork_beside_a_signal(|| {
        spawn(pauses, 0);
    });
}

pub fn a_thread_joins_while_signals_keep_coming() {
    extern "C" fn nothing(_: u32) -> i32 {
        0
    }
    handle(SIGUSR1);
    let own = process::id();
    let sender = child::start(|| {
        loop {
            process::kill(own, SIGUSR1).expect("kill");
        }
    });
    // The sender may have to wait for its turn: joins go on until signals came between them.
    let (mut joined, mut disturbed) = (0, 0);
    while joined < 50 || disturbed < 10 {
        let handled = HANDLED.load(SeqCst);
        spawn(nothing, 0).join();
        joined += 1;
        disturbed += u32::from(HANDLED.load(SeqCst) != handled);
    }
    process::kill(sender, SIGKILL).expect("kill");
    child::wait(sender);
}

/// More children than the kernel makes room for at a time, several in the making at once.
pub fn room_for_a_child_is_not_given_away() {
    const PARENTS: usize = 8;
    const CHILDREN: usize = 10;
    const PAGES: u32 = 2000;
    let (access, flags) = (PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE);
    let pages = call!(mmap2(0, PAGES * PAGE, access, flags, -1, 0)).expect("mmap2");
    let ended = |pids: Vec<i32>| {
        pids.into_iter().map(child::wait).for_each(|end| assert_eq!(end, Status::Exited(0)));
    };
    let start = |count, body: &dyn Fn()| -> Vec<i32> {
        let one = |_| {
            let pid = child::start(|| {
                body();
                0
            });
            // Others' children come next.
            sleep(Duration::from_millis(10));
            pid
        };
        (0..count).map(one).collect()
    };
    let parents = start(PARENTS, &|| ended(start(CHILDREN, &|| ())));
    unmap(pages, PAGES);
    ended(parents);
}
