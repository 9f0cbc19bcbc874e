//! Clocks and sleeping.

use core::sync::atomic::{AtomicI32, Ordering::SeqCst};
use core::time::Duration;
use sys::Errno;
use sys::abi::time::*;
use sys::abi::{UserMutPtr, UserPtr};
use sys::syscall::{input, output};
use sys::time;

tests![
    the_monotonic_clock_never_goes_back,
    the_wall_clock_is_after_2020,
    both_widths_agree,
    unknown_clocks_are_einval,
    resolutions_are_told,
    sleeping_takes_at_least_as_long,
    bad_durations_are_einval,
    sleeping_until_a_time,
    processor_time_grows_with_work,
    times_tells_ticks,
    many_sleepers_wake_in_order,
    processes_share_the_processor,
    futexes_wait_and_wake,
    sleepers_are_moved_to_another_futex,
    nobody_sleeps_on_memory_that_is_new,
];

pub fn the_monotonic_clock_never_goes_back() {
    let mut last = time::now();
    for _ in 0..2000 {
        let now = time::now();
        assert!(now >= last);
        last = now;
    }
}

pub fn the_wall_clock_is_after_2020() {
    let seconds = time::since_epoch().as_secs();
    assert!(seconds > 1_577_836_800, "{seconds}");
    let (mut timeval, mut zone) = (Timeval::default(), Timezone::default());
    assert_eq!(call!(gettimeofday(output(&mut timeval), output(&mut zone))), Ok(0));
    assert!(timeval.sec.abs_diff(seconds as i32) <= 2);
    assert!((0..1_000_000).contains(&timeval.usec));
    let mut stored = 0;
    let told = call!(time(output(&mut stored))).expect("time");
    assert_eq!(told, stored.cast_unsigned());
    assert!(told.abs_diff(seconds as u32) <= 2);
}

pub fn both_widths_agree() {
    let (mut narrow, mut wide) = (Timespec::default(), Timespec64::default());
    for clock in [CLOCK_REALTIME, CLOCK_MONOTONIC, CLOCK_REALTIME_COARSE, CLOCK_BOOTTIME] {
        assert_eq!(call!(clock_gettime(clock, output(&mut narrow))), Ok(0));
        assert_eq!(call!(clock_gettime64(clock, output(&mut wide))), Ok(0));
        assert!((wide.sec - i64::from(narrow.sec)).abs() <= 1);
        assert!((0..1_000_000_000).contains(&narrow.nsec));
    }
}

pub fn unknown_clocks_are_einval() {
    let mut time = Timespec::default();
    assert_eq!(call!(clock_gettime(99, output(&mut time))), Err(Errno::EINVAL));
    assert_eq!(call!(clock_getres(99, output(&mut time))), Err(Errno::EINVAL));
}

pub fn resolutions_are_told() {
    let mut time = Timespec::default();
    assert_eq!(call!(clock_getres(CLOCK_MONOTONIC, output(&mut time))), Ok(0));
    assert_eq!(time.sec, 0);
    assert!((1..=10_000_000).contains(&time.nsec));
    assert_eq!(call!(clock_getres(CLOCK_MONOTONIC, UserMutPtr::NULL)), Ok(0));
}

pub fn sleeping_takes_at_least_as_long() {
    for milliseconds in [0, 1, 15, 60] {
        let wanted = Duration::from_millis(milliseconds);
        let start = time::now();
        time::sleep(wanted);
        let slept = time::now() - start;
        assert!(slept >= wanted, "{slept:?} for {wanted:?}");
    }
}

pub fn bad_durations_are_einval() {
    for (sec, nsec) in [(-1, 0), (0, -1), (0, 1_000_000_000)] {
        let asked = Timespec { sec, nsec };
        assert_eq!(call!(nanosleep(input(&asked), UserMutPtr::NULL)), Err(Errno::EINVAL));
    }
}

