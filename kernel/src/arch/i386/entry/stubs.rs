//! Interrupts, exceptions, and system calls by `int`; and the way out by IRET.

use super::code::entry_code;
use super::{FOLIO_CALL, LINUX_CALL};
use kcore::exception::BAD_RETURN;

const DEBUG: usize = 1;
const NMI: usize = 2;
const PAGE_FAULT: usize = 14;
const STUB_BYTES: usize = 16;
const STUBS: usize = 48;

unsafe extern "C" {
    fn trap_stubs();
    fn linux_call_stub();
    fn folio_call_stub();
    fn traced_linux_call_stub();
    fn traced_folio_call_stub();
    fn traced_page_fault_stub();
}

/// The entry point of a vector, if it has one.
pub fn stub(vector: usize) -> Option<u32> {
    match vector {
        LINUX_CALL => Some(linux_call_stub as *const () as u32),
        FOLIO_CALL => Some(folio_call_stub as *const () as u32),
        0..STUBS => Some(trap_stubs as *const () as u32 + (vector * STUB_BYTES) as u32),
        _ => None,
    }
}

/// The entry point of a vector while a program runs that is traced.
pub fn traced_stub(vector: usize) -> Option<u32> {
    match vector {
        LINUX_CALL => Some(traced_linux_call_stub as *const () as u32),
        FOLIO_CALL => Some(traced_folio_call_stub as *const () as u32),
        PAGE_FAULT => Some(traced_page_fault_stub as *const () as u32),
        _ => stub(vector),
    }
}

entry_code!(
    r#"
    # Exceptions 8, 10-14, 17, 21, 29 and 30 push an error code (SDM 3A table 6-1).
    .text
    .balign 16
    .globl trap_stubs
trap_stubs:
    .set vector, 0
    .rept {stubs}
    .balign 16
    .if (vector == 8) || (vector >= 10 && vector <= 14) || (vector == 17) || (vector == 21) || (vector == 29) || (vector == 30)
    .else
    push 0
    .endif
    push vector
    .if vector == {debug}
    jmp debug_entry
    .elseif vector == {nmi}
    jmp nmi_entry
    .elseif vector == {page_fault}
    jmp page_fault_entry
    .elseif vector < 32
    jmp fault_entry
    .else
    jmp interrupt_entry
    .endif
    .set vector, vector + 1
    .endr

    .balign 16
    .globl traced_page_fault_stub
traced_page_fault_stub:
    push {page_fault}
    save_registers
    xor ebp, ebp
    call {on_traced_page_fault}
    jmp trap_return

    .balign 16
    .globl traced_folio_call_stub
traced_folio_call_stub:
    push eax
    push {folio_call}
    jmp traced_call_entry

    .balign 16
    .globl traced_linux_call_stub
traced_linux_call_stub:
    push eax
    push {linux_call}
traced_call_entry:
    save_registers
    xor ebp, ebp
    call {on_traced_call}
    jmp trap_return

    .balign 16
    .globl fault_entry
fault_entry:
    save_registers
    xor ebp, ebp
    call {on_fault}
    jmp trap_return

    .balign 16
page_fault_entry:
    save_registers
    xor ebp, ebp
    call {on_page_fault}
    jmp trap_return

    .balign 16
interrupt_entry:
    save_registers
    xor ebp, ebp
    call {on_interrupt}
    jmp trap_return

    .balign 16
    .globl folio_call_stub
folio_call_stub:
    push eax
    push {folio_call}
    save_registers
    xor ebp, ebp
    call {on_folio_call}
    jmp trap_return

    .balign 16
    .globl linux_call_stub
linux_call_stub:
    push eax
    push {linux_call}
    save_registers
    serve_linux_call
    jne work_entry

    .globl trap_return
trap_return:
    pop ebx
    pop ecx
    pop edx
    pop esi
    pop edi
    pop ebp
    pop eax
2:  .byte 0x1f                          # pop ds
3:  .byte 0x07                          # pop es
    add esp, 8
4:  iretd

5:  mov dword ptr [esp], 0
    jmp 2b
6:  mov dword ptr [esp], 0
    jmp 3b
7:  push 0
    push {bad_return}
    jmp fault_entry
    .pushsection __ex_table, "aw"
    .long 2b, 5b, 3b, 6b, 4b, 7b
    .popsection

    # Something has come up meanwhile.
    .balign 16
    .globl work_entry
work_entry:
    mov ecx, esp
    call {on_work}
    jmp trap_return
    "#,
    bad_return = const BAD_RETURN,
    stubs = const STUBS,
    debug = const DEBUG,
    nmi = const NMI,
    folio_call = const FOLIO_CALL,
    page_fault = const PAGE_FAULT,
    on_fault = sym crate::trap::on_fault,
    on_page_fault = sym crate::trap::on_page_fault,
    on_interrupt = sym crate::trap::on_interrupt,
    on_work = sym crate::trap::on_work,
    on_folio_call = sym crate::trap::on_folio_call,
    on_traced_call = sym crate::trap::traced::on_call,
    on_traced_page_fault = sym crate::trap::traced::on_page_fault,
);
