//! Signals: numbers, handlers, and what a handler finds on its stack.

use crate::plain::structure;

structure! {
    /// A set of signals; signal n is bit n − 1.
    pub struct SignalSet: 8 {
        /// The bits.
        pub bits: u64,
    }

    /// A handler, as `rt_sigaction` takes it.
    pub struct Sigaction: 20 {
        /// Address of the handler, [`SIG_DFL`] or [`SIG_IGN`].
        pub handler: u32,
        /// `SA_*`.
        pub flags: u32,
        /// Where the handler returns to, with [`SA_RESTORER`].
        pub restorer: u32,
        /// Signals blocked while the handler runs.
        pub mask: SignalSet,
    }

    /// A handler, as `sigaction` takes it.
    pub struct OldSigaction: 16 {
        /// Address of the handler, [`SIG_DFL`] or [`SIG_IGN`].
        pub handler: u32,
        /// Signals 1 to 32 blocked while the handler runs.
        pub mask: u32,
        /// `SA_*`.
        pub flags: u32,
        /// Where the handler returns to, with [`SA_RESTORER`].
        pub restorer: u32,
    }

    /// An alternate stack for handlers.
    pub struct Sigaltstack: 12 {
        /// Lowest address.
        pub sp: u32,
        /// `SS_*`.
        pub flags: u32,
        /// Bytes.
        pub size: u32,
    }

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

    /// The context a handler with [`SA_SIGINFO`] gets.
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

    /// The stack of a handler without [`SA_SIGINFO`], from ESP up. 624 unused bytes follow, where
    /// the FPU state once was, then a [`SignalFrameEnd`].
    pub struct SignalFrame: 96 {
        /// Where the handler returns to.
        pub pretcode: u32,
        /// Argument 1: the signal.
        pub signo: i32,
        /// The registers.
        pub context: Sigcontext,
    }

    /// The end of a [`SignalFrame`], [`SignalFrame::END_OFFSET`] bytes behind its start.
    pub struct SignalFrameEnd: 12 {
        /// Signals 33 to 64 that were blocked.
        pub extramask: u32,
        /// `popl %eax; movl $119, %eax; int $0x80`.
        pub retcode: [u8; 8],
    }

    /// The stack of a handler with [`SA_SIGINFO`], from ESP up.
    pub struct RtSignalFrame: 268 {
        /// Where the handler returns to.
        pub pretcode: u32,
        /// Argument 1: the signal.
        pub signo: i32,
        /// Argument 2: address of `info`.
        pub pinfo: u32,
        /// Argument 3: address of `context`.
        pub pcontext: u32,
        /// Why.
        pub info: Siginfo,
        /// The context.
        pub context: Ucontext,
        /// `movl $173, %eax; int $0x80` and a zero byte.
        pub retcode: [u8; 8],
    }
}

impl SignalFrame {
    /// Where the [`SignalFrameEnd`] lies.
    pub const END_OFFSET: u32 = 96 + 624;
    /// `popl %eax; movl $119, %eax; int $0x80`.
    pub const RETCODE: [u8; 8] = [0x58, 0xb8, 119, 0, 0, 0, 0xcd, 0x80];
}

impl RtSignalFrame {
    /// `movl $173, %eax; int $0x80`.
    pub const RETCODE: [u8; 8] = [0xb8, 173, 0, 0, 0, 0xcd, 0x80, 0];
}

impl SignalSet {
    /// No signal.
    pub const EMPTY: Self = Self { bits: 0 };
    /// All signals.
    pub const FULL: Self = Self { bits: u64::MAX };
    /// SIGKILL and SIGSTOP, which nobody blocks.
    pub const UNBLOCKABLE: Self = Self::of(SIGKILL).union(Self::of(SIGSTOP));

    /// The set of one signal; empty for a number that is none.
    #[inline]
    pub const fn of(signal: i32) -> Self {
        if signal < 1 || signal > NSIG {
            return Self::EMPTY;
        }
        Self { bits: 1 << (signal - 1) }
    }

    /// Whether `signal` is in the set.
    #[inline]
    pub const fn contains(self, signal: i32) -> bool {
        self.bits & Self::of(signal).bits != 0
    }

    /// Signals of either set.
    #[inline]
    pub const fn union(self, other: Self) -> Self {
        Self { bits: self.bits | other.bits }
    }

    /// Signals of both sets.
    #[inline]
    pub const fn intersection(self, other: Self) -> Self {
        Self { bits: self.bits & other.bits }
    }

    /// Signals of this set that are not in `other`.
    #[inline]
    pub const fn difference(self, other: Self) -> Self {
        Self { bits: self.bits & !other.bits }
    }

    /// Whether no signal is in the set.
    #[inline]
    pub const fn is_empty(self) -> bool {
        self.bits == 0
    }

