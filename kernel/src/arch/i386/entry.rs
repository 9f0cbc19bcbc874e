//! Into the kernel and out again.
//!
//! A stub pushes the vector (and a zero where the CPU pushes no error code), the common part
//! saves the registers as a [`TrapFrame`] and calls `trap::on_fault`, `on_page_fault`,
//! `on_interrupt` or `on_linux_call`. `trap_return` restores the frame.
//!
//! ```text
//!            ss esp eflags cs eip   by the CPU (ss, esp only from user mode)
//!            error vector           by the CPU or the stub; for a system call, error = its number
//!            es ds eax ebp edi esi edx ecx ebx
//!  ESP ->    (ECX points here: extern "fastcall")
//! ```
//!
//! FS and GS stay the program's: the kernel never uses them, the switch saves them. The last
//! three instructions may fault on selectors the program chose. A bad DS or ES becomes null; a
//! bad frame for IRET turns into an exception *of the program*, [`BAD_RETURN`].

use super::gdt::USER_DS;
use abi::argument::RegisterFile;
use core::arch::global_asm;
use kcore::exception::BAD_RETURN;

pub const LINUX_CALL: usize = 0x80;
pub const FOLIO_CALL: usize = 0x81;
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
pub struct Arguments(*const TrapFrame);

impl Arguments {
    /// # Safety
    /// The frame is there, and nobody writes to it, until the last argument has been read.
    #[inline]
    pub unsafe fn of(frame: *const TrapFrame) -> Self {
        Self(frame)
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

unsafe extern "C" {
    fn trap_stubs();
    fn linux_call_stub();
    fn folio_call_stub();
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

global_asm!(
    r#"
    # As bytes, because `push es` assembles to a push of 16 bits.
    .macro save_registers
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
    cld
950:
    .byte 0x8d, 0x76, 0x00              # lea esi, [esi + 0], CLAC where the CPU has SMAP
    .pushsection __smap_sites, "aw"
    .long 950b, 0x00ca010f
    .popsection
    mov ecx, esp
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
    .if vector == {page_fault}
    jmp page_fault_entry
    .elseif vector < 32
    jmp fault_entry
    .else
    jmp interrupt_entry
    .endif
    .set vector, vector + 1
    .endr

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
    xor ebp, ebp
    call {on_linux_call}

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
    "#,
    user_ds = const USER_DS,
    bad_return = const BAD_RETURN,
    stubs = const STUBS,
    linux_call = const LINUX_CALL,
    folio_call = const FOLIO_CALL,
    page_fault = const PAGE_FAULT,
    on_fault = sym crate::trap::on_fault,
    on_page_fault = sym crate::trap::on_page_fault,
    on_interrupt = sym crate::trap::on_interrupt,
    on_linux_call = sym crate::trap::on_linux_call,
    on_folio_call = sym crate::trap::on_folio_call,
);
