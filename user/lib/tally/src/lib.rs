//! `libtally.so`: counts, for the process and for each thread. A library for programs that are linked
//! with it, which use it like any crate.

#![no_std]
#![feature(thread_local)]

use core::cell::Cell;
use core::sync::atomic::{AtomicU32, Ordering};
// It has `core`, and what happens on a panic.
use sys as _;

/// How often anybody has counted.
pub static TOTAL: AtomicU32 = AtomicU32::new(0);

/// How often this thread has, after the number that it begins with.
#[thread_local]
static MINE: Cell<u32> = Cell::new(100);

/// Counts one; what this thread has now.
#[inline(never)]
pub fn count() -> u32 {
    TOTAL.fetch_add(1, Ordering::Relaxed);
    MINE.set(MINE.get() + 1);
    MINE.get()
}

/// Whether the library was initialised before the program began.
pub fn is_ready() -> bool {
    READY.load(Ordering::Relaxed) == 1
}

static READY: AtomicU32 = AtomicU32::new(0);

extern "C" fn begin() {
    READY.fetch_add(1, Ordering::Relaxed);
}

/// What is called when the library was loaded.
#[used]
#[unsafe(link_section = ".init_array")]
static FIRST: extern "C" fn() = begin;
