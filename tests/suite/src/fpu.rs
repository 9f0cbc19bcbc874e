//! x87 and SSE state: kept across preemption, switches, `fork` and handlers.

use crate::child;
use core::arch::asm;
use core::sync::atomic::{AtomicI32, Ordering};
use core::time::Duration;
use sys::abi::signal::{FPE_FLTDIV, SIGFPE, SIGUSR1, SignalSet};
use sys::signal::Action;
use sys::wait::Status;

tests![
    registers_survive_preemption,
    registers_survive_calls_and_sleep,
    a_child_inherits_the_registers,
    registers_survive_handlers,
    a_new_program_starts_with_clean_control_words,
    unmasked_exceptions_are_sigfpe,
    unmasked_exceptions_of_sse_are_sigfpe,
];

/// Fills XMM0 to XMM7 and the x87 stack from `seed`.
fn fill(seed: u32) {
    // SAFETY: the registers are given up below.
    unsafe {
        asm!(
            "movd xmm0, {seed:e}",
            "pshufd xmm0, xmm0, 0",
            "movdqa xmm1, xmm0", "paddd xmm1, xmm0",
            "movdqa xmm2, xmm1", "paddd xmm2, xmm0",
            "movdqa xmm3, xmm2", "paddd xmm3, xmm0",
            "movdqa xmm4, xmm3", "paddd xmm4, xmm0",
            "movdqa xmm5, xmm4", "paddd xmm5, xmm0",
            "movdqa xmm6, xmm5", "paddd xmm6, xmm0",
            "movdqa xmm7, xmm6", "paddd xmm7, xmm0",
            seed = in(reg) seed,
            out("xmm0") _, out("xmm1") _, out("xmm2") _, out("xmm3") _,
            out("xmm4") _, out("xmm5") _, out("xmm6") _, out("xmm7") _,
        );
    }
}

/// Works in registers alone for `rounds` rounds, during which the process is preempted; whether
/// every register then holds what follows from `seed`.
fn holds(seed: u32, rounds: u32) -> bool {
    let mut sum = [0u32; 4];
    let mut x87 = 0i32;
    // SAFETY: writes 16 bytes and a word of its own; all registers used are given up.
    unsafe {
        asm!(
            "fninit",
            "push {seed:e}",
            "fild dword ptr [esp]",
            "add esp, 4",
            "movd xmm0, {seed:e}",
            "pshufd xmm0, xmm0, 0",
            "movdqa xmm1, xmm0",
            "pxor xmm7, xmm7",
            "2:",
            "paddd xmm7, xmm0",
            "paddd xmm7, xmm1",
            "psubd xmm7, xmm0",
            "psubd xmm7, xmm1",
            "fld1",
            "faddp st(1), st",
            "fld1",
            "fsubp st(1), st",
            "dec {rounds:e}",
            "jnz 2b",
            "paddd xmm7, xmm0",
            "paddd xmm7, xmm1",
            "movdqu [{sum:e}], xmm7",
            "fistp dword ptr [{x87:e}]",
            seed = in(reg) seed,
            rounds = inout(reg) rounds => _,
            sum = in(reg) sum.as_mut_ptr(),
            x87 = in(reg) &raw mut x87,
            out("xmm0") _, out("xmm1") _, out("xmm7") _,
            out("st(0)") _, out("st(1)") _, out("st(2)") _, out("st(3)") _,
            out("st(4)") _, out("st(5)") _, out("st(6)") _, out("st(7)") _,
        );
    }
    sum == [2 * seed; 4] && x87 == seed.cast_signed()
}

pub fn registers_survive_preemption() {
    // Four processes at once, each with other values, long enough for many switches.
    let children: [i32; 4] = core::array::from_fn(|index| {
        child::start(|| {
            let limit = sys::time::now() + Duration::from_millis(400);
            let seed = 1000 + index as u32;
            while sys::time::now() < limit {
                if !holds(seed, 100_000) {
                    return 1;
                }
            }
            0
        })
    });
    for pid in children {
        assert_eq!(child::wait(pid), Status::Exited(0));
    }
}

pub fn registers_survive_calls_and_sleep() {
    let mut bytes = [0u32; 4];
    // SAFETY: getppid and sched_yield touch no memory; 16 bytes of our own are written.
    unsafe {
        asm!(
            "movd xmm3, {seed:e}",
            "pshufd xmm3, xmm3, 0",
            "mov ecx, 50",
            "2:",
            "mov eax, 158",
            "int 0x80",
            "mov eax, 64",
            "int 0x80",
            "dec ecx",
            "jnz 2b",
            "movdqu [{bytes:e}], xmm3",
            seed = in(reg) 0x1357_9bdfu32,
            bytes = in(reg) bytes.as_mut_ptr(),
            out("eax") _, out("ecx") _, out("xmm3") _,
        );
    }
    assert_eq!(bytes, [0x1357_9bdf; 4]);
}

