//! The page-table format and split of this image. This is the only place that chooses them.

use super::features::Features;
use crate::sync::BootCell;
use core::arch::asm;
use kcore::addr::Pfn;
use kcore::layout::{Split, Windows};
use kcore::paging::{Access, Format};

#[cfg(not(feature = "pae"))]
pub type Active = kcore::paging::TwoLevel;
#[cfg(feature = "pae")]
pub type Active = kcore::paging::Pae;

pub const IS_PAE: bool = cfg!(feature = "pae");
/// Bytes of one page-table entry.
pub const ENTRY_BYTES: usize = if IS_PAE { 8 } else { 4 };
/// What one page table maps, in bytes.
pub const LEAF_BYTES: u32 = 4096 / ENTRY_BYTES as u32 * 4096;

/// The first kernel address, from build.rs.
pub const PAGE_OFFSET: u32 = parse(env!("PAGE_OFFSET"));
pub const SPLIT: Split = Split { page_offset: PAGE_OFFSET };
pub const WINDOWS: Windows = Windows::new(LEAF_BYTES);

static FORMAT: BootCell<Active> = BootCell::new();
/// The entry of a page of the kernel's, of frame 0.
static KERNEL_PAGE: BootCell<<Active as Format>::Raw> = BootCell::new();

/// Tells the format what this CPU knows.
///
/// # Safety
/// Once, at boot, before the first entry is written.
pub unsafe fn initialise(features: &Features) {
    let format = <Active as Format>::new(kcore::paging::Features {
        global: features.pge,
        no_execute: features.nx,
    });
    // SAFETY: passed on to the caller.
    unsafe {
        FORMAT.set(format);
        KERNEL_PAGE.set(format.page(Pfn::new(0), Access::KERNEL));
    }
}

/// What encodes entries.
#[inline]
pub fn format() -> Active {
    *FORMAT.get()
}

/// The entry of a page of the kernel's: what kmap_atomic writes.
#[inline(always)]
pub fn kernel_page(pfn: Pfn) -> <Active as Format>::Raw {
    Active::at_frame(*KERNEL_PAGE.get(), pfn)
}

/// Whether entries can forbid execution.
#[inline]
pub fn has_no_execute() -> bool {
    FORMAT.get().has_no_execute()
}

const fn parse(decimal: &str) -> u32 {
    let digits = decimal.as_bytes();
    let (mut value, mut index) = (0u32, 0);
    while index < digits.len() {
        value = value * 10 + (digits[index] - b'0') as u32;
        index += 1;
    }
    value
}

/// Makes the tables below `cr3` the active ones and forgets all user translations.
///
/// # Safety
/// The tables map the kernel as `swapper_pg_dir` does.
#[inline]
pub unsafe fn load_cr3(cr3: u32) {
    // SAFETY: passed on to the caller.
    unsafe { asm!("mov cr3, {}", in(reg) cr3, options(nostack, preserves_flags)) };
}

#[inline]
pub fn cr3() -> u32 {
    let value: u32;
    // SAFETY: reading CR3 has no effect.
    unsafe { asm!("mov {}, cr3", out(reg) value, options(nomem, nostack, preserves_flags)) };
    value
}

/// The CR3 value of a two-level directory, or of a PDPT that starts its frame.
pub fn cr3_of(top: Pfn) -> u32 {
    // Top-level tables come from low memory, so the address fits.
    top.address().as_u64() as u32
}