    /// The lowest signal of the set.
    #[inline]
    pub const fn first(self) -> Option<i32> {
        if self.is_empty() { None } else { Some(self.bits.trailing_zeros().cast_signed() + 1) }
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

macro_rules! signals {
    ($($(#[$attribute:meta])* $name:ident = $value:literal;)*) => {
        $( $(#[$attribute])* pub const $name: i32 = $value; )*

        /// The name of a signal below 32, or `None`.
        pub const fn name(signal: i32) -> Option<&'static str> {
            match signal {
                $( $value => Some(stringify!($name)), )*
                _ => None,
            }
        }
    };
}

signals! {
    /// The terminal hung up.
    SIGHUP = 1;
    /// ^C.
    SIGINT = 2;
    /// ^\.
    SIGQUIT = 3;
    /// Not an instruction.
    SIGILL = 4;
    /// Breakpoint or single step.
    SIGTRAP = 5;
    /// The program gave up.
    SIGABRT = 6;
    /// A mapped object has no such page.
    SIGBUS = 7;
    /// Division by zero and the like.
    SIGFPE = 8;
    /// Ends the process, always.
    SIGKILL = 9;
    /// For programs.
    SIGUSR1 = 10;
    /// Access that the address space forbids.
    SIGSEGV = 11;
    /// For programs.
    SIGUSR2 = 12;
    /// A pipe without readers was written.
    SIGPIPE = 13;
    /// A timer expired.
    SIGALRM = 14;
    /// Please end.
    SIGTERM = 15;
    /// Coprocessor stack fault; unused.
    SIGSTKFLT = 16;
    /// A child changed state.
    SIGCHLD = 17;
    /// Goes on.
    SIGCONT = 18;
    /// Stops, always.
    SIGSTOP = 19;
    /// ^Z.
    SIGTSTP = 20;
    /// Input from the background.
    SIGTTIN = 21;
    /// Output from the background.
    SIGTTOU = 22;
    /// Urgent data.
    SIGURG = 23;
    /// Too much processor time.
    SIGXCPU = 24;
    /// Too large a file.
    SIGXFSZ = 25;
    /// A timer in user time expired.
    SIGVTALRM = 26;
    /// A timer in processor time expired.
    SIGPROF = 27;
    /// The window changed size.
    SIGWINCH = 28;
    /// A descriptor is ready.
    SIGIO = 29;
    /// Power is failing.
    SIGPWR = 30;
    /// Not a system call.
    SIGSYS = 31;
}

/// The highest signal.
pub const NSIG: i32 = 64;
/// The first real-time signal.
pub const SIGRTMIN: i32 = 32;

/// The default action.
pub const SIG_DFL: u32 = 0;
/// Ignores the signal.
pub const SIG_IGN: u32 = 1;

/// Stopped children send no SIGCHLD.
pub const SA_NOCLDSTOP: u32 = 0x1;
/// Children leave no zombies.
pub const SA_NOCLDWAIT: u32 = 0x2;
/// The handler takes three arguments.
pub const SA_SIGINFO: u32 = 0x4;
/// `restorer` is set.
pub const SA_RESTORER: u32 = 0x0400_0000;
/// Runs on the alternate stack.
pub const SA_ONSTACK: u32 = 0x0800_0000;
/// Interrupted calls are restarted.
pub const SA_RESTART: u32 = 0x1000_0000;
/// The signal itself is not blocked in its handler.
pub const SA_NODEFER: u32 = 0x4000_0000;
/// Back to the default when the handler runs.
pub const SA_RESETHAND: u32 = 0x8000_0000;

/// Adds to the mask.
pub const SIG_BLOCK: i32 = 0;
/// Takes from the mask.
pub const SIG_UNBLOCK: i32 = 1;
/// Replaces the mask.
pub const SIG_SETMASK: i32 = 2;

/// The alternate stack is in use.
pub const SS_ONSTACK: u32 = 1;
/// There is no alternate stack.
pub const SS_DISABLE: u32 = 2;
/// The alternate stack is given up while a handler uses it.
pub const SS_AUTODISARM: u32 = 1 << 31;
/// Least size of an alternate stack.
pub const MINSIGSTKSZ: u32 = 2048;
/// A good size of an alternate stack.
pub const SIGSTKSZ: u32 = 8192;

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

#[cfg(test)]
mod tests {
    use super::*;
    use core::mem::offset_of;

    #[test]
    fn sets_hold_signals_and_nothing_else() {
        assert_eq!(SignalSet::of(0), SignalSet::EMPTY);
        assert_eq!(SignalSet::of(65), SignalSet::EMPTY);
        assert_eq!(SignalSet::of(-1), SignalSet::EMPTY);
        for signal in 1..=NSIG {
            let set = SignalSet::of(signal);
            assert!(set.contains(signal));
            assert_eq!(set.first(), Some(signal));
            assert!(!SignalSet::FULL.difference(set).contains(signal));
        }
    }

    #[test]
    fn frames_are_where_restorers_expect_them() {
        assert_eq!(offset_of!(SignalFrame, context), 8);
        assert_eq!(offset_of!(RtSignalFrame, info), 16);
        assert_eq!(offset_of!(RtSignalFrame, context), 144);
        assert_eq!(offset_of!(Ucontext, mcontext), 20);
        assert_eq!(offset_of!(Sigcontext, eip), 56);
        assert_eq!(offset_of!(Sigcontext, cr2), 84);
        assert_eq!(offset_of!(Fpstate, fxsave), 112);
    }
}
