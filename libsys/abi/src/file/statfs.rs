//! Figures of a file system.

use crate::plain::structure;

structure! {
    /// Figures of a file system.
    pub struct Statfs64: 84 {
        /// Kind of file system.
        pub kind: u32,
        /// Bytes in a block.
        pub bsize: u32,
        /// Blocks.
        pub blocks: u64,
        /// Free blocks.
        pub bfree: u64,
        /// Free blocks for everybody.
        pub bavail: u64,
        /// Nodes.
        pub files: u64,
        /// Free nodes.
        pub ffree: u64,
        /// Identifier.
        pub fsid: [i32; 2],
        /// Longest name in bytes.
        pub namelen: u32,
        /// Bytes in a fragment.
        pub frsize: u32,
        /// Mount flags.
        pub flags: u32,
        /// 0.
        pub spare: [u32; 4],
    }

    /// Figures of a file system, 32 bits.
    pub struct Statfs: 64 {
        /// Kind of file system.
        pub kind: u32,
        /// Bytes in a block.
        pub bsize: u32,
        /// Blocks.
        pub blocks: u32,
        /// Free blocks.
        pub bfree: u32,
        /// Free blocks for everybody.
        pub bavail: u32,
        /// Nodes.
        pub files: u32,
        /// Free nodes.
        pub ffree: u32,
        /// Identifier.
        pub fsid: [i32; 2],
        /// Longest name in bytes.
        pub namelen: u32,
        /// Bytes in a fragment.
        pub frsize: u32,
        /// Mount flags.
        pub flags: u32,
        /// 0.
        pub spare: [u32; 4],
    }
}
