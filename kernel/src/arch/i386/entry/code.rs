//! What both ways into the kernel consist of.

/// `global_asm!` with assembler macros for it: `save_registers`, `serve_linux_call` and their parts.
macro_rules! entry_code {
    ($code:literal, $($operands:tt)*) => {
        core::arch::global_asm!(
            r#"
    # As bytes, because `push es` assembles to a push of 16 bits.
    .macro push_registers
    .byte 0x06                          # push es
    .byte 0x1e                          # push ds
    push eax
    push ebp
    push edi
    push esi
    push edx
    push ecx
    push ebx
    mov edx, {user_ds}
    mov ds, edx
    mov es, edx
    .endm

    .macro save_registers
    push_registers
    cld
950:
    .byte 0x8d, 0x76, 0x00              # lea esi, [esi + 0], CLAC where the CPU has SMAP
    .pushsection __smap_sites, "aw"
    .long 950b, 0x00ca010f
    .popsection
    mov ecx, esp
    .endm

    # Calls the handler of the Linux call EAX and puts its result into the frame. Leaves interrupts off,
    # and ZF clear if there is work to do on the way out.
    .macro serve_linux_call
    xor ebp, ebp
    cmp eax, {linux_calls}
    jae 952f
    call [{linux_handlers} + eax * 4]
951:
    mov [esp + {frame_eax}], eax
    cli
    mov edx, [{cpu} + {current}]
    cmp dword ptr [edx + {work}], 0
    .pushsection .text.unlikely, "ax"
952:
    call {on_odd_call}
    jmp 951b
    .popsection
    .endm
    "#,
            $code,
            ".purgem push_registers",
            ".purgem save_registers",
            ".purgem serve_linux_call",
            user_ds = const $crate::arch::gdt::USER_DS,
            linux_call = const $crate::arch::entry::LINUX_CALL,
            linux_calls = const $crate::arch::entry::LINUX_CALLS,
            linux_handlers = sym $crate::syscall::LINUX_HANDLERS,
            on_odd_call = sym $crate::syscall::on_odd_call,
            cpu = sym $crate::cpu::CPU,
            current = const $crate::cpu::CURRENT,
            work = const $crate::task::WORK,
            frame_eax = const core::mem::offset_of!($crate::arch::entry::TrapFrame, eax),
            $($operands)*
        );
    };
}
pub(super) use entry_code;
