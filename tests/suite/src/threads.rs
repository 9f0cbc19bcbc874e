//! Threads, made by `clone` itself.

use crate::child;
use crate::fault::{PAGE, map, unmap};
use core::sync::atomic::{AtomicI32, AtomicU32, Ordering::SeqCst};
use core::time::Duration;
use sys::Errno;
use sys::abi::memory::{MAP_ANONYMOUS, MAP_SHARED, PROT_READ, PROT_WRITE};
use sys::abi::process::*;
use sys::abi::signal::*;
use sys::abi::time::{ITIMER_REAL, Itimerval, Timeval};
use sys::abi::{UserMutPtr, UserPtr};
use sys::signal::{self, Action, set_action};
use sys::syscall::{input, output, pointer};
use sys::time::sleep;
use sys::wait::Status;
use sys::{process, thread};

tests![
    a_thread_shares_memory_and_descriptors,
    threads_have_ids_of_their_own,
    flags_that_make_no_sense_are_refused,
    threads_start_with_their_own_segment,
    exit_group_ends_all_threads,
    the_first_thread_may_leave_first,
    a_fatal_signal_ends_all_threads,
    a_signal_to_a_thread_runs_there,
    a_signal_to_the_process_goes_to_who_does_not_block_it,
    masks_and_alternate_stacks_are_each_threads_own,
    an_alarm_outlives_the_thread_that_set_it,
    all_threads_stop_and_go_on,
    exec_leaves_one_thread_with_the_first_ones_id,
    a_thread_may_hold_its_maker_until_it_ends,
    processes_may_share_handlers,
    a_signal_that_an_ended_thread_was_to_take_is_left_to_others,
    any_thread_waits_for_any_child,
    a_child_of_a_thread_has_one_thread,
    locks_of_a_thread_that_ended_are_released,
    a_threads_usage_is_part_of_the_processs,
    time_of_a_thread_that_ends_is_never_missing,
    threads_fault_on_the_same_and_on_neighbouring_pages,
    mappings_and_forks_race_with_faults,
    many_threads_come_and_go,
    below_a_threads_stack_nobody_writes,
];

const SHARED: u32 = CLONE_VM | CLONE_FS | CLONE_FILES | CLONE_SIGHAND | CLONE_THREAD;
/// The flags of glibc's threads, but for their segment.
pub const LIKE_GLIBC: u32 =
    SHARED | CLONE_SYSVSEM | CLONE_PARENT_SETTID | CLONE_CHILD_CLEARTID | CLONE_CHILD_SETTID;
/// Pages of a thread's stack; the first word of the lowest is its id while it runs.
pub const STACK: u32 = 8;

pub type Body = extern "C" fn(u32) -> i32;

/// A thread and its stack.
pub struct Thread {
    /// Its id.
    pub tid: i32,
    /// Its stack's lowest address.
    pub stack: u32,
}

/// A word of memory that the test mapped.
pub fn word(address: u32) -> &'static AtomicU32 {
    // SAFETY: the word lies in memory that this test mapped, and is only used like this.
    unsafe { &*(address as *const AtomicU32) }
}

pub fn clone(flags: u32, body: Body, argument: u32, tls: u32) -> Result<Thread, Errno> {
    let stack = map(STACK);
    let top = stack + STACK * PAGE - 32 - 4;
    word(top).store(body as usize as u32, SeqCst);
    word(top + 4).store(argument, SeqCst);
    // SAFETY: the stack is the thread's own, and its memory stays until it has ended.
    let result = unsafe { thread::clone(flags, top, stack, tls, stack) };
    match result {
        Ok(tid) => Ok(Thread { tid, stack }),
        Err(error) => {
            unmap(stack, STACK);
            Err(error)
        }
    }
}

/// A thread like glibc's.
pub fn spawn(body: Body, argument: u32) -> Thread {
    clone(LIKE_GLIBC, body, argument, 0).expect("clone")
}

impl Thread {
    /// Waits until the thread has ended: the kernel clears the word then, and wakes who waits.
    pub fn join(self) {
        let word = word(self.stack);
        loop {
            let tid = word.load(SeqCst);
            if tid == 0 {
                break;
            }
            // The kernel's wake is not a private one.
            wait_for(word, tid);
        }
        unmap(self.stack, STACK);
    }
}

fn wait_for(word: &AtomicU32, value: u32) {
    let place = UserMutPtr::new(pointer(word));
    let null = UserMutPtr::NULL;
    let _ = call!(futex(place, FUTEX_WAIT, value, UserPtr::NULL, null, 0));
}

