//! What a process does about a signal.

use super::set::SignalSet;
use crate::plain::structure;

structure! {
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
}

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
