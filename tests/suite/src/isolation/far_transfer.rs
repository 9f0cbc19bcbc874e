//! Jumps, calls and returns that change the privilege level, or would.

use super::end::{End, REFUSED};
use super::instruction::{code, execute};
use super::kernel_memory::task_size;
use super::table::Table;
use crate::fault::*;
use crate::harness::{is_emulated, on_folio};
use core::arch::asm;
use core::arch::x86::__cpuid_count;
use sys::abi::signal::{SIGILL, SIGSEGV};

/// The kernel's code, data, task states, and what no table has.
const SELECTORS: [(&str, u16); 8] = [
    ("the kernel's code segment", 0x60),
    ("the same with RPL 3", 0x63),
    ("the kernel's data segment", 0x68),
    ("the task state", 0x80),
    ("the double fault's task state", 0xf8),
    ("the local table's first entry", 0x07),
    ("an entry beyond the table", 0xfff8),
    ("no segment", 0),
];

/// `opcode ptr16:32`.
fn far(opcode: u8, selector: u16, address: u32) -> [u8; 7] {
    let [a, b, c, d] = address.to_le_bytes();
    let [low, high] = selector.to_le_bytes();
    [opcode, a, b, c, d, low, high]
}

/// Pushes both and executes `ending`.
fn by_return(ending: u8, selector: u16, address: u32) -> [u8; 11] {
    let [a, b, c, d] = address.to_le_bytes();
    let [low, high] = selector.to_le_bytes();
    [0x68, low, high, 0, 0, 0x68, a, b, c, d, ending]
}

/// Whether the processor takes a program's far return, or refuses it: QEMU 7.2 does neither where it
/// has SMAP.
fn far_returns_end() -> bool {
    const SMAP: u32 = 1 << 20;
    !is_emulated() || __cpuid_count(7, 0).ebx & SMAP == 0
}

pub fn transfers_into_the_kernel_are_refused() {
    let mut table = Table::default();
    let target = if on_folio() { task_size() + 0x10_2000 } else { 0xffff_0000 };
    for (name, selector) in SELECTORS {
        let attack = |how: &str| alloc::format!("{how} {name}");
        const CHECKS: &str = "the descriptor's DPL and type";
        let run = |bytes: &[u8]| match execute(bytes) {
            // Linux/x86-64 has other things there, and nothing at all beyond its table.
            Err(fault) if fault.signal == SIGSEGV => REFUSED,
            end => end.into(),
        };
        table.row(&attack("jump far to"), CHECKS, REFUSED, || run(&far(0xea, selector, target)));
        table.row(&attack("call far to"), CHECKS, REFUSED, || run(&far(0x9a, selector, target)));
        if !far_returns_end() {
            let why =
                "QEMU reads the stack as the kernel would, which SMAP forbids, again and again";
            table.not_tried(&attack("return far and IRET to"), why);
            continue;
        }
        table.row(&attack("return far to"), CHECKS, REFUSED, || {
            run(&by_return(0xcb, selector, target))
        });
        table.row(&attack("IRET to"), CHECKS, REFUSED, || {
            let pushed_flags = [&[0x9c][..], &by_return(0xcf, selector, target)].concat();
            run(&pushed_flags)
        });
    }
    table.row("IRET out of a nested task (NT)", "the task state has no back link", REFUSED, || {
        let task_return: &[u8] = &[
            0x9c, 0x81, 0x0c, 0x24, 0x00, 0x40, 0x00, 0x00,
            0x9d, // pushfd; or [esp], NT; popfd
            0x9c, 0x0e, 0x68, 0, 0, 0, 0, 0xcf, // pushfd; push cs; push 0; iretd
        ];
        match try_execute(code(task_return)) {
            Err(fault) if fault.signal == SIGSEGV => REFUSED,
            end => end.into(),
        }
    });
    if on_folio() {
        sysenter(&mut table);
    }
    table.finish();
}

/// SYSENTER by hand: the registers that the kernel goes by are the attacker's.
fn sysenter(table: &mut Table) {
    let start = task_size();
    let stacks = [
        ("the kernel's", start + 0x10_2000),
        ("one across PAGE_OFFSET", start - 2),
        ("the last word", 0xffff_fffc),
        ("an odd one", 0xffff_ffff),
        ("nobody's", 16),
    ];
    // Not every processor has it.
    let ends = [End::Killed(SIGSEGV), End::Killed(SIGILL)];
    for (name, stack) in stacks {
        let attack = alloc::format!("SYSENTER with a stack that is {name}");
        let back = "EFAULT for the sixth argument, and back to CPL 3";
        table.any_of(&attack, back, &ends, || {
            // SAFETY: nothing returns from here.
            unsafe {
                asm!(
                    "mov ebp, {0}", "mov esp, {0}", "mov eax, 20", "sysenter", "ud2",
                    in(reg) stack, options(noreturn)
                )
            }
        });
    }
}
