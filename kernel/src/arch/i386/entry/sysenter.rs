//! SYSENTER, and SYSEXIT back.

use super::code::entry_code;
use super::{NO_CALL, TrapFrame};
use crate::arch::control::NO_DEBUG_STATUS;
use crate::arch::gdt::{TSS_ESP0, USER_CS};
use crate::arch::uaccess::TASK_SIZE;
use abi::Errno;
use core::mem::offset_of;

/// TF, DF, NT, AC.
const ODD_FLAGS: u32 = 1 << 8 | 1 << 10 | 1 << 14 | 1 << 18;

unsafe extern "C" {
    fn sysenter_entry();
    fn traced_sysenter_entry();
}

/// Where SYSENTER leads.
pub fn sysenter() -> u32 {
    sysenter_entry as *const () as u32
}

/// Where it leads while a program runs that is traced.
pub fn traced_sysenter() -> u32 {
    traced_sysenter_entry as *const () as u32
}

entry_code!(
    r#"
    # SYSENTER: EBP is the program's stack pointer, and what it points at the sixth argument. ESP is the
    # start of the TSS, from where the first instruction gets it; interrupts are off. All other flags are
    # the program's, and so are DS and ES, which may be anything: until they are loaded, memory is reached
    # by SS.
    .macro begin_frame
    push {user_ds}
    push ebp
    sti
    pushfd
    push {user_cs}
    push dword ptr ss:[{cpu} + {landing}]
    push eax
    push {linux_call}
    .endm

    # A program's stack may lie anywhere.
    .macro read_sixth_argument
    cmp ebp, {last_word}
    ja 9f
953:
    .byte 0x8d, 0x76, 0x00              # STAC where the CPU has SMAP
954:
    mov ebp, [ebp]
955:
    .byte 0x8d, 0x76, 0x00              # CLAC where the CPU has SMAP
    mov [esp + {frame_ebp}], ebp
    mov ecx, esp
    .pushsection __smap_sites, "aw"
    .long 953b, 0x00cb010f, 955b, 0x00ca010f
    .popsection
    .pushsection __ex_table, "aw"
    .long 954b, 9f
    .popsection
    .endm

    .text
    .balign 16
    .globl sysenter_entry
sysenter_entry:
    mov esp, [esp + {tss_esp0}]
sysenter_on_stack:
    begin_frame
    test dword ptr [esp + {frame_eflags} - {frame_vector}], {odd_flags}
    jnz 8f
    push_registers
    read_sixth_argument
    serve_linux_call
    jne work_entry
    # Who replaces the program's registers says that this is no call any more.
    cmp dword ptr [esp + {frame_vector}], {linux_call}
    jne trap_return
    # EBX, ESI and EDI hold what they held; ECX, EDX and EBP are on the program's stack.
2:  mov ds, [esp + {frame_ds}]
3:  mov es, [esp + {frame_es}]
    mov edx, [esp + {frame_eip}]
    mov ecx, [esp + {frame_esp}]
    add esp, {frame_eflags}
    btr dword ptr [esp], 9
    popfd
    sti
    sysexit

    # Selectors that are no good any more: IRET's way knows what to do.
4:  mov edx, {user_ds}
    mov ds, edx
    mov es, edx
    jmp trap_return

    # A traced program: as below, whatever its flags are.
    .globl traced_sysenter_entry
traced_sysenter_entry:
    mov esp, [esp + {tss_esp0}]
traced_sysenter_on_stack:
    begin_frame
    push 2
    popfd
    jmp traced_sysenter_flags_done

    # Single steps, nested tasks, alignment checks, the direction: nothing for the kernel, and the
    # first must not meet SYSEXIT.
8:  push 2
    popfd
sysenter_flags_done:
    sti
    push_registers
    read_sixth_argument
    serve_linux_call
    jne work_entry
    jmp trap_return

traced_sysenter_flags_done:
    sti
    push_registers
    read_sixth_argument
    xor ebp, ebp
    call {on_traced_call}
    jmp trap_return

    # The sixth argument cannot be read.
9:  mov dword ptr [esp + {frame_eax}], -{efault}
    mov dword ptr [esp + {frame_vector}], {no_call}
    cli
    jmp work_entry
    .pushsection __ex_table, "aw"
    .long 2b, 4b, 3b, 4b
    .popsection

    # A program that is single-stepped comes here after SYSENTER, and after each instruction that
    # still has its TF. The step happens when it is back.
    .balign 16
    .globl debug_entry
debug_entry:
    # A program that jumps to these addresses has stepped, and gets no further.
    test byte ptr [esp + 12], 3
    jnz fault_entry
    cmp dword ptr [esp + 8], offset sysenter_entry
    jb fault_entry
    cmp dword ptr [esp + 8], offset sysenter_flags_done
    ja fault_entry
    push eax
    mov eax, {no_debug_status}
    mov dr6, eax
    pop eax
    add esp, 8
    iretd

    # Comes at any instruction. If that is the first one after SYSENTER, it is done here, so that there is
    # a stack.
    .balign 16
    .globl nmi_entry
nmi_entry:
    test byte ptr [esp + 12], 3
    jnz nmi_on_stack
    cmp dword ptr [esp + 8], offset sysenter_entry
    je nmi_at_sysenter
    cmp dword ptr [esp + 8], offset traced_sysenter_entry
    je nmi_at_traced_sysenter
nmi_on_stack:
    save_registers
    xor ebp, ebp
    call {on_nmi}
    jmp trap_return

nmi_at_traced_sysenter:
    mov dword ptr [esp + 8], offset traced_sysenter_on_stack
    jmp nmi_without_stack
nmi_at_sysenter:
    mov dword ptr [esp + 8], offset sysenter_on_stack
    # From below the TSS to the thread's stack: EAX, the vector, the error code, EIP, CS and EFLAGS.
nmi_without_stack:
    push eax
    mov eax, [esp + 24 + {tss_esp0}]
    pop dword ptr ss:[eax - 24]
    pop dword ptr ss:[eax - 20]
    pop dword ptr ss:[eax - 16]
    pop dword ptr ss:[eax - 12]
    pop dword ptr ss:[eax - 8]
    pop dword ptr ss:[eax - 4]
    lea esp, [eax - 24]
    pop eax
    jmp nmi_on_stack
    "#,
    user_cs = const USER_CS,
    tss_esp0 = const TSS_ESP0,
    landing = const crate::cpu::LANDING,
    last_word = const TASK_SIZE - 4,
    efault = const Errno::EFAULT.number(),
    no_call = const NO_CALL as i32,
    no_debug_status = const NO_DEBUG_STATUS,
    odd_flags = const ODD_FLAGS,
    frame_ebp = const offset_of!(TrapFrame, ebp),
    frame_ds = const offset_of!(TrapFrame, ds),
    frame_es = const offset_of!(TrapFrame, es),
    frame_vector = const offset_of!(TrapFrame, vector),
    frame_eip = const offset_of!(TrapFrame, eip),
    frame_eflags = const offset_of!(TrapFrame, eflags),
    frame_esp = const offset_of!(TrapFrame, esp),
    on_nmi = sym crate::nmi::on_nmi,
    on_traced_call = sym crate::trap::traced::on_call,
);
