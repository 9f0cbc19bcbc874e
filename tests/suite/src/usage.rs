//! What `getrusage`, limits and the system's figures say.

use crate::child;
use crate::fault::*;
use crate::harness::only_on_folio;
use crate::scratch::numbered_file;
use core::time::Duration;
use sys::Errno;
use sys::abi::memory::{
    MADV_POPULATE_WRITE, MAP_ANONYMOUS, MAP_POPULATE, MAP_PRIVATE, MAP_SHARED, PROT_READ,
};
use sys::abi::process::*;
use sys::abi::signal::SIGKILL;
use sys::abi::{UserMutPtr, UserPtr};
use sys::syscall::{input, output};
use sys::time::now;
use sys::wait::Status;

tests![
    ids_and_personalities_may_look_like_errors,
    each_first_touch_is_one_fault,
    populated_pages_were_faults_too,
    reading_and_then_writing_is_two_faults,
    cached_file_pages_come_several_at_once,
    who_is_checked,
    children_count_once_they_were_waited_for,
    limits_are_told_in_three_ways,
    the_address_space_limit_is_obeyed,
    the_system_has_memory,
    the_system_has_a_name,
    names_can_be_set,
    random_bytes_differ,
    priorities_can_be_asked_and_lowered,
    the_affinity_has_this_processor,
    negative_nice_goes_first,
    negative_nice_starves_nobody,
];

unsafe extern "C" {
    /// Where the program begins, and where its data ends: the linker's.
    static __executable_start: u8;
    static edata: u8;
}

/// Looks at all pages of the program, so that none is missing while others are counted.
pub fn program_is_present() {
    let (start, end) = (&raw const __executable_start as u32, &raw const edata as u32);
    (start..end).step_by(PAGE as usize).for_each(|page| _ = peek(page));
}

/// Page faults without input so far, but for those of the program's own pages from here on.
pub fn minor_faults() -> u32 {
    program_is_present();
    let mut usage = Rusage::default();
    call!(getrusage(RUSAGE_SELF, output(&mut usage))).expect("getrusage");
    usage.minflt
}

pub fn each_first_touch_is_one_fault() {
    let start = map(100);
    let before = minor_faults();
    for page in 0..100 {
        poke(start + page * PAGE, 1);
    }
    let after = minor_faults();
    // Nothing else touches memory for the first time here, and huge pages are not for 400 KiB.
    assert_eq!(after - before, 100);
    for page in 0..100 {
        poke(start + page * PAGE, 2);
    }
    assert_eq!(minor_faults(), after);
}

pub fn reading_and_then_writing_is_two_faults() {
    let start = map(10);
    let before = minor_faults();
    for page in 0..10 {
        peek(start + page * PAGE);
    }
    let between = minor_faults();
    for page in 0..10 {
        poke(start + page * PAGE, 1);
    }
    assert_eq!((between - before, minor_faults() - between), (10, 10));
}

pub fn populated_pages_were_faults_too() {
    let flags = MAP_PRIVATE | MAP_ANONYMOUS;
    let before = minor_faults();
    let start = call!(mmap2(0, 100 * PAGE, RW, flags | MAP_POPULATE, -1, 0)).expect("mmap2");
    let populated = minor_faults();
    assert_eq!(populated - before, 100);
    for page in 0..100 {
        poke(start + page * PAGE, 1);
    }
    assert_eq!(call!(madvise(start, 100 * PAGE, MADV_POPULATE_WRITE)), Ok(0));
    assert_eq!(minor_faults(), populated);
    unmap(start, 100);
    // A fault brings neighbours along, for which there is none then.
    let file = numbered_file(32);
    let before = minor_faults();
    let flags = MAP_SHARED | MAP_POPULATE;
    let start = map_file(&file, 32, PROT_READ, flags, 0);
    let faults = minor_faults() - before;
    assert!((1..=8).contains(&faults), "{faults} faults for 32 cached pages");
    unmap(start, 32);
}

pub fn cached_file_pages_come_several_at_once() {
    let file = numbered_file(16);
    let start = map_file(&file, 16, PROT_READ, MAP_SHARED, 0);
    let before = minor_faults();
    for page in 0..16 {
        assert_eq!(peek(start + page * PAGE), page as u8 + 1);
    }
    let faults = minor_faults() - before;
    assert!((1..=4).contains(&faults), "{faults} faults for 16 cached pages");
}

