//! Locks of `fcntl` and `flock`.

use crate::Errno;
use crate::plain::structure;

structure! {
    /// A lock on a range of a file, 32 bits.
    pub struct Flock: 16 {
        /// `F_RDLCK`, `F_WRLCK` or `F_UNLCK`.
        pub kind: i16,
        /// What `start` counts from, `SEEK_*`.
        pub whence: i16,
        /// First byte.
        pub start: i32,
        /// Bytes; 0 up to the largest offset, negative before `start`.
        pub len: i32,
        /// Who holds the lock.
        pub pid: i32,
    }

    /// A lock on a range of a file.
    pub struct Flock64: 24 {
        /// `F_RDLCK`, `F_WRLCK` or `F_UNLCK`.
        pub kind: i16,
        /// What `start` counts from, `SEEK_*`.
        pub whence: i16,
        /// First byte.
        pub start: i64,
        /// Bytes; 0 up to the largest offset, negative before `start`.
        pub len: i64,
        /// Who holds the lock.
        pub pid: i32,
    }
}

/// Read lock.
pub const F_RDLCK: i16 = 0;
/// Write lock.
pub const F_WRLCK: i16 = 1;
/// No lock.
pub const F_UNLCK: i16 = 2;

/// `flock`: with others.
pub const LOCK_SH: u32 = 1;
/// `flock`: alone.
pub const LOCK_EX: u32 = 2;
/// `flock`: never waits.
pub const LOCK_NB: u32 = 4;
/// `flock`: no more.
pub const LOCK_UN: u32 = 8;

impl From<Flock> for Flock64 {
    fn from(lock: Flock) -> Self {
        let Flock { kind, whence, start, len, pid } = lock;
        Self { kind, whence, start: start.into(), len: len.into(), pid }
    }
}

impl TryFrom<Flock64> for Flock {
    type Error = Errno;

    /// EOVERFLOW for what 31 bits cannot hold.
    fn try_from(lock: Flock64) -> Result<Self, Errno> {
        let narrow = |number: i64| i32::try_from(number).map_err(|_| Errno::EOVERFLOW);
        let Flock64 { kind, whence, start, len, pid } = lock;
        Ok(Self { kind, whence, start: narrow(start)?, len: narrow(len)?, pid })
    }
}