pub fn sleeping_until_a_time() {
    let until = time::now() + Duration::from_millis(40);
    let asked = Timespec { sec: until.as_secs() as i32, nsec: until.subsec_nanos().cast_signed() };
    let sleep = |clock, asked: &Timespec| {
        call!(clock_nanosleep(clock, TIMER_ABSTIME, input(asked), UserMutPtr::NULL))
    };
    assert_eq!(sleep(CLOCK_MONOTONIC, &asked), Ok(0));
    assert!(time::now() >= until);
    assert_eq!(sleep(CLOCK_THREAD_CPUTIME_ID, &asked), Err(Errno::EOPNOTSUPP));
    // A time that has passed: returns at once.
    assert_eq!(sleep(CLOCK_MONOTONIC, &Timespec { sec: 0, nsec: 1 }), Ok(0));
    assert_eq!(sleep(CLOCK_REALTIME, &Timespec { sec: 1000, nsec: 0 }), Ok(0));
    let wide = Timespec64 { sec: 0, nsec: 1_000_000 };
    let result = call!(clock_nanosleep_time64(CLOCK_MONOTONIC, 0, input(&wide), UserMutPtr::NULL));
    assert_eq!(result, Ok(0));
}

pub fn processor_time_grows_with_work() {
    let clock = || time::clock(CLOCK_PROCESS_CPUTIME_ID).expect("clock_gettime");
    let start = clock();
    let limit = time::now() + Duration::from_secs(20);
    while clock() < start + Duration::from_millis(30) {
        assert!(time::now() < limit, "no processor time in 20 s of work");
    }
    // Sleeping costs little of it.
    let before = clock();
    time::sleep(Duration::from_millis(200));
    assert!(clock() - before < Duration::from_millis(100));
}

pub fn times_tells_ticks() {
    let mut tms = Tms::default();
    let first = call!(times(output(&mut tms))).expect("times");
    time::sleep(Duration::from_millis(50));
    let second = call!(times(output(&mut tms))).expect("times");
    assert!((4..1000).contains(&second.wrapping_sub(first)), "{first} to {second}");
}

pub fn many_sleepers_wake_in_order() {
    let (read, write) = sys::file::pipe().expect("pipe2");
    let start = time::now() + Duration::from_millis(100);
    let children: [i32; 4] = core::array::from_fn(|index| {
        crate::child::start(|| {
            // The last started sleeps the shortest.
            let until = start + Duration::from_millis(80 * (4 - index as u64));
            time::sleep(until.saturating_sub(time::now()));
            write.write_all(&[index as u8]).expect("write");
            0
        })
    });
    drop(write);
    let mut order = alloc::vec::Vec::new();
    read.read_to_end(&mut order).expect("read");
    assert_eq!(order, [3, 2, 1, 0]);
    for pid in children {
        crate::child::wait(pid);
    }
}

pub fn processes_share_the_processor() {
    // Two that only compute: both get on while the parent sleeps.
    let page = call!(mmap2(0, 4096, 3, 0x21, -1, 0)).expect("mmap2");
    let children: [i32; 2] = core::array::from_fn(|index| {
        crate::child::start(|| {
            loop {
                let address = page + index as u32 * 4;
                crate::fault::poke_word(address, crate::fault::peek_word(address).wrapping_add(1));
            }
        })
    });
    let counts = || [crate::fault::peek_word(page), crate::fault::peek_word(page + 4)];
    let limit = time::now() + Duration::from_secs(20);
    while counts().contains(&0) && time::now() < limit {
        time::sleep(Duration::from_millis(20));
    }
    let between = counts();
    // Both go on, not one after the other.
    while counts().iter().zip(between).any(|(now, then)| *now == then) && time::now() < limit {
        time::sleep(Duration::from_millis(20));
    }
    let end = counts();
    for pid in children {
        sys::process::kill(pid, sys::abi::signal::SIGKILL).expect("kill");
        crate::child::wait(pid);
    }
    assert!(between[0] > 0 && between[1] > 0, "{between:?}");
    assert!(end[0] != between[0] && end[1] != between[1], "{between:?} {end:?}");
}

