//! The state of the FPU and SSE registers. The kernel itself never uses them, so they are saved
//! only when another task gets the CPU.

use core::arch::asm;

/// The FXSAVE area (SDM 1, 10.5.1).
#[derive(Clone)]
#[repr(C, align(16))]
pub struct FpuState([u8; 512]);

impl FpuState {
    /// Every exception masked, registers empty: what FNINIT and a reset MXCSR give.
    pub const fn initial() -> Self {
        let mut area = [0; 512];
        area[0] = 0x7f;
        area[1] = 0x03;
        area[24] = 0x80;
        area[25] = 0x1f;
        Self(area)
    }

    pub fn bytes(&self) -> &[u8; 512] {
        &self.0
    }

    /// Takes a state a program prepared. Reserved MXCSR bits, which FXRSTOR would refuse with a
    /// fault, are cleared.
    pub fn from_bytes(mut bytes: [u8; 512]) -> Self {
        bytes[26] = 0;
        bytes[27] = 0;
        Self(bytes)
    }

    #[inline]
    pub fn save(&mut self) {
        // SAFETY: `self` is such an area.
        unsafe { save_to(self) };
    }

    #[inline]
    pub fn restore(&self) {
        // SAFETY: `self` is a whole area; reserved MXCSR bits are clear.
        unsafe { restore_from(self) };
    }
}

static INITIAL: FpuState = FpuState::initial();

/// Empties the registers.
pub fn reset() {
    INITIAL.restore();
}

/// Stores the registers; the bytes that FXSAVE leaves alone stay as they are.
///
/// # Safety
/// `area` is valid for writes. User tasks, and so this, exist only with FXSR.
#[inline]
pub unsafe fn save_to(area: *mut FpuState) {
    // SAFETY: the type gives size and alignment; the caller vouches for the rest.
    unsafe { asm!("fxsave [{}]", in(reg) area, options(nostack, preserves_flags)) };
}

/// # Safety
/// `area` was filled by `save_to`, or is a valid state. As for `save_to`.
#[inline]
pub unsafe fn restore_from(area: *const FpuState) {
    // SAFETY: as above; what FXSAVE stored, FXRSTOR takes.
    unsafe { asm!("fxrstor [{}]", in(reg) area, options(nostack, readonly, preserves_flags)) };
}
