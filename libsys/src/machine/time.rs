//! Clocks.

use crate::syscall::{input, linux, output};
use crate::{Errno, Result, env, vdso};
use abi::auxv::AT_SYSINFO_EHDR;
use abi::time::{CLOCK_MONOTONIC, CLOCK_REALTIME, Timespec};
use core::sync::atomic::{AtomicU32, Ordering::Relaxed};
use core::time::Duration;

type ClockGettime = unsafe extern "C" fn(i32, *mut Timespec) -> i32;

/// The address of the vDSO's function, once it was looked for; 1: there is none.
static CLOCK_GETTIME: AtomicU32 = AtomicU32::new(0);
const NONE: u32 = 1;
/// The kernel has it in one page.
const VDSO_LEN: usize = 4096;

fn vdso_clock_gettime() -> Option<ClockGettime> {
    let mut address = CLOCK_GETTIME.load(Relaxed);
    if address == 0 {
        address = find_clock_gettime().unwrap_or(NONE);
        CLOCK_GETTIME.store(address, Relaxed);
    }
    // SAFETY: the kernel's function of that name is such a one.
    (address != NONE)
        .then(|| unsafe { core::mem::transmute::<usize, ClockGettime>(address as usize) })
}

fn find_clock_gettime() -> Option<u32> {
    let start = env::auxiliary_value(AT_SYSINFO_EHDR)?;
    // SAFETY: the kernel has mapped it there, and nobody writes to it.
    let image = unsafe { core::slice::from_raw_parts(start as *const u8, VDSO_LEN) };
    vdso::function(image, b"__vdso_clock_gettime").map(|offset| start.wrapping_add(offset))
}

/// The time of a clock, `CLOCK_*`. (`clock_gettime`, without the kernel where that is possible)
///
/// EINVAL: no such clock.
pub fn clock(clock: i32) -> Result<Duration> {
    let mut time = Timespec::default();
    match vdso_clock_gettime() {
        // SAFETY: the structure is ours.
        Some(gettime) => abi::errno::decode(unsafe { gettime(clock, &mut time) }.cast_unsigned()),
        // SAFETY: the same.
        None => unsafe { linux::clock_gettime(clock, output(&mut time)) },
    }?;
    Ok(Duration::new(u64::from(time.sec.cast_unsigned()), time.nsec.cast_unsigned()))
}

/// Since some moment that stays the same until the machine restarts.
pub fn now() -> Duration {
    clock(CLOCK_MONOTONIC).unwrap_or_default()
}

/// Since the start of 1970, UTC.
pub fn since_epoch() -> Duration {
    clock(CLOCK_REALTIME).unwrap_or_default()
}

/// As calls take it; at most 2,147,483,647 seconds.
pub(super) fn timespec(duration: Duration) -> Timespec {
    let sec = i32::try_from(duration.as_secs()).unwrap_or(i32::MAX);
    Timespec { sec, nsec: duration.subsec_nanos().cast_signed() }
}

/// Sleeps, also across handled signals; at most 2,147,483,647 seconds. (`nanosleep`)
pub fn sleep(duration: Duration) {
    let mut left = timespec(duration);
    loop {
        let asked = left;
        // SAFETY: both structures are ours.
        let result = unsafe { linux::nanosleep(input(&asked), output(&mut left)) };
        if result != Err(Errno::EINTR) {
            return;
        }
    }
}
