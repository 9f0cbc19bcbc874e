//! Types and permissions.

/// The bits of the type.
pub const S_IFMT: u32 = 0o170000;
/// FIFO.
pub const S_IFIFO: u32 = 0o010000;
/// Character device.
pub const S_IFCHR: u32 = 0o020000;
/// Directory.
pub const S_IFDIR: u32 = 0o040000;
/// Block device.
pub const S_IFBLK: u32 = 0o060000;
/// Regular file.
pub const S_IFREG: u32 = 0o100000;
/// Symbolic link.
pub const S_IFLNK: u32 = 0o120000;
/// Socket.
pub const S_IFSOCK: u32 = 0o140000;
/// Set user id.
pub const S_ISUID: u32 = 0o4000;
/// Set group id.
pub const S_ISGID: u32 = 0o2000;
/// Sticky.
pub const S_ISVTX: u32 = 0o1000;

/// `access`: exists.
pub const F_OK: u32 = 0;
/// `access`: may be executed or searched.
pub const X_OK: u32 = 1;
/// `access`: may be written.
pub const W_OK: u32 = 2;
/// `access`: may be read.
pub const R_OK: u32 = 4;
