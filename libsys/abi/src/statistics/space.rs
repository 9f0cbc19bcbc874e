//! Address spaces: areas, page tables, pages.

use crate::plain::structure;

structure! {
    /// An area of an address space.
    pub struct AreaStatistics: 36 {
        /// First byte.
        pub start: u32,
        /// Behind the last byte; 0 for the end of the address space.
        pub end: u32,
        /// `VM_*`, as Linux has them.
        pub flags: u32,
        /// Device of the file, as `stat` has it; 0 if there is no file.
        pub device: u32,
        /// The file's inode number; 0 if there is no file.
        pub inode: u64,
        /// Offset in the file.
        pub offset: u64,
        /// `AREA_*`.
        pub kind: u32,
    }

    /// What an area's pages are. Sizes in bytes.
    pub struct AreaUsage: 120 {
        /// First byte of the area.
        pub start: u32,
        /// Behind its last byte.
        pub end: u32,
        /// Present.
        pub resident: u64,
        /// Each present page divided by the number of its mappings, with 12 bits of fraction.
        pub proportional: u64,
        /// That of written pages.
        pub proportional_dirty: u64,
        /// That of private pages.
        pub proportional_private: u64,
        /// That of files' pages.
        pub proportional_file: u64,
        /// That of pages of memory without a file.
        pub proportional_shared: u64,
        /// Mapped more than once and not written.
        pub shared_clean: u64,
        /// Mapped more than once and written.
        pub shared_dirty: u64,
        /// Mapped once and not written.
        pub private_clean: u64,
        /// Mapped once and written.
        pub private_dirty: u64,
        /// Used since the CPU's mark was cleared.
        pub referenced: u64,
        /// Private, of no file.
        pub anonymous: u64,
        /// Swapped.
        pub swapped: u64,
        /// Locked, proportionally, with 12 bits of fraction.
        pub locked: u64,
    }

    /// Neighbouring pages with the same rights.
    pub struct TableRange: 16 {
        /// First byte.
        pub start: u32,
        /// Pages.
        pub pages: u32,
        /// `TABLE_*`.
        pub flags: u32,
        /// Frame of the first page, or what the entry says of a swapped one; 0 but for root and with
        /// the right.
        pub frame: u32,
    }
}

/// Private memory, or a file.
pub const AREA_PLAIN: u32 = 0;
/// The heap.
pub const AREA_HEAP: u32 = 1;
/// The stack of the first thread.
pub const AREA_STACK: u32 = 2;
/// The vDSO.
pub const AREA_VDSO: u32 = 3;
/// Shared memory without a name.
pub const AREA_SHARED: u32 = 4;
/// What the vDSO computes the time from.
pub const AREA_VVAR: u32 = 5;
/// Can be written.
pub const TABLE_WRITE: u32 = 1 << 1;
/// Programs may use it.
pub const TABLE_USER: u32 = 1 << 2;
/// Written through the cache.
pub const TABLE_WRITE_THROUGH: u32 = 1 << 3;
/// Not cached.
pub const TABLE_NO_CACHE: u32 = 1 << 4;
/// Kept, but hidden from the CPU.
pub const TABLE_HIDDEN: u32 = 1 << 7;
/// Stays in the TLB when address spaces change.
pub const TABLE_GLOBAL: u32 = 1 << 8;
/// Frames that are not counted.
pub const TABLE_SPECIAL: u32 = 1 << 9;
/// Mapped by big pages.
pub const TABLE_BIG: u32 = 1 << 12;
/// Swapped.
pub const TABLE_SWAPPED: u32 = 1 << 13;
/// Can be executed.
pub const TABLE_EXEC: u32 = 1 << 31;
/// A word of `page_words` for a page that is there.
pub const PAGE_PRESENT: u64 = 1 << 63;
/// A page that was swapped out.
pub const PAGE_SWAPPED: u64 = 1 << 62;
/// A page of a file or of shared memory.
pub const PAGE_FILE: u64 = 1 << 61;
/// A page that nobody else maps.
pub const PAGE_EXCLUSIVE: u64 = 1 << 56;
/// The frame's number.
pub const PAGE_FRAME: u64 = (1 << 55) - 1;
