//! What a server says of a node, and what is to change.

use crate::plain::structure;

structure! {
    /// What `stat` shows of a node.
    pub struct Attributes: 88 {
        /// Number for `st_ino`.
        pub ino: u64,
        /// In bytes.
        pub size: u64,
        /// Of 512 bytes.
        pub blocks: u64,
        /// Bytes to read or write at a time, a power of two; 0 for a page.
        pub block_size: u32,
        /// Type and permissions, `S_*`.
        pub mode: u32,
        /// Names.
        pub nlink: u32,
        /// Owner.
        pub uid: u32,
        /// Group.
        pub gid: u32,
        /// What a device node stands for.
        pub rdev: u32,
        /// `NODE_*`.
        pub flags: u32,
        /// Last access: seconds since 1970.
        pub atime: i64,
        /// Nanoseconds.
        pub atime_nsec: u32,
        /// Last change of the contents: seconds since 1970.
        pub mtime: i64,
        /// Nanoseconds.
        pub mtime_nsec: u32,
        /// Last change of anything: seconds since 1970.
        pub ctime: i64,
        /// Nanoseconds.
        pub ctime_nsec: u32,
    }

    /// What of a node's attributes is to change.
    pub struct Changes: 48 {
        /// Which fields count, `CHANGE_*`.
        pub mask: u32,
        /// Permissions.
        pub mode: u32,
        /// Owner.
        pub uid: u32,
        /// Group.
        pub gid: u32,
        /// In bytes: `truncate`.
        pub size: u64,
        /// Last access: seconds since 1970.
        pub atime: i64,
        /// Nanoseconds.
        pub atime_nsec: u32,
        /// Last change of the contents: seconds since 1970.
        pub mtime: i64,
        /// Nanoseconds.
        pub mtime_nsec: u32,
    }
}

/// The server is asked before the node is opened.
pub const NODE_IS_OPENED: u32 = 1 << 0;
/// The size is that of the contents, so that offsets may count from the end.
pub const NODE_HAS_SIZE: u32 = 1 << 1;
/// The node controls fault injection: nothing is injected into reading and writing it.
pub const NODE_CONTROLS_FAULTS: u32 = 1 << 2;

/// Permissions.
pub const CHANGE_MODE: u32 = 1 << 0;
/// Owner.
pub const CHANGE_USER: u32 = 1 << 1;
/// Group.
pub const CHANGE_GROUP: u32 = 1 << 2;
/// Size.
pub const CHANGE_SIZE: u32 = 1 << 3;
/// Time of last access.
pub const CHANGE_ACCESSED: u32 = 1 << 4;
/// Time of last change.
pub const CHANGE_MODIFIED: u32 = 1 << 5;
