//! Futexes with masks and absolute deadlines, by both widths of the call.

use crate::child;
use sys::Errno;
use sys::abi::process::{
    FUTEX_CLOCK_REALTIME, FUTEX_REQUEUE, FUTEX_WAIT, FUTEX_WAIT_BITSET, FUTEX_WAKE,
    FUTEX_WAKE_BITSET,
};
use sys::abi::time::{CLOCK_MONOTONIC, CLOCK_REALTIME, Timespec, Timespec64};
use sys::abi::{UserMutPtr, UserPtr};
use sys::syscall::{input, output};
use sys::time;
use sys::wait::Status;

tests![
    a_mask_decides_who_wakes,
    an_empty_mask_is_einval,
    a_deadline_is_a_time_of_its_clock,
    a_deadline_that_is_no_time_is_einval,
    only_who_waits_chooses_a_clock,
];

const SECOND: i64 = 1_000_000_000;

/// Not before, and not long after: what a busy machine may take besides.
const PATIENCE: i64 = 5 * SECOND;

#[derive(Clone, Copy, Debug)]
enum Width {
    Narrow,
    Wide,
}

const WIDTHS: [Width; 2] = [Width::Narrow, Width::Wide];

/// A futex that processes share.
#[derive(Clone, Copy)]
struct Futex(UserMutPtr<u32>);

impl Futex {
    fn pair() -> [Self; 2] {
        let page = call!(mmap2(0, 4096, 3, 0x21, -1, 0)).expect("mmap2");
        [page, page + 64].map(|word| Self(UserMutPtr::new(word)))
    }

    /// A call with a mask and without a time.
    fn masked(self, width: Width, operation: u32, value: u32, mask: u32) -> Result<u32, Errno> {
        let (word, null) = (self.0, UserMutPtr::NULL);
        match width {
            Width::Narrow => call!(futex(word, operation, value, UserPtr::NULL, null, mask)),
            Width::Wide => call!(futex_time64(word, operation, value, UserPtr::NULL, null, mask)),
        }
    }

    /// Sleeps until a time in nanoseconds.
    fn wait_until(self, width: Width, clock: u32, deadline: i64) -> Result<u32, Errno> {
        let (sec, nsec) = (deadline.div_euclid(SECOND), deadline.rem_euclid(SECOND));
        self.wait_until_time(width, clock, sec, nsec)
    }

    fn wait_until_time(self, width: Width, clock: u32, sec: i64, nsec: i64) -> Result<u32, Errno> {
        let (word, null, operation) = (self.0, UserMutPtr::NULL, FUTEX_WAIT_BITSET | clock);
        match width {
            Width::Narrow => {
                let time = Timespec { sec: sec as i32, nsec: nsec as i32 };
                call!(futex(word, operation, 0, input(&time), null, u32::MAX))
            }
            Width::Wide => {
                let time = Timespec64 { sec, nsec };
                call!(futex_time64(word, operation, 0, input(&time), null, u32::MAX))
            }
        }
    }
}

pub fn a_mask_decides_who_wakes() {
    for width in WIDTHS {
        let [word, other] = Futex::pair();
        let sleeper = |operation, mask| {
            child::start(|| i32::from(word.masked(width, operation, 0, mask) != Ok(0)))
        };
        let [one, two] = [0b01, 0b10].map(|mask| sleeper(FUTEX_WAIT_BITSET, mask));
        let (third, any) = (sleeper(FUTEX_WAIT_BITSET, 1 << 31), sleeper(FUTEX_WAIT, 0));
        // Those that sleep can be moved, with their masks.
        let mut moved = 0;
        for _ in 0..1000 {
            let (all, to) = (UserPtr::new(9), other.0);
            moved += call!(futex(word.0, FUTEX_REQUEUE, 0, all, to, 0)).expect("futex");
            if moved == 4 {
                break;
            }
            time::sleep(core::time::Duration::from_millis(5));
        }
        assert_eq!(moved, 4);
        let wake = |count, mask| other.masked(width, FUTEX_WAKE_BITSET, count, mask);
        let ends = |pid| assert_eq!(child::wait(pid), Status::Exited(0));
        // Who names no mask has them all.
        assert_eq!(wake(9, 0b100), Ok(1));
        ends(any);
        assert_eq!(wake(9, 0b100), Ok(0));
        assert_eq!(wake(9, 0b110), Ok(1));
        ends(two);
        assert_eq!(wake(9, 0x7fff_fffe), Ok(0));
        assert_eq!(wake(1, 0b11), Ok(1));
        ends(one);
        assert_eq!(other.masked(width, FUTEX_WAKE, 9, 0), Ok(1), "whatever its mask is");
        ends(third);
    }
}

