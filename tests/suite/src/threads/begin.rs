//! Threads are made, with what they share and what is their own.

use super::step::*;
use super::thread::*;
use crate::child;
use core::sync::atomic::{AtomicI32, AtomicU32, Ordering::SeqCst};
use core::time::Duration;
use sys::Errno;
use sys::abi::process::*;
use sys::abi::signal::*;
use sys::syscall::{output, pointer};
use sys::time::sleep;
use sys::wait::Status;
use sys::{process, thread};

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

pub fn who_makes_a_thread_keeps_what_gs_led_to() {
    static WORDS: [AtomicU32; 16] = [const { AtomicU32::new(7) }; 16];
    let mut own = UserDesc {
        entry_number: u32::MAX,
        base_addr: pointer(&WORDS),
        limit: 0xf_ffff,
        flags: USER_DESC_SEG_32BIT | USER_DESC_LIMIT_IN_PAGES | USER_DESC_USEABLE,
    };
    assert_eq!(call!(set_thread_area(output(&mut own))), Ok(0));
    let selector = { own.entry_number } << 3 | 3;
    // SAFETY: nobody has used GS so far.
    unsafe { core::arch::asm!("mov gs, {0:x}", in(reg) selector) };
    thread::spawn(|| FOUND.store(1, SeqCst)).expect("clone").join();
    assert_eq!(FOUND.load(SeqCst), 1);
    assert!(WORDS.iter().all(|word| word.load(SeqCst) == 7));
}
