//! Clocks.

use crate::syscall::{input, linux, output};
use crate::{Errno, Result};
use abi::time::{CLOCK_MONOTONIC, CLOCK_REALTIME, Timespec};
use core::time::Duration;

/// The time of a clock, `CLOCK_*`. (`clock_gettime`)
///
/// EINVAL: no such clock.
pub fn clock(clock: i32) -> Result<Duration> {
    let mut time = Timespec::default();
    // SAFETY: the structure is ours.
    unsafe { linux::clock_gettime(clock, output(&mut time)) }?;
    Ok(Duration::new(u64::from(time.sec.cast_unsigned()), time.nsec.cast_unsigned()))
}

/// Since some moment that stays the same until the machine restarts. (`clock_gettime`)
pub fn now() -> Duration {
    clock(CLOCK_MONOTONIC).unwrap_or_default()
}

/// Since the start of 1970, UTC. (`clock_gettime`)
pub fn since_epoch() -> Duration {
    clock(CLOCK_REALTIME).unwrap_or_default()
}

/// Sleeps, also across handled signals; at most 2,147,483,647 seconds. (`nanosleep`)
pub fn sleep(duration: Duration) {
    let sec = i32::try_from(duration.as_secs()).unwrap_or(i32::MAX);
    let mut left = Timespec { sec, nsec: duration.subsec_nanos().cast_signed() };
    loop {
        let asked = left;
        // SAFETY: both structures are ours.
        let result = unsafe { linux::nanosleep(input(&asked), output(&mut left)) };
        if result != Err(Errno::EINTR) {
            return;
        }
    }
}