fn wake(word: &AtomicU32) {
    let place = UserMutPtr::new(pointer(word));
    let null = UserMutPtr::NULL;
    call!(futex(place, FUTEX_WAKE, 100, UserPtr::NULL, null, 0)).expect("futex");
}

/// Sets a word and wakes whoever waits for that.
fn set(word: &AtomicU32, value: u32) {
    word.store(value, SeqCst);
    wake(word);
}

fn wait_until(word: &AtomicU32, wanted: u32) {
    loop {
        let found = word.load(SeqCst);
        if found == wanted {
            return;
        }
        wait_for(word, found);
    }
}

fn tid() -> i32 {
    call!(gettid()).expect("gettid").cast_signed()
}

static STEP: AtomicU32 = AtomicU32::new(0);
static FOUND: AtomicI32 = AtomicI32::new(0);

pub fn a_thread_shares_memory_and_descriptors() {
    static FD: AtomicI32 = AtomicI32::new(-1);
    extern "C" fn body(argument: u32) -> i32 {
        let fd = call!(dup(1)).expect("dup").cast_signed();
        FD.store(fd, SeqCst);
        FOUND.store(argument.cast_signed(), SeqCst);
        call!(umask(0o027)).expect("umask").cast_signed()
    }
    spawn(body, 1234).join();
    assert_eq!(FOUND.load(SeqCst), 1234);
    assert_eq!(call!(close(FD.load(SeqCst))), Ok(0));
    assert_eq!(call!(umask(0o022)), Ok(0o027));
}

pub fn threads_have_ids_of_their_own() {
    static IDS: [AtomicI32; 3] = [const { AtomicI32::new(0) }; 3];
    extern "C" fn body(_: u32) -> i32 {
        IDS[0].store(tid(), SeqCst);
        IDS[1].store(process::id(), SeqCst);
        IDS[2].store(process::parent_id(), SeqCst);
        wait_until(&STEP, 1);
        0
    }
    let thread = spawn(body, 0);
    let of_thread = thread.tid;
    assert_ne!(of_thread, tid());
    assert_eq!(tid(), process::id());
    assert_eq!(call!(tgkill(process::id(), of_thread, 0)), Ok(0));
    assert_eq!(call!(tkill(of_thread, 0)), Ok(0));
    assert_eq!(call!(tgkill(of_thread, of_thread, 0)), Err(Errno::ESRCH));
    assert_eq!(call!(getpgid(of_thread)), call!(getpgid(0)));
    // It is nobody's child.
    assert_eq!(process::wait(of_thread, 0), Err(Errno::ECHILD));
    set(&STEP, 1);
    thread.join();
    let ids = [0, 1, 2].map(|place: usize| IDS[place].load(SeqCst));
    assert_eq!(ids, [of_thread, process::id(), process::parent_id()]);
    // The id is gone shortly after the memory.
    while call!(tkill(of_thread, 0)) != Err(Errno::ESRCH) {
        call!(sched_yield()).expect("sched_yield");
    }
}

pub fn flags_that_make_no_sense_are_refused() {
    extern "C" fn body(_: u32) -> i32 {
        99
    }
    for flags in [
        CLONE_THREAD,
        CLONE_THREAD | CLONE_VM,
        CLONE_SIGHAND,
        CLONE_THREAD | CLONE_SIGHAND,
        SHARED | CLONE_NEWNS,
    ] {
        assert_eq!(clone(flags, body, 0, 0).map(|_| ()), Err(Errno::EINVAL), "{flags:#x}");
    }
    let bad = clone(LIKE_GLIBC | CLONE_SETTLS, body, 0, 8).map(|_| ());
    assert_eq!(bad, Err(Errno::EFAULT));
}

pub fn threads_start_with_their_own_segment() {
    static VALUES: [AtomicU32; 2] = [AtomicU32::new(71), AtomicU32::new(72)];
    extern "C" fn body(selector: u32) -> i32 {
        let value: u32;
        // SAFETY: the segment's base is a word of this program.
        unsafe {
            core::arch::asm!("mov gs, {s:x}", "mov {v:e}, gs:[0]", s = in(reg) selector, v = out(reg) value);
        }
        call!(sched_yield()).expect("sched_yield");
        FOUND.fetch_add(value.cast_signed(), SeqCst);
        0
    }
    let mut probe = UserDesc {
        entry_number: u32::MAX,
        base_addr: 0,
        limit: 0xf_ffff,
        flags: USER_DESC_SEG_32BIT | USER_DESC_LIMIT_IN_PAGES | USER_DESC_USEABLE,
    };
    assert_eq!(call!(set_thread_area(output(&mut probe))), Ok(0));
    let threads = [0, 1].map(|place: usize| {
        let tls = UserDesc { base_addr: pointer(&VALUES[place]), ..probe };
        let selector = { probe.entry_number } << 3 | 3;
        clone(LIKE_GLIBC | CLONE_SETTLS, body, selector, pointer(&tls)).expect("clone")
    });
    threads.into_iter().for_each(Thread::join);
    assert_eq!(FOUND.load(SeqCst), 71 + 72);
}

