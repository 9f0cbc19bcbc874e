//! Paths: their length, and how the at-calls take them.

/// Longest path, its zero byte included.
pub const PATH_MAX: u32 = 4096;
/// Longest name in a directory.
pub const NAME_MAX: u32 = 255;

/// Relative to the working directory.
pub const AT_FDCWD: i32 = -100;
/// A symbolic link itself.
pub const AT_SYMLINK_NOFOLLOW: u32 = 0x100;
/// `faccessat2`: the effective user.
pub const AT_EACCESS: u32 = 0x200;
/// `unlinkat`: a directory.
pub const AT_REMOVEDIR: u32 = 0x200;
/// `linkat`: what a symbolic link points to.
pub const AT_SYMLINK_FOLLOW: u32 = 0x400;
/// Does not trigger automounts.
pub const AT_NO_AUTOMOUNT: u32 = 0x800;
/// An empty path stands for the descriptor itself.
pub const AT_EMPTY_PATH: u32 = 0x1000;
/// `statx`: asks the server again.
pub const AT_STATX_FORCE_SYNC: u32 = 0x2000;
/// `statx`: what is cached is good enough.
pub const AT_STATX_DONT_SYNC: u32 = 0x4000;

/// `renameat2`: fails if the target exists.
pub const RENAME_NOREPLACE: u32 = 1;
/// `renameat2`: swaps both names.
pub const RENAME_EXCHANGE: u32 = 2;
/// `renameat2`: leaves a whiteout.
pub const RENAME_WHITEOUT: u32 = 4;
