//! Into the kernel and out again.
//!
//! A stub pushes the vector (and a zero where the CPU pushes no error code), the common part
//! saves the registers as a [`TrapFrame`] and calls `trap::on_fault`, `on_page_fault`,
//! `on_interrupt`, `on_folio_call`, `nmi::on_nmi`, or a handler out of the table of Linux's calls.
//! `trap_return` restores the frame. The other way in and out is `sysenter`.
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

mod code;
mod stubs;
mod sysenter;

pub use stubs::{stub, traced_stub};
pub use sysenter::{sysenter, traced_sysenter};

use abi::argument::RegisterFile;

/// Linux calls have numbers below this.
pub const LINUX_CALLS: usize = 512;
pub const LINUX_CALL: usize = 0x80;
pub const FOLIO_CALL: usize = 0x81;
/// `vector` of a frame that is no system call's any more.
pub const NO_CALL: u32 = u32::MAX;

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