extern "C" fn sleeps_for_ever(_: u32) -> i32 {
    set(&STEP, 1);
    loop {
        let _ = call!(pause());
    }
}

pub fn exit_group_ends_all_threads() {
    extern "C" fn ends(_: u32) -> i32 {
        process::exit(5)
    }
    let status = child::run(|| {
        let _forever = spawn(sleeps_for_ever, 0);
        wait_until(&STEP, 1);
        let _ends = spawn(ends, 0);
        loop {
            let _ = call!(pause());
        }
    });
    assert_eq!(status, Status::Exited(5));
}

pub fn the_first_thread_may_leave_first() {
    extern "C" fn later(_: u32) -> i32 {
        sleep(Duration::from_millis(40));
        // The process is still there, under its old id.
        assert_eq!(call!(kill(process::id(), 0)), Ok(0));
        assert_eq!(call!(tkill(process::id(), 0)), Ok(0));
        4
    }
    let start = sys::time::now();
    let status = child::run(|| {
        let _later = spawn(later, 0);
        let _ = call!(exit(3));
        0
    });
    // The status is that of the last thread.
    assert_eq!(status, Status::Exited(4));
    assert!(sys::time::now() - start >= Duration::from_millis(30));
}

pub fn a_fatal_signal_ends_all_threads() {
    extern "C" fn faults(_: u32) -> i32 {
        crate::fault::peek(8).into()
    }
    let status = child::run(|| {
        let _forever = spawn(sleeps_for_ever, 0);
        let _faults = spawn(faults, 0);
        loop {
            let _ = call!(pause());
        }
    });
    assert_eq!(status, Status::Signaled(SIGSEGV));
    let pid = child::start(|| {
        let _forever = spawn(sleeps_for_ever, 0);
        loop {
            let _ = call!(pause());
        }
    });
    sleep(Duration::from_millis(20));
    process::kill(pid, SIGKILL).expect("kill");
    assert_eq!(child::wait(pid), Status::Signaled(SIGKILL));
}

extern "C" fn note_tid(_: i32) {
    FOUND.store(tid(), SeqCst);
}

fn handle(signal: i32) {
    // SAFETY: the handler only makes a call and stores a number.
    unsafe { set_action(signal, Action::Handler(note_tid), 0, SignalSet::EMPTY) }
        .expect("rt_sigaction");
}

/// Runs until told, with signals coming in.
extern "C" fn runs(_: u32) -> i32 {
    set(&STEP, 1);
    wait_until(&STEP, 2);
    0
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

pub fn exec_leaves_one_thread_with_the_first_ones_id() {
    extern "C" fn executes(_: u32) -> i32 {
        let own = sys::env::args().next().expect("argument 0");
        let error = process::exec(own, &[own, b"--child", b"pid"], &[]);
        panic!("execve: {error:?}")
    }
    for first_leaves in [false, true] {
        let pid = child::start(|| {
            let _forever = spawn(sleeps_for_ever, 0);
            wait_until(&STEP, 1);
            let _executes = spawn(executes, 0);
            if first_leaves {
                let _ = call!(exit(9));
            }
            loop {
                let _ = call!(pause());
            }
        });
        assert_eq!(child::wait(pid), Status::Exited(pid & 0x7f));
    }
}

pub fn a_thread_may_hold_its_maker_until_it_ends() {
    extern "C" fn body(_: u32) -> i32 {
        sleep(Duration::from_millis(30));
        set(&STEP, 1);
        0
    }
    let thread = clone(LIKE_GLIBC | CLONE_VFORK, body, 0, 0).expect("clone");
    assert_eq!(STEP.load(SeqCst), 1);
    thread.join();
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
        process::kill(process::id(), SIGUSR1).expect("kill");
        let own = sys::env::args().next().expect("argument 0");
        panic!("{:?}", process::exec(own, &[own, b"--child", b"pid"], &[]))
    }
    let pid = child::start(|| {
        handle(SIGUSR1);
        let _executes = spawn(executes, 0);
        child_of_vfork_sleeps();
        9
    });
    assert_eq!(child::wait(pid), Status::Signaled(SIGUSR1));
}

