//! What of a message lies in memory.

use crate::plain::structure;

structure! {
    /// A part of the caller's memory, lent for the length of the call.
    pub struct Lent: 12 {
        /// The first byte. A receiver finds 0.
        pub address: u32,
        /// In bytes. All leases of a call together may touch 16 pages.
        pub length: u32,
        /// [`LENT_READ`], [`LENT_WRITE`] or both: what the server may do.
        pub access: u32,
    }

    /// A handle in a message.
    pub struct Passed: 8 {
        /// Of the sender, who keeps it; it needs `TRANSFER`. A receiver finds the number that it
        /// has there, or 0 if the receiver could have no more.
        pub handle: u32,
        /// The most that the receiver shall have; what it has.
        pub rights: u32,
    }

    /// Where a thread's messages lie as far as they do not fit the registers.
    pub struct Block: 128 {
        /// Words 4 to 15.
        pub words: [u32; 12],
        /// The leases.
        pub leases: [Lent; 4],
        /// The handles.
        pub handles: [Passed; 4],
    }
}

/// The server may read it.
pub const LENT_READ: u32 = 1;
/// The server may write it.
pub const LENT_WRITE: u32 = 2;
