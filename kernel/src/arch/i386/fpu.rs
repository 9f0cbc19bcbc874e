//! The state of the FPU and SSE registers. The kernel itself never uses them, so they are saved
//! only when another task gets the CPU.

use super::uaccess::{Fault, on_user_memory};
use core::arch::asm;
use spin::Once;

const AREA: usize = 512;

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

    /// For a state a program prepared: no bits of MXCSR may be left that [`mxcsr_mask`] has not.
    pub fn bytes_mut(&mut self) -> &mut [u8; 512] {
        &mut self.0
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

/// Stores the registers in the program's memory. `address` is a multiple of 16.
pub fn save_to_user(address: u32) -> Result<(), Fault> {
    // SAFETY: user memory is not Rust's.
    unsafe { on_user_memory!(address, AREA, "fxsave [{address}]") }
}

/// Loads the registers from the program's memory. Fails also for what the CPU refuses: reserved
/// bits of MXCSR, an address that is no multiple of 16.
pub fn restore_from_user(address: u32) -> Result<(), Fault> {
    // SAFETY: the kernel does not use these registers.
    unsafe { on_user_memory!(address, AREA, "fxrstor [{address}]", options(readonly)) }
}

/// The bits of MXCSR that this CPU has (SDM 1, 11.6.6).
pub fn mxcsr_mask() -> u32 {
    const DEFAULT: u32 = 0xffbf;
    static MASK: Once<u32> = Once::new();
    *MASK.call_once(|| {
        let mut state = FpuState([0; AREA]);
        state.save();
        match state.0.get(28..32).and_then(|bytes| bytes.try_into().ok()).map(u32::from_le_bytes) {
            None | Some(0) => DEFAULT,
            Some(mask) => mask,
        }
    })
}

/// The exceptions that are raised and not masked, in the FPU (vector 16) or in SSE (vector 19).
pub fn pending_exceptions(vector: u32) -> u32 {
    const SSE_FAULT: u32 = 19;
    const MASKS_SHIFT: u32 = 7;
    if vector == SSE_FAULT {
        let mut mxcsr = 0u32;
        // SAFETY: stores a word; the program that raised an SSE exception has SSE.
        unsafe { asm!("stmxcsr [{}]", in(reg) &raw mut mxcsr, options(nostack, preserves_flags)) };
        return mxcsr & !(mxcsr >> MASKS_SHIFT) & 0x3f;
    }
    let (mut control, mut status) = (0u16, 0u16);
    // SAFETY: stores two words without looking at pending exceptions.
    unsafe {
        asm!(
            "fnstcw [{}]",
            "fnstsw [{}]",
            in(reg) &raw mut control,
            in(reg) &raw mut status,
            options(nostack, preserves_flags)
        )
    };
    u32::from(status & !control & 0x3f)
}
