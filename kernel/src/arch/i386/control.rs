//! Control registers and model-specific registers.

use super::features::Features;
use super::gdt::KERNEL_CS;
use x86::controlregs::{self, Cr0, Cr4};
use x86::msr::{IA32_EFER, IA32_SYSENTER_CS, IA32_SYSENTER_EIP, IA32_SYSENTER_ESP, rdmsr, wrmsr};

const EFER_NXE: u64 = 1 << 11;

/// DR6 while nothing has happened: bits that read as 1.
pub const NO_DEBUG_STATUS: u32 = 0xffff_0ff0;

/// Switches on what the CPU has and the kernel relies on: WP and NE always; PSE, PGE, SMEP, SMAP,
/// UMIP, FXSR, XSAVE and NX where present.
///
/// # Safety
/// Once, at boot, while the provisional tables are active.
pub unsafe fn enable(features: &Features) {
    // SAFETY: these bits change no mapping in use; WP and the rest are what the kernel expects.
    unsafe {
        let mut cr0 = controlregs::cr0();
        cr0.remove(Cr0::CR0_EMULATE_COPROCESSOR | Cr0::CR0_TASK_SWITCHED);
        cr0.insert(Cr0::CR0_WRITE_PROTECT | Cr0::CR0_NUMERIC_ERROR | Cr0::CR0_MONITOR_COPROCESSOR);
        cr0.insert(Cr0::CR0_ALIGNMENT_MASK);
        controlregs::cr0_write(cr0);
    }
    let mut bits = Cr4::empty();
    for (present, bit) in [
        (features.pse, Cr4::CR4_ENABLE_PSE),
        (features.pge, Cr4::CR4_ENABLE_GLOBAL_PAGES),
        (features.fxsr, Cr4::CR4_ENABLE_SSE),
        (features.sse, Cr4::CR4_UNMASKED_SSE),
        (features.xsave, Cr4::CR4_ENABLE_OS_XSAVE),
        (features.smep, Cr4::CR4_ENABLE_SMEP),
        (features.smap, Cr4::CR4_ENABLE_SMAP),
        (features.umip, Cr4::CR4_ENABLE_UMIP),
    ] {
        if present {
            bits.insert(bit);
        }
    }
    if !bits.is_empty() {
        // SAFETY: CPUID announced each bit. SMEP and SMAP deny access to user pages, of which
        // there are none yet.
        unsafe { controlregs::cr4_write(controlregs::cr4() | bits) };
    }
    // SAFETY: once, before there are tasks; CR4 is set.
    unsafe { super::fpu::enable(features) };
    if features.nx {
        // SAFETY: CPUID 80000001h announced NX; no entry has bit 63 set yet.
        unsafe { wrmsr(IA32_EFER, rdmsr(IA32_EFER) | EFER_NXE) };
    }
}

/// Where SYSENTER leads, and the stack pointer it comes with.
///
/// # Safety
/// The CPU has SYSENTER. `entry` is its entry point and finds the stack by `stack`.
pub unsafe fn set_sysenter(entry: u32, stack: u32) {
    // SAFETY: passed on to the caller; the kernel's segments lie as SYSENTER and SYSEXIT want them.
    unsafe {
        wrmsr(IA32_SYSENTER_CS, u64::from(KERNEL_CS));
        wrmsr(IA32_SYSENTER_ESP, u64::from(stack));
        set_sysenter_entry(entry);
    }
}

/// Where SYSENTER leads from now on.
///
/// # Safety
/// As of [`set_sysenter`], which has been called.
pub unsafe fn set_sysenter_entry(entry: u32) {
    // SAFETY: passed on to the caller.
    unsafe { wrmsr(IA32_SYSENTER_EIP, u64::from(entry)) };
}

/// The address that faulted last. Read it before interrupts are enabled again.
#[inline]
pub fn cr2() -> u32 {
    let value: u32;
    // SAFETY: reading CR2 has no effect.
    unsafe {
        core::arch::asm!("mov {}, cr2", out(reg) value, options(nomem, nostack, preserves_flags))
    };
    value
}

/// Why the last debug exception came (DR6), for the last time.
pub fn take_debug_status() -> u32 {
    let status: u32;
    // SAFETY: DR6 only reports.
    unsafe {
        core::arch::asm!(
            "mov {0}, dr6",
            "mov dr6, {1}",
            out(reg) status,
            in(reg) NO_DEBUG_STATUS,
            options(nomem, nostack, preserves_flags)
        )
    };
    status
}

#[inline]
pub fn rdtsc() -> u64 {
    // SAFETY: `start` refused CPUs without a time-stamp counter.
    unsafe { core::arch::x86::_rdtsc() }
}
