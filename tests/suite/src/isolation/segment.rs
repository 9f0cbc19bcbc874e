//! Segment registers, and the descriptors that a program may make.

use super::end::{End, REFUSED, not_there};
use super::instruction::execute;
use super::kernel_memory::task_size;
use super::table::Table;
use crate::fault::*;
use crate::harness::only_on_folio;
use crate::thread_area::{descriptor, set};
use core::arch::asm;
use core::sync::atomic::{AtomicU32, Ordering::Relaxed};
use sys::Errno;
use sys::abi::process::*;
use sys::abi::signal::SIGSEGV;
use sys::syscall::output;

/// Of the kernel, of nobody.
const SELECTORS: [(&str, u16); 7] = [
    ("the kernel's code segment", 0x60),
    ("the kernel's data segment", 0x68),
    ("the same with RPL 3", 0x6b),
    ("the task state", 0x83),
    ("the double fault's task state", 0xfb),
    ("a local table", 0x0f),
    ("an empty entry", 0x33),
];

/// `mov SEGMENT, ax`.
const LOADS: [(&str, u8); 5] =
    [("DS", 0xd8), ("ES", 0xc0), ("FS", 0xe0), ("GS", 0xe8), ("SS", 0xd0)];

static SELECTOR: AtomicU32 = AtomicU32::new(0);

extern "C" fn read_through_gs(offset: u32) {
    // SAFETY: the fault is what the test wants.
    unsafe {
        asm!(
            "mov gs, {selector:x}", "mov {selector:e}, gs:[{offset}]",
            selector = inout(reg) SELECTOR.load(Relaxed) => _, offset = in(reg) offset,
        );
    }
}

/// A segment of the program's with this base; reading at `offset` in it.
fn read_at(base: u32, offset: u32) -> End {
    let mut area = descriptor(u32::MAX, base);
    set(&mut area).expect("set_thread_area");
    SELECTOR.store(area.entry_number << 3 | 3, Relaxed);
    catch(read_through_gs, offset).into()
}

pub fn segments_give_no_rights() {
    only_on_folio("arch/i386/gdt.rs");
    let mut table = Table::default();
    for (register, load) in LOADS {
        for (name, selector) in SELECTORS {
            let [low, high] = selector.to_le_bytes();
            let attack = alloc::format!("load {register} with {name}");
            table.row(&attack, "the descriptor's DPL and type", REFUSED, || {
                execute(&[0xb8, low, high, 0, 0, 0x8e, load]).into()
            });
        }
    }
    let start = task_size();
    let pages = "segments only choose addresses, pages give rights";
    for (name, base, offset) in [
        ("at PAGE_OFFSET", start, 0),
        ("over the kernel's text", start + 0x10_2000, 8),
        ("at 0, reaching up", 0, start),
        ("at 64 KiB, wrapping around", 0x1_0000, start - 0x1_0000),
        ("at the last page", 0xffff_f000, 0),
    ] {
        let attack = alloc::format!("read through a segment {name}");
        let address = base.wrapping_add(offset);
        table.row(&attack, pages, not_there(address), || read_at(base, offset));
    }
    table.row("a stack segment over the kernel", pages, End::Killed(SIGSEGV), || {
        let mut area = descriptor(u32::MAX, start);
        set(&mut area).expect("set_thread_area");
        let selector = area.entry_number << 3 | 3;
        // SAFETY: nothing returns from here.
        unsafe {
            asm!(
                "mov ss, {0:x}", "mov esp, 0x102000", "push 0", "ud2",
                in(reg) selector, options(noreturn)
            )
        }
    });
    descriptors(&mut table);
    table.finish();
}

/// Descriptors that would be more than data of CPL 3.
fn descriptors(table: &mut Table) {
    let refused = End::Error(Errno::EINVAL);
    let kinds = "only 32-bit data segments of DPL 3";
    let flags = USER_DESC_SEG_32BIT | USER_DESC_LIMIT_IN_PAGES | USER_DESC_USEABLE;
    for (name, flags) in [
        ("make a code segment", flags | 2 << USER_DESC_CONTENTS_SHIFT),
        ("make a conforming code segment", flags | 3 << USER_DESC_CONTENTS_SHIFT),
        ("make a 16-bit segment", flags & !USER_DESC_SEG_32BIT),
        ("make a segment that is not present", flags | USER_DESC_SEG_NOT_PRESENT),
    ] {
        table.row(name, kinds, refused, || {
            let mut area = UserDesc { flags, ..descriptor(u32::MAX, 0x1000) };
            set(&mut area).into()
        });
    }
    for entry in [0, 5, 12, 13, 14, 15, 16, 31, 32, 0x1fff, 0x8000_0006] {
        let attack = alloc::format!("write entry {entry:#x} of the global table");
        table.row(&attack, "only entries 6 to 8", refused, || {
            set(&mut descriptor(entry, 0x1000)).into()
        });
        let attack = alloc::format!("read entry {entry:#x} of the global table");
        table.row(&attack, "only entries 6 to 8", refused, || {
            let mut found = UserDesc { entry_number: entry, ..UserDesc::default() };
            call!(get_thread_area(output(&mut found))).into()
        });
    }
    table.row("use a local table of its own, at address 0", "LDTR is empty", REFUSED, || {
        // Where a processor has one after a reset: data of DPL 3 at PAGE_OFFSET.
        let flags = crate::fault::PRIVATE | sys::abi::memory::MAP_FIXED;
        call!(mmap2(0, 16 * PAGE, RW, flags, -1, 0)).expect("root may have address 0");
        poke_word(8, 0xffff);
        poke_word(12, 0xc0cf_f300);
        // `mov eax, 0fh; mov gs, ax`
        execute(&[0xb8, 0x0f, 0, 0, 0, 0x8e, 0xe8]).into()
    });
    // modify_ldt, to write: no descriptor of it can be used.
    table.row("make a local table", "there are none", Errno::ENOSYS.into(), || {
        let mut area = descriptor(0, 0x1000);
        let registers = [1, &raw mut area as u32, size_of::<UserDesc>() as u32, 0, 0, 0];
        sys::abi::errno::decode(crate::harness::bare(123, registers)).into()
    });
}