pub fn an_empty_mask_is_einval() {
    let [word, _] = Futex::pair();
    for width in WIDTHS {
        for operation in [FUTEX_WAIT_BITSET, FUTEX_WAKE_BITSET] {
            assert_eq!(word.masked(width, operation, 0, 0), Err(Errno::EINVAL), "{width:?}");
        }
    }
}

/// A clock, in nanoseconds.
fn now(clock: i32) -> i64 {
    let mut time = Timespec64::default();
    call!(clock_gettime64(clock, output(&mut time))).expect("clock_gettime64");
    time.sec * SECOND + time.nsec
}

pub fn a_deadline_is_a_time_of_its_clock() {
    let [word, _] = Futex::pair();
    for (clock, flag) in [(CLOCK_MONOTONIC, 0), (CLOCK_REALTIME, FUTEX_CLOCK_REALTIME)] {
        for width in WIDTHS {
            for ahead in [-SECOND / 2, SECOND / 25, SECOND / 5] {
                let (begin, deadline) = (now(CLOCK_MONOTONIC), now(clock) + ahead);
                let slept = word.wait_until(width, flag, deadline);
                let (end, told) = (now(CLOCK_MONOTONIC), now(clock));
                assert_eq!(slept, Err(Errno::ETIMEDOUT), "{clock} {width:?} {ahead}");
                assert!(told >= deadline, "{clock} {width:?} {ahead}: {}", deadline - told);
                assert!(end - begin < ahead.max(0) + PATIENCE, "{clock} {width:?} {ahead}");
            }
        }
    }
    // It is not looked at where there is nothing to wait for.
    for width in WIDTHS {
        let word = word.0;
        let (time, wide) = (Timespec::default(), Timespec64::default());
        let (operation, null) = (FUTEX_WAIT_BITSET, UserMutPtr::NULL);
        let differs = match width {
            Width::Narrow => call!(futex(word, operation, 5, input(&time), null, 1)),
            Width::Wide => call!(futex_time64(word, operation, 5, input(&wide), null, 1)),
        };
        assert_eq!(differs, Err(Errno::EAGAIN), "{width:?}");
    }
}

pub fn a_deadline_that_is_no_time_is_einval() {
    let [word, _] = Futex::pair();
    for width in WIDTHS {
        for (sec, nsec) in [(-1, 0), (0, SECOND), (0, -1)] {
            for clock in [0, FUTEX_CLOCK_REALTIME] {
                let slept = word.wait_until_time(width, clock, sec, nsec);
                assert_eq!(slept, Err(Errno::EINVAL), "{width:?} {sec} {nsec}");
            }
        }
    }
}

pub fn only_who_waits_chooses_a_clock() {
    let [word, _] = Futex::pair();
    for width in WIDTHS {
        for operation in [FUTEX_WAKE, FUTEX_WAKE_BITSET, FUTEX_REQUEUE] {
            let refused = word.masked(width, operation | FUTEX_CLOCK_REALTIME, 1, 1);
            assert_eq!(refused, Err(Errno::ENOSYS), "{width:?} {operation}");
        }
    }
}
