//! The state of the FPU and the vector registers. The kernel itself never uses them, so they are
//! saved only when another task gets the CPU: by XSAVE where the CPU has it, which covers AVX and
//! AVX-512 too, else by FXSAVE.

use super::features::Features;
use super::uaccess::{Fault, on_user_memory};
use core::arch::asm;
use core::arch::x86::__cpuid_count;
use core::sync::atomic::{AtomicU32, Ordering::Relaxed};
use spin::Once;
use x86::controlregs::{Xcr0, xcr0_write};

/// The FXSAVE area (SDM 1, 10.5.1).
const LEGACY: usize = 512;
/// The largest XSAVE area: up to the upper sixteen registers of AVX-512 (SDM 1, 13.4).
const LARGEST: usize = 2688;
const ALIGN: u32 = 64;

/// What XSAVE saves: the lower half of XCR0. 0: this CPU has only FXSAVE.
static COMPONENTS: AtomicU32 = AtomicU32::new(0);
static AREA_BYTES: AtomicU32 = AtomicU32::new(LEGACY as u32);

/// What XSAVE and XRSTOR are asked for in EAX: whatever XCR0 has. EDX, for its upper half, says
/// nothing, as that is empty.
const ALL: u32 = u32::MAX;

/// `$instruction` at the address in operand `$operand`, where the CPU has XSAVE its counterpart:
/// [`patch`](super::patch).
macro_rules! state_instruction {
    ($instruction:literal, $operand:literal) => {
        concat!(
            ".pushsection __xsave_sites, \"aw\"\n.long 953f\n.popsection\n",
            "953: ",
            $instruction,
            " [{",
            $operand,
            "}]"
        )
    };
}

/// Decides what a state consists of.
///
/// # Safety
/// Once, at boot, before there is any state. CR4.OSXSAVE is set if the CPU has XSAVE.
pub unsafe fn enable(features: &Features) {
    if !features.xsave {
        return;
    }
    let x87_sse = Xcr0::XCR0_FPU_MMX_STATE | Xcr0::XCR0_SSE_STATE;
    let avx = x87_sse | Xcr0::XCR0_AVX_STATE;
    let avx512 =
        avx | Xcr0::XCR0_OPMASK_STATE | Xcr0::XCR0_ZMM_HI256_STATE | Xcr0::XCR0_HI16_ZMM_STATE;
    let present = Xcr0::from_bits_truncate(__cpuid_count(0xd, 0).eax.into());
    let wanted = [avx512, avx].into_iter().find(|all| present.contains(*all)).unwrap_or(x87_sse);
    // SAFETY: CPUID announced each bit, and they make a valid set (SDM 1, 13.3).
    unsafe { xcr0_write(wanted) };
    // For what XCR0 has now.
    let bytes = __cpuid_count(0xd, 0).ebx;
    assert!(bytes as usize <= LARGEST, "{bytes} bytes of FPU state");
    COMPONENTS.store(wanted.bits() as u32, Relaxed);
    AREA_BYTES.store(bytes.next_multiple_of(ALIGN), Relaxed);
}

/// What XSAVE saves, as XCR0 has it; 0 if FXSAVE does.
#[inline]
pub fn components() -> u32 {
    COMPONENTS.load(Relaxed)
}

/// Bytes of a saved state, a multiple of 64.
#[inline]
pub fn area_bytes() -> u32 {
    AREA_BYTES.load(Relaxed)
}

/// Room for any state, as XSAVE or FXSAVE stores it.
#[repr(C, align(64))]
pub struct FpuState([u8; LARGEST]);

impl FpuState {
    /// Every exception masked, registers empty: what FNINIT and a reset MXCSR give.
    pub const fn initial() -> Self {
        let mut area = [0; LARGEST];
        area[0] = 0x7f;
        area[1] = 0x03;
        area[24] = 0x80;
        area[25] = 0x1f;
        Self(area)
    }

    /// For a state a program prepared: no bits of MXCSR may be left that [`mxcsr_mask`] has not,
    /// and the header must be one that XRSTOR takes.
    pub fn bytes_mut(&mut self) -> &mut [u8; LARGEST] {
        &mut self.0
    }

    #[inline]
    pub fn restore(&self) {
        // SAFETY: `self` is a whole area; reserved bits are clear.
        unsafe { restore_from((&raw const *self).cast()) };
    }
}

static INITIAL: FpuState = FpuState::initial();

/// Empties the registers.
pub fn reset() {
    INITIAL.restore();
}

/// Stores the registers; bytes that the CPU leaves alone stay as they are.
///
/// # Safety
/// `area` is valid for writes of [`area_bytes`], aligned to 64, and was once all zero. User tasks,
/// and so this, exist only with FXSR.
#[inline]
pub unsafe fn save_to(area: *mut u8) {
    // SAFETY: the caller vouches for it.
    unsafe {
        asm!(state_instruction!("fxsave", "area"), area = in(reg) area, in("eax") ALL,
            options(nostack, preserves_flags));
    }
}

/// # Safety
/// `area` was filled by `save_to`, or is a valid state. As for `save_to`.
#[inline]
pub unsafe fn restore_from(area: *const u8) {
    // SAFETY: as above; what was stored by one instruction the other takes.
    unsafe {
        asm!(state_instruction!("fxrstor", "area"), area = in(reg) area, in("eax") ALL,
            options(nostack, readonly, preserves_flags));
    }
}

/// Stores the registers in the program's memory. `address` is a multiple of 64.
pub fn save_to_user(address: u32) -> Result<(), Fault> {
    let bytes = area_bytes() as usize;
    // SAFETY: user memory is not Rust's.
    unsafe {
        on_user_memory!(address, bytes, state_instruction!("fxsave", "address"), in("eax") ALL)
    }
}

/// Loads the registers from the program's memory. Fails also for what the CPU refuses: reserved
/// bits, an address that is no multiple of 16, or 64 with XSAVE.
pub fn restore_from_user(address: u32) -> Result<(), Fault> {
    let bytes = area_bytes() as usize;
    // SAFETY: the kernel does not use these registers.
    unsafe {
        on_user_memory!(address, bytes, state_instruction!("fxrstor", "address"), in("eax") ALL,
            options(readonly))
    }
}

/// The bits of MXCSR that this CPU has (SDM 1, 11.6.6).
pub fn mxcsr_mask() -> u32 {
    const DEFAULT: u32 = 0xffbf;
    static MASK: Once<u32> = Once::new();
    *MASK.call_once(|| {
        let mut state = FpuState([0; LARGEST]);
        // SAFETY: `state` is such an area.
        unsafe { save_to(state.0.as_mut_ptr()) };
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