pub fn who_is_checked() {
    let mut usage = Rusage::default();
    for who in [RUSAGE_SELF, RUSAGE_CHILDREN, RUSAGE_THREAD] {
        assert_eq!(call!(getrusage(who, output(&mut usage))), Ok(0));
    }
    assert_eq!(call!(getrusage(7, output(&mut usage))), Err(Errno::EINVAL));
}

pub fn children_count_once_they_were_waited_for() {
    let children = || {
        let mut usage = Rusage::default();
        call!(getrusage(RUSAGE_CHILDREN, output(&mut usage))).expect("getrusage");
        usage.minflt
    };
    let before = children();
    crate::child::run(|| {
        let start = map(64);
        for page in 0..64 {
            poke(start + page * PAGE, 1);
        }
        0
    });
    assert!(children() - before >= 64);
}

pub fn limits_are_told_in_three_ways() {
    let (mut new, mut old, mut wide) = (Rlimit::default(), Rlimit::default(), Rlimit64::default());
    assert_eq!(call!(ugetrlimit(RLIMIT_STACK, output(&mut new))), Ok(0));
    assert_eq!(call!(getrlimit(RLIMIT_STACK, output(&mut old))), Ok(0));
    assert_eq!(call!(prlimit64(0, RLIMIT_STACK, UserPtr::NULL, output(&mut wide))), Ok(0));
    assert!(new.cur >= 64 * 1024);
    assert_eq!(old.cur, new.cur.min(0x7fff_ffff));
    assert_eq!(wide.cur.min(u64::from(u32::MAX)), u64::from(new.cur));
    assert_eq!(call!(ugetrlimit(RLIM_NLIMITS, output(&mut new))), Err(Errno::EINVAL));
    assert_eq!(
        call!(prlimit64(0x3fff_ffff, 0, UserPtr::NULL, output(&mut wide))),
        Err(Errno::ESRCH)
    );
    let bad = Rlimit64 { cur: 2, max: 1 };
    assert_eq!(call!(prlimit64(0, RLIMIT_CORE, input(&bad), UserMutPtr::NULL)), Err(Errno::EINVAL));
}

pub fn the_address_space_limit_is_obeyed() {
    let status = crate::child::run(|| {
        let limit = Rlimit { cur: 64 << 20, max: u32::MAX };
        assert_eq!(call!(setrlimit(RLIMIT_AS, input(&limit))), Ok(0));
        assert_eq!(call!(mmap2(0, 128 << 20, RW, PRIVATE, -1, 0)), Err(Errno::ENOMEM));
        i32::from(call!(mmap2(0, 1 << 20, RW, PRIVATE, -1, 0)).is_err())
    });
    assert_eq!(status, sys::wait::Status::Exited(0));
}

pub fn the_system_has_memory() {
    let mut info = Sysinfo::default();
    assert_eq!(call!(sysinfo(output(&mut info))), Ok(0));
    assert!(info.mem_unit >= 1);
    assert!(u64::from(info.totalram) * u64::from(info.mem_unit) >= 16 << 20);
    assert!(info.freeram <= info.totalram);
    assert!(info.procs >= 1);
}

pub fn the_system_has_a_name() {
    let mut name = Utsname::default();
    assert_eq!(call!(uname(output(&mut name))), Ok(0));
    for field in [&name.sysname, &name.release, &name.version, &name.machine] {
        assert!(field[0] != 0 && field.contains(&0));
    }
    // Linux of 64 bits says so, unless the personality is another.
    assert!(matches!(&name.machine[..6], b"i686\0\0" | b"x86_64"));
}

pub fn names_can_be_set() {
    let set = b"a-rather-long-thread-name\0";
    assert_eq!(call!(prctl(PR_SET_NAME, sys::syscall::pointer(set), 0, 0, 0)), Ok(0));
    let mut got = [0xffu8; 16];
    assert_eq!(call!(prctl(PR_GET_NAME, sys::syscall::pointer_mut(&mut got), 0, 0, 0)), Ok(0));
    assert_eq!(&got, b"a-rather-long-t\0");
    assert_eq!(call!(prctl(0x7777_7777, 0, 0, 0, 0)), Err(Errno::EINVAL));
}

pub fn random_bytes_differ() {
    let (mut one, mut two) = ([0u8; 32], [0u8; 32]);
    let random = |buffer: &mut [u8; 32], flags| {
        let pointer = UserMutPtr::new(sys::syscall::pointer_mut(buffer));
        call!(getrandom(pointer, 32, flags))
    };
    assert_eq!(random(&mut one, 0), Ok(32));
    assert_eq!(random(&mut two, 1), Ok(32));
    assert_ne!(one, two);
    assert_eq!(random(&mut one, 0x80), Err(Errno::EINVAL));
}

