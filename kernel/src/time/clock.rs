//! The clocks, in nanoseconds: the time-stamp counter and what the time page says of it.

use crate::arch::control::rdtsc;
use crate::arch::paging::PAGE_OFFSET;
use crate::arch::{interrupts, pit, rtc};
use kcore::addr::PhysAddr;
use kcore::clock::{SECOND, Scale};
use kcore::time_page::TimePage;

/// A page of its own, because programs see all of it.
#[repr(C, align(4096))]
struct Shared(TimePage);

static PAGE: Shared = Shared(TimePage::new());

/// Where the page is that programs may read.
pub fn page() -> PhysAddr {
    PhysAddr::new(u64::from(&raw const PAGE as u32 - PAGE_OFFSET))
}

/// Measures the counter and reads the CMOS clock. Takes about 10 ms, with interrupts off.
pub(super) fn initialise() {
    let frequency = pit::calibrate_tsc();
    log::info!("TSC: {} kHz", frequency / 1000);
    PAGE.0.start(Scale::new(frequency), rdtsc());
    set_realtime(rtc::seconds_since_epoch().saturating_mul(SECOND));
}

/// For the timer interrupt: what the clock shows.
pub(super) fn tick() -> u64 {
    let now = monotonic();
    PAGE.0.tick(now);
    now
}

/// Since boot; 0 until the clocks have been started.
#[inline]
pub fn monotonic() -> u64 {
    PAGE.0.monotonic(rdtsc())
}

/// Since 1970-01-01 00:00 UTC.
pub fn realtime() -> u64 {
    PAGE.0.realtime(rdtsc())
}

/// What `CLOCK_*` shows; `None` if it is none of the machine's.
pub fn read(clock: i32) -> Option<u64> {
    PAGE.0.clock(clock, rdtsc)
}

pub fn set_realtime(nanoseconds: u64) {
    // The tick writes too.
    let were_enabled = interrupts::save_and_disable();
    PAGE.0.set_ahead(nanoseconds.wrapping_sub(monotonic()));
    interrupts::restore(were_enabled);
}
