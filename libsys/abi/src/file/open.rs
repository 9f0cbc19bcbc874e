//! Flags of `open`.

/// Reading.
pub const O_RDONLY: u32 = 0;
/// Writing.
pub const O_WRONLY: u32 = 1;
/// Both.
pub const O_RDWR: u32 = 2;
/// The bits that hold one of the three.
pub const O_ACCMODE: u32 = 3;
/// Makes the file if there is none.
pub const O_CREAT: u32 = 0o100;
/// With `O_CREAT`: fails if there is one.
pub const O_EXCL: u32 = 0o200;
/// Does not become the controlling terminal.
pub const O_NOCTTY: u32 = 0o400;
/// Empties the file.
pub const O_TRUNC: u32 = 0o1000;
/// Every write goes to the end.
pub const O_APPEND: u32 = 0o2000;
/// Never waits.
pub const O_NONBLOCK: u32 = 0o4000;
/// Writes wait for the data to be safe.
pub const O_DSYNC: u32 = 0o10000;
/// SIGIO when ready.
pub const FASYNC: u32 = 0o20000;
/// Around the cache.
pub const O_DIRECT: u32 = 0o40000;
/// Sizes above 31 bits are fine.
pub const O_LARGEFILE: u32 = 0o100000;
/// Fails unless it is a directory.
pub const O_DIRECTORY: u32 = 0o200000;
/// Fails if it is a symbolic link.
pub const O_NOFOLLOW: u32 = 0o400000;
/// Reading does not change the access time.
pub const O_NOATIME: u32 = 0o1000000;
/// Closed by `execve`.
pub const O_CLOEXEC: u32 = 0o2000000;
/// Writes wait for data and attributes to be safe.
pub const O_SYNC: u32 = 0o4010000;
/// Only stands for the place in the tree.
pub const O_PATH: u32 = 0o10000000;
/// A file without a name.
pub const O_TMPFILE: u32 = 0o20200000;
