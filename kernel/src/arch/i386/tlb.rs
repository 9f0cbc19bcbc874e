//! Forgetting translations.

use core::arch::asm;
use x86::controlregs::{self, Cr4};

/// Forgets one page, global or not.
#[inline]
pub fn flush_page(address: u32) {
    // SAFETY: forgetting a translation is always allowed.
    unsafe { asm!("invlpg [{}]", in(reg) address, options(nostack, preserves_flags)) };
}

/// Forgets everything but global pages.
#[inline]
pub fn flush_user() {
    // SAFETY: reloads the tables that are active already.
    unsafe { asm!("mov {0}, cr3", "mov cr3, {0}", out(reg) _, options(nostack, preserves_flags)) };
}

/// Forgets everything, global pages included (SDM 3A 4.10.4.1: CR4.PGE must change).
pub fn flush_all() {
    if super::features::features().pge {
        // SAFETY: both values keep every feature in use.
        unsafe {
            let cr4 = controlregs::cr4();
            controlregs::cr4_write(cr4 - Cr4::CR4_ENABLE_GLOBAL_PAGES);
            controlregs::cr4_write(cr4);
        }
    } else {
        flush_user();
    }
}