pub fn priorities_can_be_asked_and_lowered() {
    // The call returns 20 minus the nice value, so that it is never negative.
    // Whoever runs the suite on Linux may be a nice one.
    let own = call!(getpriority(PRIO_PROCESS, 0)).expect("getpriority");
    assert!((1..=40).contains(&own), "{own}");
    let status = crate::child::run(|| {
        assert_eq!(call!(setpriority(PRIO_PROCESS, 0, 19)), Ok(0));
        i32::from(call!(getpriority(PRIO_PROCESS, 0)) != Ok(1))
    });
    assert_eq!(status, sys::wait::Status::Exited(0));
    assert_eq!(call!(getpriority(9, 0)), Err(Errno::EINVAL));
    assert_eq!(call!(getpriority(PRIO_PROCESS, 0x3fff_ffff)), Err(Errno::ESRCH));
}

pub fn the_affinity_has_this_processor() {
    let mut mask = [0u8; 128];
    let pointer = UserMutPtr::new(sys::syscall::pointer_mut(&mut mask));
    let size = call!(sched_getaffinity(0, 128, pointer)).expect("sched_getaffinity");
    assert!(size >= 4 && mask.iter().any(|&byte| byte != 0));
    assert_eq!(call!(sched_getaffinity(0, 3, pointer)), Err(Errno::EINVAL));
}

/// Counts for ever in a word of shared memory, as an ordinary process.
fn counting() -> (u32, i32) {
    let shared = MAP_SHARED | MAP_ANONYMOUS;
    let counter = call!(mmap2(0, PAGE, RW, shared, -1, 0)).expect("mmap2");
    let pid = child::start(|| {
        loop {
            poke_word(counter, peek_word(counter).wrapping_add(1));
        }
    });
    while peek_word(counter) == 0 {
        let _ = call!(sched_yield());
    }
    (counter, pid)
}

fn end(pid: i32) {
    let _ = sys::process::kill(pid, SIGKILL);
    assert_eq!(child::wait(pid), Status::Signaled(SIGKILL));
}

/// While a process of negative nice value has something to do, ordinary ones get little.
pub fn negative_nice_goes_first() {
    only_on_folio("priorities; Linux shares the processor out");
    let (counter, ordinary) = counting();
    let before = peek_word(counter);
    sys::time::sleep(Duration::from_millis(100));
    let alone = peek_word(counter) - before;
    assert_eq!(call!(setpriority(PRIO_PROCESS, 0, -1)), Ok(0));
    let (before, start) = (peek_word(counter), now());
    while now() - start < Duration::from_millis(300) {}
    let beside = peek_word(counter) - before;
    assert_eq!(call!(setpriority(PRIO_PROCESS, 0, 0)), Ok(0));
    end(ordinary);
    // Three times the time, of which a tenth is left to it.
    assert!(beside < alone && beside > 0, "{beside} beside, {alone} alone");
}

/// Nor does one that never sleeps, or does so for moments only.
pub fn negative_nice_starves_nobody() {
    // Only one that may be nice to itself is.
    let nice = || _ = call!(setpriority(PRIO_PROCESS, 0, -20));
    let computing = child::start(|| {
        nice();
        loop {
            core::hint::spin_loop();
        }
    });
    let waking = child::start(|| {
        nice();
        loop {
            let _ = call!(sched_yield());
            sys::time::sleep(Duration::from_micros(1));
        }
    });
    let start = now();
    while now() - start < Duration::from_millis(300) {}
    let (counter, ordinary) = counting();
    let before = peek_word(counter);
    sys::time::sleep(Duration::from_millis(200));
    assert_ne!(peek_word(counter), before);
    [computing, waking, ordinary].into_iter().for_each(end);
}

/// What was set so is returned so, though it reads as an error.
pub fn ids_and_personalities_may_look_like_errors() {
    const LIKE_EBUSY: u32 = 0u32.wrapping_sub(16);
    let status = child::run(|| {
        let former = call!(personality(u32::MAX)).expect("personality");
        assert_eq!(call!(personality(LIKE_EBUSY)), Ok(former));
        assert_eq!(call!(personality(former)), Err(Errno::EBUSY));
        if call!(geteuid32()) == Ok(0) {
            call!(setresuid32(LIKE_EBUSY, u32::MAX, u32::MAX)).expect("setresuid32");
            assert_eq!(call!(getuid32()), Err(Errno::EBUSY));
        }
        0
    });
    assert_eq!(status, Status::Exited(0));
}
