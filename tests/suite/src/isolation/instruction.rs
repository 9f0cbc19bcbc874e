//! Instructions that are the kernel's.

use super::end::{End, REFUSED};
use super::table::Table;
use crate::fault::*;
use crate::harness::on_folio;
use core::arch::asm;
use core::arch::x86::__cpuid_count;
use sys::abi::memory::{PROT_EXEC, PROT_READ};
use sys::abi::signal::{ILL_ILLOPN, SIGILL};

const RET: u8 = 0xc3;
const RING: &str = "CPL 3";

/// Puts these instructions on a page of their own; where they are. They may change EAX, ECX and EDX.
pub fn code(instructions: &[u8]) -> u32 {
    let page = map(1);
    for (address, byte) in (page..).zip(instructions.iter().chain(&[RET])) {
        poke(address, *byte);
    }
    call!(mprotect(page, PAGE, PROT_READ | PROT_EXEC)).expect("mprotect");
    page
}

/// Executes them; what stopped them.
pub fn execute(instructions: &[u8]) -> Result<(), Fault> {
    try_execute(code(instructions))
}

/// General protection, whatever the registers hold.
const PRIVILEGED: [(&str, &[u8]); 39] = [
    ("cli", &[0xfa]),
    ("sti", &[0xfb]),
    ("hlt", &[0xf4]),
    ("in al, dx", &[0x66, 0xba, 0xf8, 0x03, 0xec]),
    ("in al, 60h", &[0xe4, 0x60]),
    ("in eax, dx", &[0x66, 0xba, 0xf8, 0x0c, 0xed]),
    ("out dx, al", &[0x66, 0xba, 0xf4, 0x00, 0xee]),
    ("out 80h, al", &[0xe6, 0x80]),
    ("insb", &[0x6c]),
    ("outsb", &[0x6e]),
    ("mov eax, cr0", &[0x0f, 0x20, 0xc0]),
    ("mov cr0, eax", &[0x0f, 0x22, 0xc0]),
    ("mov eax, cr2", &[0x0f, 0x20, 0xd0]),
    ("mov eax, cr3", &[0x0f, 0x20, 0xd8]),
    ("mov cr3, eax", &[0x0f, 0x22, 0xd8]),
    ("mov eax, cr4", &[0x0f, 0x20, 0xe0]),
    ("mov cr4, eax", &[0x0f, 0x22, 0xe0]),
    ("mov eax, dr0", &[0x0f, 0x21, 0xc0]),
    ("mov eax, dr7", &[0x0f, 0x21, 0xf8]),
    ("mov dr0, eax", &[0x0f, 0x23, 0xc0]),
    ("mov dr7, eax", &[0x0f, 0x23, 0xf8]),
    ("clts", &[0x0f, 0x06]),
    ("invd", &[0x0f, 0x08]),
    ("wbinvd", &[0x0f, 0x09]),
    ("invlpg [esp]", &[0x0f, 0x01, 0x3c, 0x24]),
    ("lgdt [esp]", &[0x0f, 0x01, 0x14, 0x24]),
    ("lidt [esp]", &[0x0f, 0x01, 0x1c, 0x24]),
    ("lldt ax", &[0x0f, 0x00, 0xd0]),
    ("ltr ax", &[0x0f, 0x00, 0xd8]),
    ("lmsw ax", &[0x0f, 0x01, 0xf0]),
    ("rdmsr (APIC base)", &[0xb9, 0x1b, 0, 0, 0, 0x0f, 0x32]),
    ("rdmsr (SYSENTER_EIP)", &[0xb9, 0x76, 0x01, 0, 0, 0x0f, 0x32]),
    ("wrmsr (EFER)", &[0xb9, 0x80, 0, 0, 0xc0, 0x0f, 0x30]),
    ("wrmsr (SYSENTER_EIP)", &[0xb9, 0x76, 0x01, 0, 0, 0x0f, 0x30]),
    ("rdpmc", &[0x31, 0xc9, 0x0f, 0x33]),
    ("xsetbv", &[0x31, 0xc9, 0x0f, 0x01, 0xd1]),
    ("sysexit", &[0x0f, 0x35]),
    ("mov ss, 0", &[0x31, 0xc0, 0x8e, 0xd0]),
    ("mov ds, 10h", &[0xb8, 0x10, 0, 0, 0, 0x8e, 0xd8]),
];

