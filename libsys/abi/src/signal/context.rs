//! The state of a program that a signal interrupted.

use super::set::SignalSet;
use super::stack::Sigaltstack;
use crate::plain::structure;

structure! {
    /// The registers at the time of the signal.
    pub struct Sigcontext: 88 {
        /// GS.
        pub gs: u16,
        /// 0.
        pub gs_high: u16,
        /// FS.
        pub fs: u16,
        /// 0.
        pub fs_high: u16,
        /// ES.
        pub es: u16,
        /// 0.
        pub es_high: u16,
        /// DS.
        pub ds: u16,
        /// 0.
        pub ds_high: u16,
        /// EDI.
        pub edi: u32,
        /// ESI.
        pub esi: u32,
        /// EBP.
        pub ebp: u32,
        /// ESP.
        pub esp: u32,
        /// EBX.
        pub ebx: u32,
        /// EDX.
        pub edx: u32,
        /// ECX.
        pub ecx: u32,
        /// EAX.
        pub eax: u32,
        /// Vector of the last exception.
        pub trapno: u32,
        /// Its error code.
        pub err: u32,
        /// EIP.
        pub eip: u32,
        /// CS.
        pub cs: u16,
        /// 0.
        pub cs_high: u16,
        /// EFLAGS.
        pub eflags: u32,
        /// ESP once more.
        pub esp_at_signal: u32,
        /// SS.
        pub ss: u16,
        /// 0.
        pub ss_high: u16,
        /// Address of an [`Fpstate`], or 0 if the program never used the FPU.
        pub fpstate: u32,
        /// Signals 1 to 32 that were blocked.
        pub oldmask: u32,
        /// Address of the last page fault.
        pub cr2: u32,
    }

    /// The context a handler with `SA_SIGINFO` gets.
    pub struct Ucontext: 116 {
        /// `UC_*`.
        pub flags: u32,
        /// 0.
        pub link: u32,
        /// The alternate stack.
        pub stack: Sigaltstack,
        /// The registers.
        pub mcontext: Sigcontext,
        /// The signals that were blocked.
        pub sigmask: SignalSet,
    }

    /// FPU and SSE registers: those of FSAVE, then the image of FXSAVE.
    pub struct Fpstate: 624 {
        /// Control word.
        pub cw: u32,
        /// Status word.
        pub sw: u32,
        /// Tag word.
        pub tag: u32,
        /// Offset of the last instruction.
        pub ipoff: u32,
        /// Its segment and opcode.
        pub cssel: u32,
        /// Offset of the last operand.
        pub dataoff: u32,
        /// Its segment.
        pub datasel: u32,
        /// The stack, ten bytes each.
        pub st: [[u16; 5]; 8],
        /// Status word as before the signal.
        pub status: u16,
        /// 0 if the image below is there, 0xffff if not.
        pub magic: u16,
        /// The image of FXSAVE.
        pub fxsave: [u8; 512],
    }
}
