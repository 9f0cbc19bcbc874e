//! The alternate stack.

use crate::plain::structure;

structure! {
    /// An alternate stack for handlers.
    pub struct Sigaltstack: 12 {
        /// Lowest address.
        pub sp: u32,
        /// `SS_*`.
        pub flags: u32,
        /// Bytes.
        pub size: u32,
    }
}

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
