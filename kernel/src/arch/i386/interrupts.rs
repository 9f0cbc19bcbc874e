//! The interrupt flag.

use core::arch::asm;

const EFLAGS_IF: u32 = 1 << 9;

#[inline]
pub fn are_enabled() -> bool {
    flags() & EFLAGS_IF != 0
}

#[inline]
fn flags() -> u32 {
    let flags: u32;
    // SAFETY: reads EFLAGS through the stack.
    unsafe { asm!("pushfd", "pop {}", out(reg) flags, options(nomem, preserves_flags)) };
    flags
}

/// Lets interrupts in. Not while a lock that disables them is held.
#[inline]
pub fn enable() {
    // SAFETY: the descriptor tables are loaded before the first call.
    unsafe { asm!("sti", options(nomem, nostack)) };
}

#[inline]
pub fn disable() {
    // SAFETY: fewer interrupts break nothing.
    unsafe { asm!("cli", options(nomem, nostack)) };
}

/// Disables interrupts and says whether they were enabled.
#[inline]
pub fn save_and_disable() -> bool {
    let were_enabled = are_enabled();
    disable();
    were_enabled
}

#[inline]
pub fn restore(were_enabled: bool) {
    if were_enabled {
        enable();
    }
}

/// Enables interrupts and sleeps until one comes, without a gap between the two.
#[inline]
pub fn enable_and_halt() {
    // SAFETY: STI takes effect after HLT has begun, so no wake-up is lost (SDM 2B, STI).
    unsafe { asm!("sti", "hlt", options(nomem, nostack)) };
}
