//! What the processor holds of others.

use super::end::{End, REFUSED};
use super::instruction::execute;
use super::table::Table;
use crate::child;
use crate::fault::{PAGE, RW};
use crate::harness::on_folio;
use crate::thread_area::{descriptor, set};
use crate::threads::word;
use core::arch::asm;
use core::sync::atomic::{AtomicU32, Ordering::SeqCst};
use core::time::Duration;
use sys::abi::memory::{MAP_ANONYMOUS, MAP_SHARED};
use sys::abi::signal::SIGKILL;
use sys::io::Fd;
use sys::memory::Mapping;
use sys::process;

const SECRET: u32 = 0x5ec2_e700;

/// Somebody who has secrets in all registers and gives the processor away again and again, which
/// `rounds` counts; until it is killed.
fn keep_secrets(rounds: &AtomicU32) -> ! {
    let mut area = descriptor(6, SECRET);
    let _ = set(&mut area);
    loop {
        // SAFETY: gives up the registers it uses; `sched_yield` touches no memory. Nothing after it
        // depends on what is left in them.
        unsafe {
            asm!(
                "movd xmm0, {secret:e}",
                "pshufd xmm0, xmm0, 0",
                "movdqa xmm1, xmm0", "movdqa xmm2, xmm0", "movdqa xmm3, xmm0",
                "movdqa xmm4, xmm0", "movdqa xmm5, xmm0", "movdqa xmm6, xmm0",
                "movdqa xmm7, xmm0",
                "fninit",
                "push {secret:e}",
                "fild dword ptr [esp]", "fild dword ptr [esp]", "fild dword ptr [esp]",
                "add esp, 4",
                "mov eax, 158",
                "int 0x80",
                secret = in(reg) SECRET,
                out("eax") _, out("xmm0") _, out("xmm1") _, out("xmm2") _, out("xmm3") _,
                out("xmm4") _, out("xmm5") _, out("xmm6") _, out("xmm7") _,
                out("st(0)") _, out("st(1)") _, out("st(2)") _, out("st(3)") _,
                out("st(4)") _, out("st(5)") _, out("st(6)") _, out("st(7)") _,
            );
        }
        rounds.fetch_add(1, SeqCst);
    }
}

/// Attacks beside somebody with secrets.
fn beside(attack: impl FnOnce() -> End) -> End {
    let memory = Mapping::new(PAGE, RW, MAP_SHARED | MAP_ANONYMOUS, Fd(-1), 0).expect("mmap2");
    let rounds = word(memory.address());
    let pid = child::start(|| keep_secrets(rounds));
    let next_round = || {
        let seen = rounds.load(SeqCst);
        while rounds.load(SeqCst) == seen {
            sys::time::sleep(Duration::from_millis(1));
        }
    };
    next_round();
    let end = attack();
    // It still has them, all the time.
    next_round();
    process::kill(pid, SIGKILL).expect("kill");
    child::wait(pid);
    end
}

/// Empties the vector registers and the FPU, gives the processor away, and looks.
fn look_at_vectors() -> End {
    for _ in 0..50 {
        let mut found = [0_u32; 4 * 8];
        let mut x87 = [0_u32; 27];
        // SAFETY: writes to its own arrays; `sched_yield` touches no memory.
        unsafe {
            asm!(
                "fninit",
                "pxor xmm0, xmm0", "pxor xmm1, xmm1", "pxor xmm2, xmm2", "pxor xmm3, xmm3",
                "pxor xmm4, xmm4", "pxor xmm5, xmm5", "pxor xmm6, xmm6", "pxor xmm7, xmm7",
                "mov eax, 158",
                "int 0x80",
                "movdqu [{found}], xmm0", "movdqu [{found} + 16], xmm1",
                "movdqu [{found} + 32], xmm2", "movdqu [{found} + 48], xmm3",
                "movdqu [{found} + 64], xmm4", "movdqu [{found} + 80], xmm5",
                "movdqu [{found} + 96], xmm6", "movdqu [{found} + 112], xmm7",
                "fnsave [{x87}]",
                found = in(reg) found.as_mut_ptr(), x87 = in(reg) x87.as_mut_ptr(),
                out("eax") _, out("xmm0") _, out("xmm1") _, out("xmm2") _, out("xmm3") _,
                out("xmm4") _, out("xmm5") _, out("xmm6") _, out("xmm7") _,
                out("st(0)") _, out("st(1)") _, out("st(2)") _, out("st(3)") _,
                out("st(4)") _, out("st(5)") _, out("st(6)") _, out("st(7)") _,
            );
        }
        // Tags say that all are empty.
        if found != [0; 32] || x87[2] & 0xffff != 0xffff {
            return End::Through(found[0]);
        }
    }
    End::Nothing
}

/// All selectors through LAR, LSL, VERR and VERW: how many say something that are not the program's.
fn ask_about_selectors() -> End {
    let is_own = |selector: u32| matches!(selector & !3, 0x70 | 0x78);
    for selector in (0..0x1_0000_u32).step_by(4) {
        let known: u32;
        // SAFETY: the instructions only say what a selector is.
        unsafe {
            asm!(
                "xor {known:e}, {known:e}",
                "lar {scratch:e}, {selector:e}", "jz 2f",
                "lsl {scratch:e}, {selector:e}", "jz 2f",
                "verr {selector:x}", "jz 2f",
                "verw {selector:x}", "jnz 3f",
                "2: inc {known:e}",
                "3:",
                known = out(reg) known, scratch = out(reg) _, selector = in(reg) selector | 3,
            );
        }
        if known != 0 && !is_own(selector) {
            return End::Through(selector);
        }
    }
    End::Nothing
}

pub fn registers_of_others_are_not_seen() {
    let mut table = Table::default();
    let switch = "the switch loads the next program's";
    table.row("see others' vectors and x87 registers", switch, End::Nothing, || {
        beside(look_at_vectors)
    });
    if on_folio() {
        table.row("use a segment of somebody else's", switch, REFUSED, || {
            // `mov ax, 0x33; mov gs, ax`
            beside(|| execute(&[0xb8, 0x33, 0, 0, 0, 0x8e, 0xe8]).into())
        });
        let privilege = "they say nothing of what DPL 3 may not use";
        table.row("ask about all selectors", privilege, End::Nothing, ask_about_selectors);
    }
    table.row(
        "find registers at the start of a thread",
        "they are the parent's",
        End::Nothing,
        || {
            // EDX, ESI and EDI of a child.
            let (edx, esi, edi): (u32, u32, u32);
            let pid: i32;
            // SAFETY: fork touches no memory; the child ends below. ESI is restored.
            unsafe {
                asm!(
                    "push esi",
                    "mov esi, 0x22222222",
                    "mov eax, 2",
                    "int 0x80",
                    "xchg esi, [esp]",
                    "pop ecx",
                    inout("eax") 0 => pid, inout("edx") 0x1111_1111_u32 => edx,
                    inout("edi") 0x3333_3333_u32 => edi, out("ecx") esi,
                );
            }
            let kept = [edx, esi, edi] == [0x1111_1111, 0x2222_2222, 0x3333_3333];
            if pid == 0 {
                process::exit(i32::from(!kept));
            }
            (!kept || child::wait(pid) != sys::wait::Status::Exited(0)).into()
        },
    );
    table.finish();
}
