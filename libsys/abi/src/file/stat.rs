//! Attributes of a file.

use crate::plain::structure;

structure! {
    /// Attributes of a file, 32-bit sizes.
    pub struct Stat: 64 {
        /// Device of the file system.
        pub dev: u32,
        /// Number of the file.
        pub ino: u32,
        /// Type and permission bits.
        pub mode: u16,
        /// Names.
        pub nlink: u16,
        /// Owner.
        pub uid: u16,
        /// Group.
        pub gid: u16,
        /// Device of a device node.
        pub rdev: u32,
        /// Bytes.
        pub size: u32,
        /// Good size for input and output.
        pub blksize: u32,
        /// Blocks of 512 bytes.
        pub blocks: u32,
        /// Last access.
        pub atime: u32,
        /// Its nanoseconds.
        pub atime_nsec: u32,
        /// Last change of data.
        pub mtime: u32,
        /// Its nanoseconds.
        pub mtime_nsec: u32,
        /// Last change of attributes.
        pub ctime: u32,
        /// Its nanoseconds.
        pub ctime_nsec: u32,
        /// 0.
        pub unused: [u32; 2],
    }

    /// Attributes of a file.
    pub struct Stat64: 96 {
        /// Device of the file system.
        pub dev: u64,
        /// 0.
        pub pad0: u32,
        /// Number of the file, low half.
        pub ino32: u32,
        /// Type and permission bits.
        pub mode: u32,
        /// Names.
        pub nlink: u32,
        /// Owner.
        pub uid: u32,
        /// Group.
        pub gid: u32,
        /// Device of a device node.
        pub rdev: u64,
        /// 0.
        pub pad3: u32,
        /// Bytes.
        pub size: i64,
        /// Good size for input and output.
        pub blksize: u32,
        /// Blocks of 512 bytes.
        pub blocks: u64,
        /// Last access.
        pub atime: u32,
        /// Its nanoseconds.
        pub atime_nsec: u32,
        /// Last change of data.
        pub mtime: u32,
        /// Its nanoseconds.
        pub mtime_nsec: u32,
        /// Last change of attributes.
        pub ctime: u32,
        /// Its nanoseconds.
        pub ctime_nsec: u32,
        /// Number of the file.
        pub ino: u64,
    }
}
