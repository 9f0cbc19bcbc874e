//! Why a signal was sent.

use super::number::SIGCHLD;
use crate::plain::structure;

structure! {
    /// Why a signal was sent. What `fields` holds depends on signal and code.
    pub struct Siginfo: 128 {
        /// The signal.
        pub signo: i32,
        /// 0.
        pub errno: i32,
        /// Why: `SI_*`, or by signal `SEGV_*`, `BUS_*`, `FPE_*`, `ILL_*`, `TRAP_*`, `CLD_*`.
        pub code: i32,
        /// See the constructors.
        pub fields: [u32; 29],
    }
}

impl Siginfo {
    const fn with(signo: i32, code: i32, first: [u32; 5]) -> Self {
        let mut fields = [0; 29];
        let mut index = 0;
        while index < first.len() {
            fields[index] = first[index];
            index += 1;
        }
        Self { signo, errno: 0, code, fields }
    }

    /// A fault at `address` (SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGTRAP).
    pub const fn fault(signo: i32, code: i32, address: u32) -> Self {
        Self::with(signo, code, [address, 0, 0, 0, 0])
    }

    /// Sent by a process: `kill` ([`SI_USER`]) or `tgkill` ([`SI_TKILL`]).
    pub const fn sent(signo: i32, code: i32, pid: i32, uid: u32) -> Self {
        Self::with(signo, code, [pid.cast_unsigned(), uid, 0, 0, 0])
    }

    /// Sent by the kernel itself.
    pub const fn kernel(signo: i32) -> Self {
        Self::with(signo, SI_KERNEL, [0; 5])
    }

    /// SIGCHLD: exit code or signal in `status`, times in clock ticks.
    pub const fn child(code: i32, pid: i32, uid: u32, status: i32, utime: u32, stime: u32) -> Self {
        Self::with(SIGCHLD, code, [pid.cast_unsigned(), uid, status.cast_unsigned(), utime, stime])
    }

    /// The address of a [`Siginfo::fault`].
    pub const fn address(&self) -> u32 {
        self.fields[0]
    }

    /// The process of a [`Siginfo::sent`] or [`Siginfo::child`].
    pub const fn pid(&self) -> i32 {
        self.fields[0].cast_signed()
    }

    /// The user of a [`Siginfo::sent`] or [`Siginfo::child`].
    pub const fn uid(&self) -> u32 {
        self.fields[1]
    }

    /// The status of a [`Siginfo::child`].
    pub const fn status(&self) -> i32 {
        self.fields[2].cast_signed()
    }
}

/// By `kill`.
pub const SI_USER: i32 = 0;
/// By the kernel.
pub const SI_KERNEL: i32 = 0x80;
/// By `rt_sigqueueinfo`.
pub const SI_QUEUE: i32 = -1;
/// By a timer.
pub const SI_TIMER: i32 = -2;
/// By `tkill` or `tgkill`.
pub const SI_TKILL: i32 = -6;

/// Nothing is mapped there.
pub const SEGV_MAPERR: i32 = 1;
/// The mapping forbids it.
pub const SEGV_ACCERR: i32 = 2;

/// Misaligned.
pub const BUS_ADRALN: i32 = 1;
/// Beyond the end of the object.
pub const BUS_ADRERR: i32 = 2;
/// The object could not be read.
pub const BUS_OBJERR: i32 = 3;

/// Integer division by zero.
pub const FPE_INTDIV: i32 = 1;
/// Integer overflow.
pub const FPE_INTOVF: i32 = 2;
/// Division by zero.
pub const FPE_FLTDIV: i32 = 3;
/// Overflow.
pub const FPE_FLTOVF: i32 = 4;
/// Underflow.
pub const FPE_FLTUND: i32 = 5;
/// Inexact result.
pub const FPE_FLTRES: i32 = 6;
/// Invalid operation.
pub const FPE_FLTINV: i32 = 7;

/// Not an opcode.
pub const ILL_ILLOPC: i32 = 1;
/// Not an operand.
pub const ILL_ILLOPN: i32 = 2;
/// Bad stack.
pub const ILL_BADSTK: i32 = 8;

/// Breakpoint.
pub const TRAP_BRKPT: i32 = 1;
/// Single step.
pub const TRAP_TRACE: i32 = 2;

/// The child exited.
pub const CLD_EXITED: i32 = 1;
/// A signal ended the child.
pub const CLD_KILLED: i32 = 2;
/// A signal ended the child and a core was dumped.
pub const CLD_DUMPED: i32 = 3;
/// The child stopped.
pub const CLD_STOPPED: i32 = 5;
/// The child went on.
pub const CLD_CONTINUED: i32 = 6;