pub fn a_child_inherits_the_registers() {
    let pid: i32;
    let mut bytes = [0u32; 4];
    // SAFETY: fork touches no memory; each process writes 16 bytes of its own.
    unsafe {
        asm!(
            "movd xmm5, {seed:e}",
            "pshufd xmm5, xmm5, 0",
            "mov eax, 2",
            "int 0x80",
            "movdqu [{bytes:e}], xmm5",
            seed = in(reg) 0x0bad_cafeu32,
            bytes = in(reg) bytes.as_mut_ptr(),
            out("eax") pid, out("xmm5") _,
        );
    }
    let good = bytes == [0x0bad_cafe; 4];
    if pid == 0 {
        sys::process::exit(i32::from(!good));
    }
    assert!(pid > 0 && good);
    assert_eq!(child::wait(pid), Status::Exited(0));
}

static HANDLED: AtomicI32 = AtomicI32::new(0);

extern "C" fn spoil(_: i32) {
    fill(0xffff_ffff);
    // SAFETY: the x87 registers are given up.
    unsafe {
        asm!(
            "fninit", "fldpi", "fldpi",
            out("st(0)") _, out("st(1)") _, out("st(2)") _, out("st(3)") _,
            out("st(4)") _, out("st(5)") _, out("st(6)") _, out("st(7)") _,
        );
    }
    HANDLED.fetch_add(1, Ordering::Relaxed);
}

pub fn registers_survive_handlers() {
    // SAFETY: the handler gives up what it changes to the kernel, which restores it.
    unsafe { sys::signal::set_action(SIGUSR1, Action::Handler(spoil), 0, SignalSet::EMPTY) }
        .expect("rt_sigaction");
    // XMM6, then the integer of the x87 stack.
    let mut kept = [0u32; 5];
    let pid = sys::process::id();
    // SAFETY: kill touches no memory; the handler's frame is below ESP; what is written is ours,
    // and EBX is restored.
    unsafe {
        asm!(
            "push ebx",
            "mov ebx, ecx",
            "fninit",
            "push 4711",
            "fild dword ptr [esp]",
            "add esp, 4",
            "movd xmm6, edx",
            "pshufd xmm6, xmm6, 0",
            "mov eax, 37",
            "mov ecx, 10",
            "int 0x80",
            "movdqu [edi], xmm6",
            "fistp dword ptr [edi + 16]",
            "pop ebx",
            in("edx") 0x2468_ace0u32,
            in("edi") kept.as_mut_ptr(),
            inout("ecx") pid => _,
            out("eax") _,
            out("xmm6") _,
            out("st(0)") _, out("st(1)") _, out("st(2)") _, out("st(3)") _,
            out("st(4)") _, out("st(5)") _, out("st(6)") _, out("st(7)") _,
        );
    }
    assert_eq!(HANDLED.load(Ordering::Relaxed), 1);
    assert_eq!(kept, [0x2468_ace0, 0x2468_ace0, 0x2468_ace0, 0x2468_ace0, 4711]);
}

pub fn a_new_program_starts_with_clean_control_words() {
    let (mut control, mut mxcsr) = (0u16, 0u32);
    let status = child::run(|| {
        // SAFETY: stores both control words to variables of our own.
        unsafe {
            asm!(
                "fnstcw [{0:e}]", "stmxcsr [{1:e}]",
                in(reg) &raw mut control, in(reg) &raw mut mxcsr,
            )
        };
        i32::from((control, mxcsr & 0xffc0) != (0x37f, 0x1f80))
    });
    assert_eq!(status, Status::Exited(0));
}

pub fn unmasked_exceptions_are_sigfpe() {
    extern "C" fn divide(_: u32) {
        // SAFETY: unmasks division by zero and divides; the fault is what the test wants.
        unsafe {
            asm!(
                "fninit",
                "push 0x37b",
                "fldcw [esp]",
                "add esp, 4",
                "fld1",
                "fldz",
                "fdivp st(1), st",
                "fwait",
            );
        }
    }
    let fault = crate::fault::catch(divide, 0).expect_err("a fault");
    assert_eq!((fault.signal, fault.code), (SIGFPE, FPE_FLTDIV));
}

pub fn unmasked_exceptions_of_sse_are_sigfpe() {
    if crate::harness::is_emulated() {
        skip!("QEMU's emulation only notes SSE's exceptions");
    }
    extern "C" fn divide(_: u32) {
        // SAFETY: unmasks division by zero and divides; the fault is what the test wants.
        unsafe {
            asm!(
                "push 0x1d80",
                "ldmxcsr [esp]",
                "mov dword ptr [esp], 0x3f800000",
                "movss xmm0, [esp]",
                "pxor xmm1, xmm1",
                "divss xmm0, xmm1",
                "add esp, 4",
            );
        }
    }
    let fault = crate::fault::catch(divide, 0).expect_err("a fault");
    assert_eq!((fault.signal, fault.code), (SIGFPE, FPE_FLTDIV));
}
