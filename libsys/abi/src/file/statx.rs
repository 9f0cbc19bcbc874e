//! Attributes of a file that the caller chooses.

use crate::plain::structure;

structure! {
    /// A time in [`Statx`].
    pub struct StatxTimestamp: 16 {
        /// Seconds.
        pub sec: i64,
        /// Nanoseconds.
        pub nsec: u32,
        /// 0.
        pub reserved: i32,
    }

    /// Extended attributes of a file.
    pub struct Statx: 256 {
        /// Which fields are filled in, `STATX_*`.
        pub mask: u32,
        /// Good size for input and output.
        pub blksize: u32,
        /// Attribute bits.
        pub attributes: u64,
        /// Names.
        pub nlink: u32,
        /// Owner.
        pub uid: u32,
        /// Group.
        pub gid: u32,
        /// Type and permission bits.
        pub mode: u16,
        /// 0.
        pub spare0: u16,
        /// Number of the file.
        pub ino: u64,
        /// Bytes.
        pub size: u64,
        /// Blocks of 512 bytes.
        pub blocks: u64,
        /// Which attribute bits have a meaning.
        pub attributes_mask: u64,
        /// Last access.
        pub atime: StatxTimestamp,
        /// Creation.
        pub btime: StatxTimestamp,
        /// Last change of attributes.
        pub ctime: StatxTimestamp,
        /// Last change of data.
        pub mtime: StatxTimestamp,
        /// Device of a device node.
        pub rdev_major: u32,
        /// Its minor number.
        pub rdev_minor: u32,
        /// Device of the file system.
        pub dev_major: u32,
        /// Its minor number.
        pub dev_minor: u32,
        /// Mount.
        pub mnt_id: u64,
        /// Alignment of memory for direct access.
        pub dio_mem_align: u32,
        /// Alignment of offsets for direct access.
        pub dio_offset_align: u32,
        /// 0.
        pub spare: [u64; 12],
    }
}

/// Type.
pub const STATX_TYPE: u32 = 0x1;
/// Permission bits.
pub const STATX_MODE: u32 = 0x2;
/// Names.
pub const STATX_NLINK: u32 = 0x4;
/// Owner.
pub const STATX_UID: u32 = 0x8;
/// Group.
pub const STATX_GID: u32 = 0x10;
/// Access time.
pub const STATX_ATIME: u32 = 0x20;
/// Time of data.
pub const STATX_MTIME: u32 = 0x40;
/// Time of attributes.
pub const STATX_CTIME: u32 = 0x80;
/// Number.
pub const STATX_INO: u32 = 0x100;
/// Bytes.
pub const STATX_SIZE: u32 = 0x200;
/// Blocks.
pub const STATX_BLOCKS: u32 = 0x400;
/// All of `stat`.
pub const STATX_BASIC_STATS: u32 = 0x7ff;
/// Creation time.
pub const STATX_BTIME: u32 = 0x800;
/// Mount.
pub const STATX_MNT_ID: u32 = 0x1000;
/// Alignment for direct access.
pub const STATX_DIOALIGN: u32 = 0x2000;
/// Refused.
pub const STATX_RESERVED: u32 = 0x8000_0000;
