//! Where a process that makes calls has what: the same addresses and slots in each.

use abi::memory::PAGE_SIZE as PAGE;

/// Where its memory begins.
pub const START: u32 = 0x2000_0000;
/// [`TEXTS`], each at a multiple of [`TEXT`].
pub const TEXT_PAGE: u32 = START;
pub const TEXT: u32 = 64;
/// Pages for structures, and for what calls write.
pub const BUFFER: u32 = START + PAGE;
pub const BUFFER_END: u32 = BUFFER + 4 * PAGE;
/// A page that can only be read.
pub const READ_ONLY: u32 = BUFFER_END;
/// A page in which no text ends, and which ends in a hole.
pub const ENDLESS: u32 = READ_ONLY + PAGE;
pub const HOLE: u32 = ENDLESS + PAGE;
/// A page that all processes share.
pub const SHARED: u32 = HOLE + PAGE;
/// Pages to map, unmap, protect and move.
pub const PLAYGROUND: u32 = START + 16 * PAGE;
pub const PLAYGROUND_PAGES: u32 = 64;

/// Names for calls to read: of files that may be there, and of what a server answers for. None leads to
/// where others have theirs.
pub const TEXTS: [&str; 20] = [
    "f",
    "d",
    "a",
    "b",
    "d/a",
    "d/b",
    "l",
    "p",
    "",
    ".",
    "d/..",
    "d/../f",
    "/bin/hello",
    "n",
    "z",
    "/proc/self/stat",
    "/proc/self/fd",
    "/proc/self/maps",
    "/proc/version",
    "user.name",
];

/// What a process has kept, by kind.
pub mod slot {
    use core::ops::Range;

    pub const ALL: usize = 48;
    /// Its own number.
    pub const OWN: u8 = 0;
    /// The number of another one that makes calls.
    pub const SIBLING: u8 = 1;
    /// The address of a handler of signals.
    pub const HANDLER: u8 = 2;
    pub const CHILDREN: Range<u8> = 4..8;
    pub const DESCRIPTORS: Range<u8> = 8..24;
    pub const ADDRESSES: Range<u8> = 24..32;
    pub const TIMERS: Range<u8> = 32..36;
    pub const HANDLES: Range<u8> = 36..48;
}
