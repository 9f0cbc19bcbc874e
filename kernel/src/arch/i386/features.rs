//! What CPUID announces.

use core::arch::x86::{__cpuid, __cpuid_count};
use spin::Once;

#[derive(Clone, Copy, Debug, Default)]
pub struct Features {
    pub pse: bool,
    pub pge: bool,
    pub nx: bool,
    pub sep: bool,
    pub fxsr: bool,
    pub sse: bool,
    pub sse2: bool,
    pub xsave: bool,
    pub smep: bool,
    pub smap: bool,
    pub umip: bool,
    /// CPUID.1:EDX, which programs get as AT_HWCAP.
    pub hwcap: u32,
}

impl Features {
    /// User programs are compiled for SSE2, whose registers a task switch saves by FXSAVE at least.
    pub fn runs_programs(&self) -> bool {
        self.fxsr && self.sse2
    }
}

static FEATURES: Once<Features> = Once::new();

/// The boot CPU's features. NX counts only where the page-table format has the bit.
pub fn features() -> &'static Features {
    FEATURES.call_once(detect)
}

fn detect() -> Features {
    let basic = __cpuid(0).eax;
    let one = __cpuid(1);
    let seven = if basic >= 7 { Some(__cpuid_count(7, 0)) } else { None };
    let extended =
        if __cpuid(0x8000_0000).eax >= 0x8000_0001 { __cpuid(0x8000_0001).edx } else { 0 };
    let seven_ebx = seven.as_ref().map_or(0, |leaf| leaf.ebx);
    let seven_ecx = seven.as_ref().map_or(0, |leaf| leaf.ecx);
    let bit = |word: u32, number: u32| word & 1 << number != 0;
    Features {
        pse: bit(one.edx, 3),
        pge: bit(one.edx, 13),
        sep: bit(one.edx, 11) && has_sysenter(one.eax),
        fxsr: bit(one.edx, 24),
        sse: bit(one.edx, 25),
        sse2: bit(one.edx, 26),
        xsave: bit(one.ecx, 26),
        nx: super::paging::IS_PAE && bit(extended, 20),
        smep: bit(seven_ebx, 7),
        smap: bit(seven_ebx, 20),
        umip: bit(seven_ecx, 2),
        hwcap: one.edx,
    }
}

/// The first Pentium Pros announce SYSENTER and lack it (SDM 2B, SYSENTER).
fn has_sysenter(signature: u32) -> bool {
    let (family, model, stepping) = (signature >> 8 & 15, signature >> 4 & 15, signature & 15);
    !(family == 6 && model < 3 && stepping < 3)
}
