//! The registers of who is interrupted.

use super::counted::*;
use crate::child;
use crate::fault::map;
use core::sync::atomic::Ordering;
use sys::abi::signal::*;
use sys::process;
use sys::signal::Action;
use sys::wait::Status;

pub fn the_context_is_restored_exactly() {
    handle(SIGUSR1, Action::Handler(count), 0);
    let pid = process::id();
    let mut seen = [0u32; 7];
    // SAFETY: kill touches no memory; the handler preserves what its convention says, and the
    // kernel everything else. EBX, ESI and EBP are restored.
    unsafe {
        core::arch::asm!(
            "push ebx", "push esi", "push ebp", "push edi",
            "mov ebx, ecx",
            "mov ecx, 10",
            "mov edx, 0x33333333", "mov esi, 0x44444444", "mov edi, 0x55555555",
            "mov ebp, 0x66666666",
            "mov eax, 37",
            "std", "stc",
            "int 0x80",
            "pushfd",
            "cld",
            "push eax",
            "mov eax, [esp + 8]",
            "mov [eax], ecx", "mov [eax + 4], edx", "mov [eax + 8], esi",
            "mov [eax + 12], edi", "mov [eax + 16], ebp",
            "pop ecx", "mov [eax + 20], ecx",
            "pop ecx", "mov [eax + 24], ecx",
            "pop edi", "pop ebp", "pop esi", "pop ebx",
            in("edi") seen.as_mut_ptr(), inout("ecx") pid => _,
            lateout("eax") _, lateout("edx") _,
        );
    }
    assert_eq!(counted(), 1);
    assert_eq!(seen[..6], [10, 0x3333_3333, 0x4444_4444, 0x5555_5555, 0x6666_6666, 0]);
    assert_eq!(seen[6] & 0x401, 0x401, "direction and carry flags: {:#x}", seen[6]);
}

extern "C" fn change_registers(_: i32, _: &Siginfo, context: &mut Ucontext) {
    context.mcontext.eax = 0x1234_5678;
    COUNT.fetch_add(1, Ordering::Relaxed);
}

pub fn a_handler_can_change_registers() {
    handle(SIGUSR1, Action::InfoHandler(change_registers), 0);
    // The handler runs on the way out of `kill`, whose result it replaces.
    let result = crate::harness::bare(
        37,
        [process::id().cast_unsigned(), SIGUSR1.cast_unsigned(), 0, 0, 0, 0],
    );
    assert_eq!((counted(), result), (1, 0x1234_5678));
}

extern "C" fn spoil_flags(_: i32, _: &Siginfo, context: &mut Ucontext) {
    // IOPL, virtual-8086 mode, interrupts off: none of it may reach the processor.
    context.mcontext.eflags = (context.mcontext.eflags | 0x2_3000) & !0x200;
    COUNT.fetch_add(1, Ordering::Relaxed);
}

pub fn a_handler_cannot_change_privileged_flags() {
    handle(SIGUSR1, Action::InfoHandler(spoil_flags), 0);
    raise(SIGUSR1);
    assert_eq!(counted(), 1);
    let flags: u32;
    // SAFETY: reads EFLAGS.
    unsafe { core::arch::asm!("pushfd", "pop {0:e}", out(reg) flags) };
    assert_eq!(flags & 0x2_3200, 0x200, "{flags:#x}");
}

extern "C" fn spoil_segments(_: i32, _: &Siginfo, context: &mut Ucontext) {
    // The kernel's code segment, without ring 3.
    context.mcontext.cs = 0x60;
    context.mcontext.ss = 0x68;
}

pub fn a_handler_cannot_get_kernel_segments() {
    let status = child::run(|| {
        handle(SIGUSR1, Action::InfoHandler(spoil_segments), 0);
        raise(SIGUSR1);
        0
    });
    // The kernel forces ring 3: the selector is then some user's, or none.
    assert!(matches!(status, Status::Exited(0) | Status::Signaled(SIGSEGV)), "{status:?}");
}

pub fn a_forged_return_ends_the_process_at_worst() {
    let status = child::run(|| {
        // No frame lies on this stack.
        let stack = map(1);
        // SAFETY: nothing returns from here.
        unsafe {
            core::arch::asm!(
                "lea esp, [{stack:e} + 2048]",
                "mov eax, 173",
                "int 0x80",
                "ud2",
                stack = in(reg) stack,
                options(noreturn)
            )
        }
    });
    assert_eq!(status, Status::Signaled(SIGSEGV));
}
