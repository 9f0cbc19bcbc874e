//! Memory: zones, the heap, the windows.

use crate::plain::structure;

structure! {
    /// One zone of memory.
    pub struct ZoneMemory: 100 {
        /// Its first frame.
        pub start: u32,
        /// Frames up to its end, holes included.
        pub spanned: u32,
        /// Frames of memory among them.
        pub present: u32,
        /// Those that the allocator manages.
        pub managed: u32,
        /// Free ones, those at the CPU's hand included.
        pub free: u32,
        /// Free pages below which only the reclaimer may allocate.
        pub min: u32,
        /// Free pages below which reclaim starts.
        pub low: u32,
        /// Free pages at which reclaim ends.
        pub high: u32,
        /// Free pages at the CPU's hand, for the next who wants one.
        pub at_hand: u32,
        /// How many there may be, above which some go back.
        pub hand_high: u32,
        /// How many come or go at a time.
        pub hand_batch: u32,
        /// Free blocks by order.
        pub free_blocks: [u32; ORDERS],
        /// Pages kept from requests that could be served by a higher zone.
        pub reserve: [u32; 3],
    }

    /// One cache of the kernel's heap.
    pub struct HeapCache: 36 {
        /// Name, padded with zeros.
        pub name: [u8; 16],
        /// Bytes in an object.
        pub size: u32,
        /// Objects in use.
        pub objects: u32,
        /// Slabs.
        pub slabs: u32,
        /// Objects in a slab.
        pub objects_per_slab: u32,
        /// Pages in a slab.
        pub pages_per_slab: u32,
    }

    /// What memory holds.
    pub struct MemoryStatistics: 948 {
        /// [`ZONE_DMA`](crate::syscall::folio::ZONE_DMA) and so on.
        pub zones: [ZoneMemory; 3],
        /// Pages by owner, indexed by [`OWNER_KERNEL`](crate::syscall::folio::OWNER_KERNEL) and so
        /// on.
        pub owners: [u32; 16],
        /// Cached pages, the boot archive's included, that some program maps.
        pub mapped: u32,
        /// Cached pages of memory without a file: `/tmp`, shared memory.
        pub shared_memory: u32,
        /// The boot archive's own pages that are cached because a file is made of them.
        pub archive: u32,
        /// Private pages that some program maps.
        pub mapped_private: u32,
        /// What all programs could write at most, in pages.
        pub committed: u32,
        /// Pages of programs' locked areas that are there.
        pub locked: u32,
        /// Pages of the vmalloc window.
        pub vmalloc_total: u32,
        /// Pages there that are neither in use nor guards.
        pub vmalloc_free: u32,
        /// Slots of kmap.
        pub kmap_slots: u32,
        /// Those in use.
        pub kmap_used: u32,
        /// Caches of the heap; unused rows have size 0.
        pub caches: [HeapCache; 15],
        /// How many watches of epoll a user may have.
        pub epoll_watches: u32,
    }

    /// An area of vmalloc.
    pub struct VmallocArea: 12 {
        /// First byte.
        pub start: u32,
        /// Pages, without the guard.
        pub pages: u32,
        /// `VMALLOC_*`.
        pub kind: u32,
    }

    /// A kmap slot.
    pub struct KmapSlotStatistics: 20 {
        /// Its number.
        pub slot: u32,
        /// Where it is.
        pub address: u32,
        /// The frame.
        pub frame: u32,
        /// Who have it mapped; 0 for a slot that is only not flushed yet.
        pub users: u32,
        /// Id of the thread that mapped it last.
        pub holder: u32,
    }
}

/// Orders of free blocks.
pub const ORDERS: usize = 11;
/// Pages for some part of the kernel.
pub const VMALLOC_PAGES: u32 = 0;
/// A kernel stack.
pub const VMALLOC_STACK: u32 = 1;
/// Frames that are mapped elsewhere too.
pub const VMALLOC_MAPPED: u32 = 2;
