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
        // SAFETY: the area is 512 bytes at a multiple of 16; user tasks exist only with FXSR.
        unsafe { asm!("fxsave [{}]", in(reg) &raw mut self.0, options(nostack, preserves_flags)) };
    }

    #[inline]
    pub fn restore(&self) {
        // SAFETY: as for `save`; reserved MXCSR bits are clear.
        unsafe {
            asm!("fxrstor [{}]", in(reg) &raw const self.0, options(nostack, readonly, preserves_flags))
        };
    }
}
