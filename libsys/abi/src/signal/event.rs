//! What a timer tells.

use crate::plain::structure;

structure! {
    /// How to tell of an expiry.
    pub struct Sigevent: 64 {
        /// What the signal carries.
        pub value: u32,
        /// Which signal.
        pub signo: i32,
        /// `SIGEV_*`.
        pub notify: i32,
        /// With [`SIGEV_THREAD_ID`], which thread.
        pub tid: i32,
        /// Unused.
        pub unused: [u32; 12],
    }
}

/// By a signal.
pub const SIGEV_SIGNAL: i32 = 0;
/// Not at all.
pub const SIGEV_NONE: i32 = 1;
/// By a signal; libraries make a thread of it.
pub const SIGEV_THREAD: i32 = 2;
/// By a signal to one thread.
pub const SIGEV_THREAD_ID: i32 = 4;
