//! The clocks, in nanoseconds: the time-stamp counter and what the time page says of it.

use crate::arch::control::rdtsc;
use crate::arch::paging::PAGE_OFFSET;
use crate::arch::{interrupts, pit, rtc};
use core::sync::atomic::{AtomicU32, Ordering::Relaxed};
use kcore::addr::PhysAddr;
use kcore::clock::{SECOND, Scale};
use kcore::time_page::TimePage;

/// A page of its own, because programs see all of it.
#[repr(C, align(4096))]
struct Shared(TimePage);

static PAGE: Shared = Shared(TimePage::new());

/// How fast the counter counts, in kHz; measured once.
static TSC_KHZ: AtomicU32 = AtomicU32::new(0);

pub fn tsc_khz() -> u32 {
    TSC_KHZ.load(Relaxed)
}

/// Where the page is that programs may read.
pub fn page() -> PhysAddr {
    PhysAddr::new(u64::from(&raw const PAGE as u32 - PAGE_OFFSET))
}

/// Measures the counter and reads the CMOS clock. Takes about 10 ms, with interrupts off.
pub(super) fn initialise() {
    let frequency = pit::calibrate_tsc();
    let khz = u32::try_from(frequency / 1000).unwrap_or(u32::MAX);
    log::info!("TSC: {khz} kHz");
    TSC_KHZ.store(khz, Relaxed);
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