/// `vfork`, and a child that ends after a tenth of a second.
fn child_of_vfork_sleeps() {
    extern "C" fn body(_: u32) -> i32 {
        sleep(Duration::from_millis(100));
        0
    }
    let _ = clone(CLONE_VFORK | CLONE_VM | SIGCHLD.cast_unsigned(), body, 0, 0);
}

pub fn any_thread_waits_for_any_child() {
    static PID: AtomicI32 = AtomicI32::new(0);
    extern "C" fn waits(_: u32) -> i32 {
        let found = child::wait(PID.load(SeqCst));
        FOUND.store(i32::from(found == Status::Exited(8)), SeqCst);
        0
    }
    PID.store(child::start(|| 8), SeqCst);
    spawn(waits, 0).join();
    assert_eq!(FOUND.load(SeqCst), 1);
    assert_eq!(process::wait(-1, 0), Err(Errno::ECHILD));
}

pub fn a_child_of_a_thread_has_one_thread() {
    extern "C" fn forks(_: u32) -> i32 {
        let status = child::run(|| {
            let alone = tid() == process::id();
            i32::from(!alone)
        });
        FOUND.store(i32::from(status == Status::Exited(0)), SeqCst);
        0
    }
    let forever = spawn(runs, 0);
    wait_until(&STEP, 1);
    spawn(forks, 0).join();
    assert_eq!(FOUND.load(SeqCst), 1);
    set(&STEP, 2);
    forever.join();
}

pub fn locks_of_a_thread_that_ended_are_released() {
    const WAITERS: u32 = 0x8000_0000;
    const OWNER_DIED: u32 = 0x4000_0000;
    /// Head of the list, offset of the words, one pending; then two locks: link and word.
    static LIST: [AtomicU32; 8] = [const { AtomicU32::new(0) }; 8];
    extern "C" fn dies(_: u32) -> i32 {
        let at = |place: usize| pointer(&LIST[place]);
        let own = tid().cast_unsigned();
        for (place, value) in
            [(0, at(3)), (1, 4), (2, at(6)), (3, at(0)), (4, own | WAITERS), (6, 0), (7, own)]
        {
            LIST[place].store(value, SeqCst);
        }
        assert_eq!(call!(set_robust_list(at(0), 12)), Ok(0));
        set(&STEP, 1);
        sleep(Duration::from_millis(20));
        0
    }
    let thread = spawn(dies, 0);
    wait_until(&STEP, 1);
    let held = LIST[4].load(SeqCst);
    wait_for(&LIST[4], held);
    // The one in the list, and the one that was being taken.
    assert_eq!(LIST[4].load(SeqCst), WAITERS | OWNER_DIED);
    thread.join();
    assert_eq!(LIST[7].load(SeqCst), OWNER_DIED);
}

pub fn a_threads_usage_is_part_of_the_processs() {
    extern "C" fn works(_: u32) -> i32 {
        let area = map(200);
        for page in 0..200 {
            crate::fault::poke(area + page * PAGE, 1);
        }
        let mut own = Rusage::default();
        call!(getrusage(RUSAGE_THREAD, output(&mut own))).expect("getrusage");
        FOUND.store({ own.minflt }.cast_signed(), SeqCst);
        unmap(area, 200);
        0
    }
    let usage = |who| {
        let mut usage = Rusage::default();
        call!(getrusage(who, output(&mut usage))).expect("getrusage");
        { usage.minflt }.cast_signed()
    };
    let before = (usage(RUSAGE_SELF), usage(RUSAGE_THREAD));
    spawn(works, 0).join();
    let of_thread = FOUND.load(SeqCst);
    assert!(of_thread >= 200, "{of_thread}");
    assert!(usage(RUSAGE_SELF) - before.0 >= 200);
    assert!(usage(RUSAGE_THREAD) - before.1 < 100);
}

