//! Instructions that depend on the CPU: at boot they are written over those that every CPU has.

use super::features::Features;
use core::slice;

/// A place-holder of three bytes, and what SMAP has in its place: STAC or CLAC.
#[repr(C)]
struct SmapSite {
    instruction: u32,
    code: u32,
}

unsafe extern "C" {
    static __smap_sites_start: [SmapSite; 0];
    static __smap_sites_end: [SmapSite; 0];
    static __xsave_sites_start: [u32; 0];
    static __xsave_sites_end: [u32; 0];
}

/// FXSAVE is 0F AE /0 and FXRSTOR 0F AE /1; XSAVE is /4 and XRSTOR /5 (SDM 2). The digit lies in the
/// third byte, from bit 3 on.
const XSAVE_BIT: u8 = 4 << 3;

/// Chooses the instructions.
///
/// # Safety
/// Once, at boot, while the kernel text is still writable and before user memory or a state of the
/// FPU is touched.
pub unsafe fn initialise(features: &Features) {
    // SAFETY: the linker script lays the entries of each table out between its two symbols; a site
    // is an instruction of this image, in writable memory.
    unsafe {
        if features.smap {
            for site in table(&raw const __smap_sites_start, &raw const __smap_sites_end) {
                let code = site.code.to_le_bytes();
                core::ptr::copy_nonoverlapping(code.as_ptr(), site.instruction as *mut u8, 3);
            }
        }
        if features.xsave {
            for site in table(&raw const __xsave_sites_start, &raw const __xsave_sites_end) {
                *((site + 2) as *mut u8) |= XSAVE_BIT;
            }
        }
    }
}

/// # Safety
/// Entries lie from `start` to `end`, and never change.
unsafe fn table<T>(start: *const [T; 0], end: *const [T; 0]) -> &'static [T] {
    let (start, end) = (start.cast::<T>(), end.cast::<T>());
    // SAFETY: passed on to the caller.
    unsafe { slice::from_raw_parts(start, end.offset_from(start) as usize) }
}
