//! Into the kernel and out again.
//!
//! A stub pushes the vector (and a zero where the CPU pushes no error code), the common part
//! saves the registers as a [`TrapFrame`] and calls `trap::on_fault`, `on_page_fault`,
//! `on_interrupt`, `on_folio_call`, or a handler out of the table of Linux's calls. `trap_return`
//! restores the frame. The other way in and out is `sysenter`.
//!
//! ```text
//!            ss esp eflags cs eip   by the CPU (ss, esp only from user mode)
//!            error vector           by the CPU or the stub; for a system call, error = its number
//!            es ds eax ebp edi esi edx ecx ebx
//!  ESP ->    (ECX points here: extern "fastcall")
//! ```
//!
//! Programs that are traced enter by stubs of their own (see `idt`), which lead to `trap::traced`.
//!
//! FS and GS stay the program's: the kernel never uses them, the switch saves them. The last
//! three instructions may fault on selectors the program chose. A bad DS or ES becomes null; a
//! bad frame for IRET turns into an exception *of the program*, [`BAD_RETURN`].

use super::control::NO_DEBUG_STATUS;
use super::gdt::{TSS_ESP0, USER_CS, USER_DS};
use super::uaccess::TASK_SIZE;
use abi::Errno;
use abi::argument::RegisterFile;
use core::arch::global_asm;
use core::mem::offset_of;
use kcore::exception::BAD_RETURN;

/// Linux calls have numbers below this.
pub const LINUX_CALLS: usize = 512;
pub const LINUX_CALL: usize = 0x80;
pub const FOLIO_CALL: usize = 0x81;
/// `vector` of a frame that is no system call's any more.
pub const NO_CALL: u32 = u32::MAX;
const DEBUG: usize = 1;
const PAGE_FAULT: usize = 14;
const STUB_BYTES: usize = 16;
const STUBS: usize = 48;

/// What the program (or the kernel) had in its registers when it trapped.
#[derive(Clone, Copy, Debug, Default)]
#[repr(C)]
pub struct TrapFrame {
    pub ebx: u32,
    pub ecx: u32,
    pub edx: u32,
    pub esi: u32,
    pub edi: u32,
    pub ebp: u32,
    pub eax: u32,
    pub ds: u32,
    pub es: u32,
    pub vector: u32,
    /// The CPU's error code; the number of a system call.
    pub error: u32,
    pub eip: u32,
    pub cs: u32,
    pub eflags: u32,
    /// Only valid if the trap came from user mode.
    pub esp: u32,
    /// Only valid if the trap came from user mode.
    pub ss: u32,
}

impl TrapFrame {
    #[inline]
    pub fn is_from_user(&self) -> bool {
        self.cs & 3 == 3
    }
}

/// The argument registers of a system call where the entry code put them. They are read one by one,
/// as the call has arguments.
#[derive(Clone, Copy)]
#[repr(transparent)]
pub struct Arguments(*const TrapFrame);

impl Arguments {
    /// # Safety
    /// The frame is there, and nobody writes to it, until the last argument has been read.
    #[inline]
    pub unsafe fn of(frame: *const TrapFrame) -> Self {
        Self(frame)
    }

    /// The number of the call.
    #[inline]
    pub fn number(&self) -> u32 {
        // SAFETY: see `of`.
        unsafe { (*self.0).error }
    }
}

impl RegisterFile for Arguments {
    #[inline(always)]
    fn register(&self, index: usize) -> u32 {
        let frame = self.0;
        // SAFETY: see `of`.
        unsafe {
            match index {
                0 => (*frame).ebx,
                1 => (*frame).ecx,
                2 => (*frame).edx,
                3 => (*frame).esi,
                4 => (*frame).edi,
                5 => (*frame).ebp,
                _ => 0,
            }
        }
    }
}

/// TF, DF, NT, AC.
const ODD_FLAGS: u32 = 1 << 8 | 1 << 10 | 1 << 14 | 1 << 18;

unsafe extern "C" {
    fn sysenter_entry();
    fn traced_sysenter_entry();
    fn trap_stubs();
    fn linux_call_stub();
    fn folio_call_stub();
    fn traced_linux_call_stub();
    fn traced_folio_call_stub();
    fn traced_page_fault_stub();
}

/// Where SYSENTER leads.
pub fn sysenter() -> u32 {
    sysenter_entry as *const () as u32
}

/// Where it leads while a program runs that is traced.
pub fn traced_sysenter() -> u32 {
    traced_sysenter_entry as *const () as u32
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

global_asm!(
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

    # SYSENTER: EBP is the program's stack pointer, and what it points at the sixth argument. ESP is the
    # start of the TSS, interrupts are off. All other flags are the program's, and so are DS and ES, which
    # may be anything: until they are loaded, memory is reached by SS.
    .balign 16
    .globl sysenter_entry
sysenter_entry:
    mov esp, [esp + {tss_esp0}]
    push {user_ds}
    push ebp
    sti
    pushfd
    push {user_cs}
    push dword ptr ss:[{cpu} + {landing}]
    push eax
    push {linux_call}
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
    push {user_ds}
    push ebp
    sti
    pushfd
    push {user_cs}
    push dword ptr ss:[{cpu} + {landing}]
    push eax
    push {linux_call}
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
debug_entry:
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

    # Something has come up meanwhile.
    .balign 16
work_entry:
    mov ecx, esp
    call {on_work}
    jmp trap_return
    "#,
    user_ds = const USER_DS,
    bad_return = const BAD_RETURN,
    stubs = const STUBS,
    linux_call = const LINUX_CALL,
    linux_calls = const LINUX_CALLS,
    linux_handlers = sym crate::syscall::LINUX_HANDLERS,
    on_odd_call = sym crate::syscall::on_odd_call,
    frame_eax = const offset_of!(TrapFrame, eax),
    cpu = sym crate::cpu::CPU,
    current = const crate::cpu::CURRENT,
    work = const crate::task::WORK,
    debug = const DEBUG,
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