pub fn futexes_wait_and_wake() {
    use sys::abi::process::{FUTEX_PRIVATE_FLAG, FUTEX_WAIT, FUTEX_WAKE};
    let page = call!(mmap2(0, 4096, 3, 0x21, -1, 0)).expect("mmap2");
    let word = UserMutPtr::new(page);
    let futex = |operation, value, timeout| {
        call!(futex(word, operation, value, timeout, UserMutPtr::NULL, 0))
    };
    assert_eq!(futex(FUTEX_WAIT, 5, UserPtr::NULL), Err(Errno::EAGAIN));
    let soon = Timespec { sec: 0, nsec: 10_000_000 };
    assert_eq!(futex(FUTEX_WAIT, 0, input(&soon)), Err(Errno::ETIMEDOUT));
    assert_eq!(futex(FUTEX_WAKE, 1, UserPtr::NULL), Ok(0));
    let pid = crate::child::start(|| {
        let woken = futex(FUTEX_WAIT, 0, UserPtr::NULL);
        i32::from(!matches!(woken, Ok(0) | Err(Errno::EAGAIN)))
    });
    // Until somebody sleeps there, nobody is woken.
    while futex(FUTEX_WAKE, 1, UserPtr::NULL) == Ok(0) {
        time::sleep(Duration::from_millis(5));
    }
    assert_eq!(crate::child::wait(pid), sys::wait::Status::Exited(0));
    let misaligned = UserMutPtr::new(page + 1);
    let bad = call!(futex(misaligned, FUTEX_WAKE, 1, UserPtr::NULL, UserMutPtr::NULL, 0));
    assert_eq!(bad, Err(Errno::EINVAL));
    assert_eq!(futex(77, 0, UserPtr::NULL), Err(Errno::ENOSYS));
    let far = UserMutPtr::new(0xffff_f000);
    let wake = FUTEX_WAKE | FUTEX_PRIVATE_FLAG;
    let bad = call!(futex(far, wake, 1, UserPtr::NULL, UserMutPtr::NULL, 0));
    // To a kernel of 64 bits it is below TASK_SIZE.
    assert_eq!(bad, if crate::harness::on_folio() { Err(Errno::EFAULT) } else { Ok(0) });
}

pub fn sleepers_are_moved_to_another_futex() {
    use sys::abi::process::{FUTEX_REQUEUE, FUTEX_WAIT, FUTEX_WAKE};
    let page = call!(mmap2(0, 4096, 3, 0x21, -1, 0)).expect("mmap2");
    let (word, other) = (UserMutPtr::new(page), UserMutPtr::new(page + 64));
    let sleepers = [(); 2].map(|()| {
        crate::child::start(|| {
            let woken = call!(futex(word, FUTEX_WAIT, 0, UserPtr::NULL, UserMutPtr::NULL, 0));
            i32::from(woken != Ok(0))
        })
    });
    let mut moved = 0;
    for _ in 0..1000 {
        moved += call!(futex(word, FUTEX_REQUEUE, 0, UserPtr::new(1), other, 0)).expect("futex");
        if moved == 2 {
            break;
        }
        time::sleep(Duration::from_millis(5));
    }
    assert_eq!(moved, 2, "those that were moved count");
    let wake = |word| call!(futex(word, FUTEX_WAKE, 9, UserPtr::NULL, UserMutPtr::NULL, 0));
    assert_eq!((wake(word), wake(other)), (Ok(0), Ok(2)));
    for pid in sleepers {
        assert_eq!(crate::child::wait(pid), sys::wait::Status::Exited(0));
    }
}

extern "C" fn sleep_on_what_goes(word: u32) -> i32 {
    use sys::abi::process::FUTEX_WAIT;
    let long = Timespec { sec: 0, nsec: 300_000_000 };
    let word = UserMutPtr::new(word);
    let slept = call!(futex(word, FUTEX_WAIT, 0, input(&long), UserMutPtr::NULL, 0));
    SLEPT.store(i32::from(slept == Err(Errno::ETIMEDOUT)), SeqCst);
    0
}

static SLEPT: AtomicI32 = AtomicI32::new(0);

pub fn nobody_sleeps_on_memory_that_is_new() {
    use sys::abi::process::FUTEX_WAKE;
    let shared = || call!(mmap2(0, 4096, 3, 0x21, -1, 0)).expect("mmap2");
    let old = shared();
    let sleeper = crate::threads::spawn(sleep_on_what_goes, old);
    time::sleep(Duration::from_millis(50));
    crate::fault::unmap(old, 1);
    // The kernel may well keep what it knows of the new where the old was.
    for _ in 0..20 {
        let new = shared();
        let word = UserMutPtr::new(new);
        let woken = call!(futex(word, FUTEX_WAKE, 9, UserPtr::NULL, UserMutPtr::NULL, 0));
        assert_eq!(woken, Ok(0));
        crate::fault::unmap(new, 1);
    }
    sleeper.join();
    assert_eq!(SLEPT.load(SeqCst), 1);
}