/// What they say is where the kernel's tables lie.
const TELLING: [(&str, &[u8]); 5] = [
    ("sgdt", &[0x83, 0xec, 0x08, 0x0f, 0x01, 0x04, 0x24, 0x83, 0xc4, 0x08]),
    ("sidt", &[0x83, 0xec, 0x08, 0x0f, 0x01, 0x0c, 0x24, 0x83, 0xc4, 0x08]),
    ("sldt eax", &[0x0f, 0x00, 0xc0]),
    ("str eax", &[0x0f, 0x00, 0xc8]),
    ("smsw eax", &[0x0f, 0x01, 0xe0]),
];

/// What the processor here does not have: SIGILL as well.
fn may_be_missing(name: &str) -> bool {
    name == "xsetbv" || name == "rdpmc"
}

pub fn privileged_instructions_are_refused() {
    let mut table = Table::default();
    for (name, instructions) in PRIVILEGED {
        let run = || match execute(instructions) {
            Err(fault) if fault.signal == SIGILL && may_be_missing(name) => REFUSED,
            end => end.into(),
        };
        table.row(name, RING, REFUSED, run);
    }
    for (name, instructions) in TELLING {
        match () {
            // Linux plays them, with answers that say nothing.
            () if !on_folio() => {}
            () if !has_umip() => table.not_defended(name, "a processor without UMIP"),
            () => table.row(name, "CR4.UMIP", REFUSED, || execute(instructions).into()),
        }
    }
    table.row("rsm", "no system management", End::Nothing, || match execute(&[0x0f, 0xaa]) {
        Err(Fault { signal: SIGILL, code: ILL_ILLOPN, .. }) => End::Nothing,
        end => end.into(),
    });
    let flags = "POPF leaves them alone in CPL 3";
    table.row("set IOPL, clear IF", flags, End::Nothing, || {
        (change_flags() & 0x3200 != 0x200).into()
    });
    table.row("enter virtual-8086 mode", flags, End::Nothing, || {
        (change_flags() & 0x2_0000 != 0).into()
    });
    table.finish();
}

fn has_umip() -> bool {
    __cpuid_count(7, 0).ecx & 1 << 2 != 0
}

/// Asks for IOPL 3, VM and no interrupts; the flags that it got.
fn change_flags() -> u32 {
    let flags: u32;
    // SAFETY: changes flags that mean nothing to the compiler, or are left alone.
    unsafe {
        asm!(
            "pushfd",
            "or dword ptr [esp], 0x23000",
            "and dword ptr [esp], 0xfffffdff",
            "popfd",
            "pushfd",
            "pop {0:e}",
            out(reg) flags,
        );
    }
    flags
}

/// Vectors that programs may call: breakpoint, overflow, both tables of calls.
const OPEN: [u8; 4] = [3, 4, 0x80, 0x81];

pub fn gates_of_the_kernel_are_closed() {
    let mut table = Table::default();
    let parts: [(&str, core::ops::RangeInclusive<u8>); 3] = [
        ("int n, an exception's", 0..=31),
        ("int n, an interrupt's", 32..=47),
        ("int n, nobody's", 48..=255),
    ];
    for (name, vectors) in parts {
        let gates = "the gate's DPL 0, or no gate";
        table.row(name, gates, REFUSED, || {
            // Linux has 0x80 and no 0x81.
            let is_closed = |vector: &u8| !OPEN.contains(vector) || *vector == 0x81 && !on_folio();
            let page = code(&[0xcd, 0]);
            let ends = vectors.filter(is_closed).map(|vector| {
                call!(mprotect(page, PAGE, RW)).expect("mprotect");
                poke(page + 1, vector);
                call!(mprotect(page, PAGE, PROT_READ | PROT_EXEC)).expect("mprotect");
                End::from(try_execute(page))
            });
            let mut ends = ends.skip_while(|end| *end == REFUSED);
            ends.next().unwrap_or(REFUSED)
        });
    }
    table.finish();
}
