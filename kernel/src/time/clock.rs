//! The monotonic clock and the time of day, in nanoseconds.

use crate::arch::control::rdtsc;
use crate::arch::{pit, rtc};
use core::sync::atomic::{AtomicU64, Ordering::Relaxed};
use kcore::clock::{SECOND, Scale};
use spin::Once;

struct Counter {
    scale: Scale,
    at_boot: u64,
}

static COUNTER: Once<Counter> = Once::new();

/// What the time of day is ahead of the monotonic clock.
static AHEAD: AtomicU64 = AtomicU64::new(0);

/// Measures the counter and reads the CMOS clock. Takes about 10 ms, with interrupts off.
pub(super) fn initialise() {
    COUNTER.call_once(|| {
        let frequency = pit::calibrate_tsc();
        log::info!("TSC: {} kHz", frequency / 1000);
        Counter { scale: Scale::new(frequency), at_boot: rdtsc() }
    });
    set_realtime(rtc::seconds_since_epoch().saturating_mul(SECOND));
}

/// Since boot; 0 until the clocks have been started.
#[inline]
pub fn monotonic() -> u64 {
    match COUNTER.get() {
        Some(counter) => counter.scale.nanoseconds(rdtsc().wrapping_sub(counter.at_boot)),
        None => 0,
    }
}

/// Since 1970-01-01 00:00 UTC.
pub fn realtime() -> u64 {
    monotonic().wrapping_add(AHEAD.load(Relaxed))
}

pub fn set_realtime(nanoseconds: u64) {
    AHEAD.store(nanoseconds.wrapping_sub(monotonic()), Relaxed);
}
