//! What a handler finds on its stack.

use super::context::{Sigcontext, Ucontext};
use super::info::Siginfo;
use crate::plain::structure;

structure! {
    /// The stack of a handler without `SA_SIGINFO`, from ESP up. 624 unused bytes follow, where
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

    /// The stack of a handler with `SA_SIGINFO`, from ESP up.
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

#[cfg(test)]
mod tests {
    use super::super::context::Fpstate;
    use super::*;
    use core::mem::offset_of;

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
