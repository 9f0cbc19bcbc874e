//! Readiness.

use crate::plain::structure;

structure! {
    /// A descriptor to wait for.
    pub struct Pollfd: 8 {
        /// The descriptor; a negative one is skipped.
        pub fd: i32,
        /// Wanted.
        pub events: u16,
        /// Found.
        pub revents: u16,
    }
}

/// Data to read, or end of file.
pub const POLLIN: u16 = 0x001;
/// Urgent data.
pub const POLLPRI: u16 = 0x002;
/// Writing would not block.
pub const POLLOUT: u16 = 0x004;
/// Error; always reported.
pub const POLLERR: u16 = 0x008;
/// The other side hung up; always reported.
pub const POLLHUP: u16 = 0x010;
/// Not an open descriptor; always reported.
pub const POLLNVAL: u16 = 0x020;
/// As `POLLIN`.
pub const POLLRDNORM: u16 = 0x040;
/// Priority data.
pub const POLLRDBAND: u16 = 0x080;
/// As `POLLOUT`.
pub const POLLWRNORM: u16 = 0x100;
/// Priority data may be written.
pub const POLLWRBAND: u16 = 0x200;
/// The other side will write no more.
pub const POLLRDHUP: u16 = 0x2000;

/// Descriptors a select set can hold.
pub const FD_SETSIZE: u32 = 1024;
