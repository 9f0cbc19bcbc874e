//! What time it is, without a trap.
//!
//! The functions are those of Linux's vDSO: a bad pointer is the program's fault, not EFAULT.

use crate::calls::{CLOCK_GETRES, CLOCK_GETTIME, CLOCK_GETTIME64, call};
use abi::time::{CLOCK_REALTIME, Timespec, Timespec64, Timeval, Timezone};
use core::arch::asm;
use core::arch::x86::_rdtsc;
use kcore::clock::SECOND;
use kcore::time_page::TimePage;
use kcore::time_value::TimeValue;

/// The page in front of this one.
fn page() -> &'static TimePage {
    let page: *const TimePage;
    // SAFETY: the kernel maps the two pages one after the other, and all code here lies in one. Who
    // moves them apart calls these functions no more, as on Linux.
    unsafe {
        asm!(
            "call 2f",
            "2: pop {page}",
            "and {page}, -4096",
            "sub {page}, 4096",
            page = out(reg) page,
        );
        &*page
    }
}

/// What a clock shows in nanoseconds; `None` for those that only the kernel knows.
fn read(clock: i32) -> Option<u64> {
    // SAFETY: the kernel runs only where there is a time-stamp counter, and lets programs read it.
    page().clock(clock, || unsafe { _rdtsc() })
}

/// # Safety
/// As of the call with that number.
unsafe fn gettime<T: TimeValue>(clock: i32, to: *mut T, number: u32) -> i32 {
    // SAFETY: the caller's promise.
    unsafe {
        match read(clock) {
            Some(now) => {
                to.write(T::from_nanoseconds(now));
                0
            }
            None => call(number, clock, to),
        }
    }
}

/// The call of that name.
///
/// # Safety
/// `to` may be written.
#[unsafe(no_mangle)]
unsafe extern "C" fn __vdso_clock_gettime(clock: i32, to: *mut Timespec) -> i32 {
    // SAFETY: the caller's promise.
    unsafe { gettime(clock, to, CLOCK_GETTIME) }
}

/// The call of that name.
///
/// # Safety
/// `to` may be written.
#[unsafe(no_mangle)]
unsafe extern "C" fn __vdso_clock_gettime64(clock: i32, to: *mut Timespec64) -> i32 {
    // SAFETY: the caller's promise.
    unsafe { gettime(clock, to, CLOCK_GETTIME64) }
}

/// The call of that name.
///
/// # Safety
/// `to` may be written, or is null.
#[unsafe(no_mangle)]
unsafe extern "C" fn __vdso_clock_getres(clock: i32, to: *mut Timespec) -> i32 {
    // SAFETY: the caller's promise.
    unsafe { call(CLOCK_GETRES, clock, to) }
}

/// The call of that name.
///
/// # Safety
/// Both may be written, or are null.
#[unsafe(no_mangle)]
unsafe extern "C" fn __vdso_gettimeofday(to: *mut Timeval, zone: *mut Timezone) -> i32 {
    // SAFETY: the caller's promise.
    unsafe {
        if !to.is_null() {
            to.write(Timeval::from_nanoseconds(realtime()));
        }
        if !zone.is_null() {
            zone.write(Timezone::default());
        }
    }
    0
}

/// The call of that name.
///
/// # Safety
/// `to` may be written, or is null.
#[unsafe(no_mangle)]
unsafe extern "C" fn __vdso_time(to: *mut i32) -> i32 {
    let seconds = (realtime() / SECOND) as i32;
    if !to.is_null() {
        // SAFETY: the caller's promise.
        unsafe { to.write(seconds) };
    }
    seconds
}

fn realtime() -> u64 {
    read(CLOCK_REALTIME).unwrap_or_default()
}
