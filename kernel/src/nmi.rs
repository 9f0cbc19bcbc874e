//! Non-maskable interrupts. One may come at any instruction, also while a lock is held and on hardly
//! any stack, so it is only noted; the next tick tells of it.

use crate::arch::entry::TrapFrame;
use core::sync::atomic::{AtomicU32, Ordering::Relaxed};

static COUNT: AtomicU32 = AtomicU32::new(0);
/// Those that [`tell`] has told of.
static TOLD: AtomicU32 = AtomicU32::new(0);
/// Where the last one came.
static PLACE: AtomicU32 = AtomicU32::new(0);

pub extern "fastcall" fn on_nmi(frame: &mut TrapFrame) {
    PLACE.store(frame.eip, Relaxed);
    COUNT.store(count().wrapping_add(1), Relaxed);
}

/// Those since boot.
#[inline]
pub fn count() -> u32 {
    COUNT.load(Relaxed)
}

/// Tells of those that came since the last time.
#[inline]
pub fn tell() {
    if count() != TOLD.load(Relaxed) {
        tell_of_new();
    }
}

#[cold]
fn tell_of_new() {
    let count = count();
    let new = count.wrapping_sub(TOLD.swap(count, Relaxed));
    let place = PLACE.load(Relaxed);
    log::warn!("{new} for no known reason, the last at {place:#010x}: the machine goes on");
}
