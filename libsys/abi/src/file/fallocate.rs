//! Flags of `fallocate`.

/// The size stays.
pub const FALLOC_FL_KEEP_SIZE: i32 = 1;
/// Gives the range back. Only with `FALLOC_FL_KEEP_SIZE`.
pub const FALLOC_FL_PUNCH_HOLE: i32 = 2;
