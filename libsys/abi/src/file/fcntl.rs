//! Commands of `fcntl64` and what they set.

/// The lowest free descriptor from the argument on.
pub const F_DUPFD: u32 = 0;
/// Queries `FD_CLOEXEC`.
pub const F_GETFD: u32 = 1;
/// Sets `FD_CLOEXEC`.
pub const F_SETFD: u32 = 2;
/// Queries status flags.
pub const F_GETFL: u32 = 3;
/// Sets status flags.
pub const F_SETFL: u32 = 4;
/// Queries a lock, 32 bits.
pub const F_GETLK: u32 = 5;
/// Sets a lock, 32 bits.
pub const F_SETLK: u32 = 6;
/// Sets a lock and waits, 32 bits.
pub const F_SETLKW: u32 = 7;
/// Sets who gets SIGIO.
pub const F_SETOWN: u32 = 8;
/// Queries who gets SIGIO.
pub const F_GETOWN: u32 = 9;
/// Queries a lock.
pub const F_GETLK64: u32 = 12;
/// Sets a lock.
pub const F_SETLK64: u32 = 13;
/// Sets a lock and waits.
pub const F_SETLKW64: u32 = 14;
/// `F_DUPFD` with close-on-exec.
pub const F_DUPFD_CLOEXEC: u32 = 1030;
/// Sets the size of a pipe.
pub const F_SETPIPE_SZ: u32 = 1031;
/// Queries the size of a pipe.
pub const F_GETPIPE_SZ: u32 = 1032;
/// Adds seals.
pub const F_ADD_SEALS: u32 = 1033;
/// Queries seals.
pub const F_GET_SEALS: u32 = 1034;

/// Closed by `execve`.
pub const FD_CLOEXEC: u32 = 1;

/// No more seals.
pub const F_SEAL_SEAL: u32 = 1;
/// May not shrink.
pub const F_SEAL_SHRINK: u32 = 2;
/// May not grow.
pub const F_SEAL_GROW: u32 = 4;
/// May not be written.
pub const F_SEAL_WRITE: u32 = 8;
/// May not be written through new mappings.
pub const F_SEAL_FUTURE_WRITE: u32 = 16;
