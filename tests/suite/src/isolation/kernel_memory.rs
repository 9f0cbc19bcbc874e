//! The kernel's addresses, by a program's own instructions.

use super::end::{End, not_so, not_there};
use super::table::Table;
use crate::fault::*;
use crate::harness::only_on_folio;
use alloc::format;
use alloc::vec::Vec;
use core::arch::asm;
use sys::abi::auxv::AT_SYSINFO_EHDR;
use sys::abi::signal::SIGSEGV;
use sys::abi::statistics::{TABLE_USER, TableRange};
use sys::statistics::StatisticsRight;

/// Pages are the kernel's from here on: the vDSO's code is the last page of a program's.
pub fn task_size() -> u32 {
    let vdso = sys::env::auxiliary_value(AT_SYSINFO_EHDR).expect("a vDSO");
    assert_eq!(vdso % PAGE, 0);
    vdso + PAGE
}

/// A place in each part of the kernel's address space, and at its edges.
pub fn places() -> [(&'static str, u32); 13] {
    let start = task_size();
    [
        ("the first byte (PAGE_OFFSET)", start),
        ("the last byte of the first page", start + PAGE - 1),
        ("the direct map", start + 0x5000),
        ("the loader's entry", start + 0x10_0000),
        ("text", start + 0x10_2000),
        ("the direct map at 16 MiB", start + (16 << 20)),
        ("the hole behind the direct map", 0xf800_0000),
        ("vmalloc", 0xf880_0000),
        ("kernel stacks", 0xf880_2000),
        ("pkmap", 0xffc0_0000),
        ("fixmap", 0xffff_e000),
        ("the last page", 0xffff_f000),
        ("the last byte", 0xffff_ffff),
    ]
}

type Attack = fn(u32) -> Result<(), Fault>;

const PAGES: &str = "no user bit in the kernel's page tables";

extern "C" fn exchange(address: u32) {
    // SAFETY: the fault is what the test wants.
    unsafe { asm!("lock xchg [{0}], {1}", in(reg) address, inout(reg) 0_u32 => _) }
}

extern "C" fn copy_string(address: u32) {
    let mut here = [0_u8; 8];
    // SAFETY: as above. ESI is restored.
    unsafe {
        asm!(
            "push esi", "mov esi, {from}", "rep movsb", "pop esi",
            from = in(reg) address, inout("edi") here.as_mut_ptr() => _, inout("ecx") 8 => _,
        );
    }
    core::hint::black_box(here);
}

extern "C" fn store_registers(address: u32) {
    // SAFETY: as above.
    unsafe { asm!("fxsave [{}]", in(reg) address & !15) }
}

extern "C" fn push(address: u32) {
    // SAFETY: as above; ESP is restored should there be no fault.
    unsafe {
        asm!(
            "mov {old}, esp", "mov esp, {new}", "push 0", "mov esp, {old}",
            new = in(reg) address.wrapping_add(4), old = out(reg) _,
        );
    }
}

extern "C" fn read_word_across(address: u32) {
    peek_word(address);
}

pub fn kernel_memory_is_out_of_reach() {
    only_on_folio("TASK_SIZE of i386 (kcore::layout)");
    let mut table = Table::default();
    for (place, address) in places() {
        let attacks: [(&str, Attack); 5] = [
            ("read", try_read),
            ("write", try_write),
            ("execute", try_execute),
            ("exchange", |address| catch(exchange, address)),
            ("copy", |address| catch(copy_string, address)),
        ];
        for (how, attack) in attacks {
            table.row(&format!("{how} {place}"), PAGES, not_there(address), || {
                attack(address).into()
            });
        }
    }
    let start = task_size();
    let across = start - 2;
    table.row("read a word across PAGE_OFFSET", PAGES, not_there(start), || {
        catch(read_word_across, across).into()
    });
    // Which of the two pages is looked at first is the processor's business.
    let ends = [not_so(across), not_there(start)];
    table.any_of("write a word across PAGE_OFFSET", "the vDSO is read-only", &ends, || {
        catch(exchange, across).into()
    });
    table.row("FXSAVE into the kernel", PAGES, not_there(start + 0x10_2000), || {
        catch(store_registers, start + 0x10_2000).into()
    });
    // Nothing can be said on a stack that is the kernel's.
    let killed = End::Killed(SIGSEGV);
    for (place, address) in places() {
        table.row(&format!("push onto {place}"), PAGES, killed, || {
            push(address);
            End::Through(0)
        });
    }
    table.row(
        "tell what is there by how it faults",
        "the error code says nothing",
        false.into(),
        || {
            let kinds: Vec<u32> =
                places().iter().map(|(_, address)| error_code(*address)).collect();
            (kinds.iter().any(|kind| *kind != kinds[0])).into()
        },
    );
    table.finish();
}

/// `err` as a handler finds it after a read.
fn error_code(address: u32) -> u32 {
    use core::sync::atomic::{AtomicU32, Ordering::Relaxed};
    use sys::abi::signal::{SIGSEGV, Siginfo, SignalSet, Ucontext};
    static CODE: AtomicU32 = AtomicU32::new(0);
    static PLACE: AtomicU32 = AtomicU32::new(0);
    extern "C" fn note(_: i32, _: &Siginfo, context: &mut Ucontext) {
        CODE.store(context.mcontext.err, Relaxed);
        // The read goes on here.
        context.mcontext.ecx = PLACE.as_ptr() as u32;
    }
    let action = sys::signal::Action::InfoHandler(note);
    // SAFETY: the handler lets the read below go on elsewhere.
    unsafe { sys::signal::set_action(SIGSEGV, action, 0, SignalSet::EMPTY) }.expect("rt_sigaction");
    // SAFETY: as above.
    unsafe { asm!("mov al, [ecx]", out("al") _, inout("ecx") address => _) };
    CODE.load(Relaxed)
}

/// Every range that the kernel has mapped at this moment, not only those with a name.
pub fn what_the_kernel_maps_is_out_of_reach() {
    only_on_folio("TASK_SIZE of i386 (kcore::layout)");
    let mut table = Table::default();
    let right = StatisticsRight::new().expect("the right");
    let mut ranges = Vec::new();
    let mut some = [<TableRange as sys::abi::Plain>::ZERO; 32];
    let mut after = task_size();
    while let Ok(count @ 1..) = right.asker().table_ranges(0, after, &mut some) {
        ranges.extend_from_slice(&some[..count]);
        let last = some[count - 1];
        let Some(next) = last.start.checked_add(last.pages * PAGE) else { break };
        after = next;
    }
    assert!(ranges.len() > 5, "{} ranges", ranges.len());
    let marked = ranges.iter().filter(|range| range.flags & TABLE_USER != 0).count();
    table.row("find a kernel page with the user bit", PAGES, false.into(), || (marked > 0).into());
    let edges: Vec<u32> = ranges
        .iter()
        .flat_map(|range| [range.start, range.start + range.pages * PAGE - 1])
        .collect();
    let attacks: [(&str, Attack); 3] =
        [("read", try_read), ("write", try_write), ("execute", try_execute)];
    for (how, attack) in attacks {
        let count = ranges.len();
        table.row(&format!("{how} both ends of all {count} ranges"), PAGES, false.into(), || {
            let got = edges.iter().any(|edge| End::from(attack(*edge)) != not_there(*edge));
            got.into()
        });
    }
    table.finish();
}