pub fn time_of_a_thread_that_ends_is_never_missing() {
    fn used(who: i32) -> i32 {
        let mut usage = Rusage::default();
        call!(getrusage(who, output(&mut usage))).expect("getrusage");
        let microseconds = |time: Timeval| time.sec * 1_000_000 + time.usec;
        microseconds(usage.utime) + microseconds(usage.stime)
    }
    extern "C" fn works(_: u32) -> i32 {
        while used(RUSAGE_THREAD) < 50_000 {}
        FOUND.store(used(RUSAGE_THREAD), SeqCst);
        0
    }
    for _ in 0..4 {
        let before = used(RUSAGE_SELF);
        let thread = spawn(works, 0);
        // Told in the middle of the thread's end.
        thread.join();
        let (all, of_thread) = (used(RUSAGE_SELF) - before, FOUND.load(SeqCst));
        assert!(all >= of_thread, "{all} {of_thread}");
    }
}

const RACERS: u32 = 4;
const RACE_PAGES: u32 = 300;

pub fn threads_fault_on_the_same_and_on_neighbouring_pages() {
    static AREA: AtomicU32 = AtomicU32::new(0);
    extern "C" fn touches(own: u32) -> i32 {
        let area = AREA.load(SeqCst);
        wait_until(&STEP, 1);
        for step in 0..RACE_PAGES {
            // Two upwards, two downwards.
            let page = if own.is_multiple_of(2) { step } else { RACE_PAGES - 1 - step };
            let place = word(area + page * PAGE + 4 * own);
            assert_eq!(place.swap(page + own, SeqCst), 0);
            if step % 16 == 0 {
                call!(sched_yield()).expect("sched_yield");
            }
        }
        0
    }
    AREA.store(map(RACE_PAGES), SeqCst);
    let area = AREA.load(SeqCst);
    let threads = [0, 1, 2, 3].map(|own| spawn(touches, own));
    set(&STEP, 1);
    threads.into_iter().for_each(Thread::join);
    for page in 0..RACE_PAGES {
        for own in 0..RACERS {
            assert_eq!(word(area + page * PAGE + 4 * own).load(SeqCst), page + own);
        }
    }
    unmap(area, RACE_PAGES);
}

pub fn mappings_and_forks_race_with_faults() {
    static STOP: AtomicU32 = AtomicU32::new(0);
    extern "C" fn maps_and_unmaps(_: u32) -> i32 {
        while STOP.load(SeqCst) == 0 {
            let area = map(20);
            for page in 0..20 {
                word(area + page * PAGE).store(page, SeqCst);
            }
            unmap(area + 5 * PAGE, 10);
            assert_eq!(word(area + 19 * PAGE).load(SeqCst), 19);
            unmap(area, 5);
            unmap(area + 15 * PAGE, 5);
        }
        0
    }
    extern "C" fn faults(_: u32) -> i32 {
        let area = map(64);
        let mut round = 0u32;
        while STOP.load(SeqCst) == 0 {
            round += 1;
            for page in 0..64 {
                let place = word(area + page * PAGE);
                assert_eq!(place.load(SeqCst), round - 1);
                place.store(round, SeqCst);
            }
            call!(sched_yield()).expect("sched_yield");
        }
        unmap(area, 64);
        0
    }
    let threads = [spawn(maps_and_unmaps, 0), spawn(faults, 0), spawn(faults, 0)];
    for round in 0..40 {
        let value = AtomicU32::new(round);
        let status = child::run(|| {
            assert_eq!(value.load(SeqCst), round);
            value.store(77, SeqCst);
            0
        });
        assert_eq!((status, value.load(SeqCst)), (Status::Exited(0), round));
    }
    STOP.store(1, SeqCst);
    threads.into_iter().for_each(Thread::join);
}

pub fn many_threads_come_and_go() {
    extern "C" fn counts(_: u32) -> i32 {
        FOUND.fetch_add(1, SeqCst);
        0
    }
    for _ in 0..20 {
        let threads: [Thread; 16] = core::array::from_fn(|_| spawn(counts, 0));
        threads.into_iter().for_each(Thread::join);
    }
    assert_eq!(FOUND.load(SeqCst), 320);
}

pub fn below_a_threads_stack_nobody_writes() {
    const STACK: u32 = 256 << 10;
    let ended = child::run(|| {
        // The second one's stack lies right below the first one's.
        let [first, second] = [0, 1].map(|number| {
            thread::spawn(move || {
                sleep(Duration::from_millis(50));
                if number == 0 {
                    let here = pointer(&core::hint::black_box(number));
                    crate::fault::poke(here - STACK, 1);
                }
            })
        });
        first.expect("clone").join();
        second.expect("clone").join();
        0
    });
    assert_eq!(ended, Status::Signaled(SIGSEGV));
}
