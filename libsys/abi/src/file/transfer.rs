//! Reading and writing: buffers and offsets.

use crate::UserMutPtr;
use crate::plain::structure;

structure! {
    /// One buffer of `readv` and `writev`.
    pub struct Iovec: 8 {
        /// Address.
        pub base: UserMutPtr<u8>,
        /// Bytes.
        pub len: u32,
    }
}

/// Most buffers in one call.
pub const IOV_MAX: u32 = 1024;
/// Most bytes one `read` or `write` moves.
pub const MAX_RW_COUNT: u32 = 0x7fff_f000;

/// From the start.
pub const SEEK_SET: u32 = 0;
/// From the offset.
pub const SEEK_CUR: u32 = 1;
/// From the end.
pub const SEEK_END: u32 = 2;
/// To data.
pub const SEEK_DATA: u32 = 3;
/// To a hole.
pub const SEEK_HOLE: u32 = 4;
