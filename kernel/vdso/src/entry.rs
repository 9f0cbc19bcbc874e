//! Where programs enter the kernel, and how handlers of signals return.
//!
//! The processor's SYSENTER keeps neither EIP nor ESP, and its SYSEXIT takes ECX and EDX. So the three
//! registers that get lost go to the stack, EBP says where that is, and the kernel returns to the
//! landing behind `int 0x80`. A call that is to be made again goes on two bytes before the landing, at
//! the `int 0x80`, which finds everything but EBP in place; the kernel has loaded that.
//!
//! On a processor without SYSENTER the kernel replaces `mov ebp, esp` and `sysenter` by NOPs.
//!
//! Debuggers know the two ways back from a handler by their bytes: Linux has the same.

core::arch::global_asm!(
    r#"
    .section .text.vsyscall, "ax", @progbits
    .balign 16
    .globl __kernel_vsyscall
    .type __kernel_vsyscall, @function
__kernel_vsyscall:
    .cfi_startproc
    push ecx
    .cfi_adjust_cfa_offset 4
    .cfi_rel_offset ecx, 0
    push edx
    .cfi_adjust_cfa_offset 4
    .cfi_rel_offset edx, 0
    push ebp
    .cfi_adjust_cfa_offset 4
    .cfi_rel_offset ebp, 0
    mov ebp, esp
    sysenter
    int 0x80
    pop ebp                             # the landing
    .cfi_restore ebp
    .cfi_adjust_cfa_offset -4
    pop edx
    .cfi_restore edx
    .cfi_adjust_cfa_offset -4
    pop ecx
    .cfi_restore ecx
    .cfi_adjust_cfa_offset -4
    ret
    .cfi_endproc
    .size __kernel_vsyscall, . - __kernel_vsyscall

    # DWARF expressions with an address relative to ESP: DW_OP_breg4 is 0x74, DW_OP_deref is 0x06.
    .macro cfa_at offset
    .cfi_escape 0x0f, 4, 0x74, (\offset & 0x7f) | 0x80, \offset >> 7, 0x06
    .endm
    .macro saved register, offset
    .cfi_escape 0x10, \register, 3, 0x74, (\offset & 0x7f) | 0x80, (\offset) >> 7
    .endm
    # Everything is in the sigcontext, \at bytes above ESP.
    .macro interrupted at
    cfa_at (\at + 28)
    saved 0, (\at + 44)
    saved 1, (\at + 40)
    saved 2, (\at + 36)
    saved 3, (\at + 32)
    saved 5, (\at + 24)
    saved 6, (\at + 20)
    saved 7, (\at + 16)
    saved 8, (\at + 56)
    .endm

    # Whoever unwinds looks up the address before the one a function returns to, so the rules begin
    # one byte early.
    .balign 16
    .cfi_startproc simple
    .cfi_signal_frame
    interrupted 4
    nop
    .globl __kernel_sigreturn
    .type __kernel_sigreturn, @function
__kernel_sigreturn:
    pop eax
    interrupted 0
    mov eax, {sigreturn}
    int 0x80
    .cfi_endproc
    .size __kernel_sigreturn, . - __kernel_sigreturn

    .balign 16
    .cfi_startproc simple
    .cfi_signal_frame
    interrupted 160
    nop
    .globl __kernel_rt_sigreturn
    .type __kernel_rt_sigreturn, @function
__kernel_rt_sigreturn:
    mov eax, {rt_sigreturn}
    int 0x80
    .cfi_endproc
    .size __kernel_rt_sigreturn, . - __kernel_rt_sigreturn
    .text
    "#,
    sigreturn = const super::calls::SIGRETURN,
    rt_sigreturn = const super::calls::RT_SIGRETURN,
);
