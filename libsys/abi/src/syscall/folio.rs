//! Folio's own table, entered by `int 0x81`. Rows as in [`super::linux`].

use crate::plain::structure;

/// The types the rows use.
pub mod kinds {
    pub use super::{Disclosed, ProcessStatistics, Statistics};
    pub use crate::argument::{Argument, Registers};
    pub use crate::{UserMutPtr, UserPtr, UserStr};
}

/// Hands the rows of all calls to `callback!`, ordered by number.
#[macro_export]
macro_rules! for_each_folio_call {
    ($callback:ident) => {
        $callback! {
            /// Ends the machine in good order; `exit` tells the host how the program ended that it
            /// was booted for, as [`Exit::to_raw`](crate::frame::Exit::to_raw) has it.
            ///
            /// EPERM unless the caller is process 1. EINVAL: no such end.
            0 end_machine(exit: u32);
            /// Fills in what memory holds at this moment; returns the bytes written, at most `size`.
            ///
            /// EFAULT: `statistics` cannot be written.
            1 statistics(statistics: UserMutPtr<Statistics>, size: u32);
            /// Tests only: reaps what has ended, empties caches of free objects and stacks.
            ///
            /// Afterwards two equal states of all processes show equal [`Statistics`].
            ///
            /// EPERM: this process is not root's.
            2 drain();
            /// Fills in an array of the processes whose ids are above `after`, by id, zombies
            /// included; returns the bytes written: whole entries, at most `size`.
            ///
            /// EFAULT: `entries` cannot be written.
            3 processes(after: i32, entries: UserMutPtr<ProcessStatistics>, size: u32);
            /// Tests only: loses one thing of a kind, `LEAK_*`, for ever.
            ///
            /// EINVAL: no such kind. ENODEV: without high memory kmap needs no slots. ENOSYS: the
            /// kernel was built without assertions.
            4 leak(kind: u32);
            /// Tests only: what the kernel has in memory that it has not written to is this byte: the
            /// unused part of the calling thread's kernel stack, and objects that the heap gives out
            /// from now on.
            ///
            /// EINVAL: no byte. ENOSYS: the kernel was built without assertions.
            5 poison(byte: u32);
            /// Tests only: an answer that tells what the kernel has not written, a structure on its
            /// stack that it has only made room for.
            ///
            /// EFAULT: `to` cannot be written. ENOSYS: the kernel was built without assertions.
            6 disclose(to: UserMutPtr<Disclosed>);
        }
    };
}

structure! {
    /// Pages of one zone.
    pub struct ZoneStatistics: 24 {
        /// Pages the allocator manages.
        pub managed: u32,
        /// Free ones.
        pub free: u32,
        /// Free pages below which only the reclaimer may allocate.
        pub min: u32,
        /// Free pages below which reclaim starts.
        pub low: u32,
        /// Free pages at which reclaim ends.
        pub high: u32,
        /// Lowest number of free pages so far.
        pub least_free: u32,
    }

    /// Objects of one size or kind in the kernel's heap.
    pub struct CacheStatistics: 28 {
        /// Name, padded with zeros.
        pub name: [u8; 16],
        /// Bytes in an object.
        pub size: u32,
        /// Objects in use.
        pub objects: u32,
        /// Pages the cache holds.
        pub pages: u32,
    }

    /// What memory holds. Pages are 4 KiB.
    pub struct Statistics: 1076 {
        /// [`ZONE_DMA`], [`ZONE_NORMAL`], [`ZONE_HIGHMEM`].
        pub zones: [ZoneStatistics; 3],
        /// Pages by owner, indexed by `OWNER_*`.
        pub owners: [u32; 16],
        /// Caches of the heap; unused rows have size 0.
        pub caches: [CacheStatistics; 32],
        /// Processes, zombies included.
        pub processes: u32,
        /// Threads.
        pub threads: u32,
        /// Open-file descriptions.
        pub descriptions: u32,
        /// Handles of all processes.
        pub handles: u32,
        /// kmap slots in use.
        pub kmap: u32,
        /// Pages of vmalloc.
        pub vmalloc: u32,
        /// Page faults served without input.
        pub minor_faults: u32,
        /// Page faults that waited for input.
        pub major_faults: u32,
        /// Context switches.
        pub switches: u32,
        /// Sleeping locks that the kernel's threads hold, each reader of one counted; 0 if the kernel was
        /// built without assertions.
        pub kernel_locks: u32,
        /// Locks on files, by `fcntl` and `flock`.
        pub file_locks: u32,
    }
}

structure! {
    /// One process.
    pub struct ProcessStatistics: 68 {
        /// Process id.
        pub pid: i32,
        /// Of the parent.
        pub parent: i32,
        /// Process group.
        pub group: i32,
        /// Session.
        pub session: i32,
        /// Letter of the state: R runs, S sleeps, D sleeps deeply, T is stopped, Z has ended.
        pub state: u32,
        /// Threads.
        pub threads: u32,
        /// Nice value.
        pub nice: i32,
        /// Processor time in user mode, clock ticks of a hundredth of a second.
        pub user_ticks: u32,
        /// Processor time in the kernel, clock ticks.
        pub kernel_ticks: u32,
        /// Pages mapped.
        pub pages: u32,
        /// Pages present.
        pub resident: u32,
        /// Page faults served without input.
        pub minor_faults: u32,
        /// Page faults that waited for input.
        pub major_faults: u32,
        /// Name, padded with zeros.
        pub name: [u8; 16],
    }
}

/// What `disclose` writes.
pub type Disclosed = [u8; 1024];

/// A page frame.
pub const LEAK_FRAME: u32 = 0;
/// An object of the heap.
pub const LEAK_OBJECT: u32 = 1;
/// A handle.
pub const LEAK_HANDLE: u32 = 2;
/// A kmap slot.
pub const LEAK_KMAP: u32 = 3;
/// An open-file description.
pub const LEAK_DESCRIPTION: u32 = 4;
/// An object of the heap that is too large for a slab.
pub const LEAK_BLOCK: u32 = 5;
/// A sleeping lock of the kernel, which is never released; EBUSY if it is lost already.
pub const LEAK_KERNEL_LOCK: u32 = 6;
/// How many kinds there are.
pub const LEAK_KINDS: u32 = 7;

/// Zone below 16 MiB.
pub const ZONE_DMA: usize = 0;
/// Zone of the direct map.
pub const ZONE_NORMAL: usize = 1;
/// Zone above the direct map.
pub const ZONE_HIGHMEM: usize = 2;

/// Kernel image, boot data, `mem_map`.
pub const OWNER_KERNEL: usize = 0;
/// Page tables.
pub const OWNER_PAGE_TABLES: usize = 1;
/// Heap.
pub const OWNER_HEAP: usize = 2;
/// Kernel stacks.
pub const OWNER_STACKS: usize = 3;
/// vmalloc, stacks excepted.
pub const OWNER_VMALLOC: usize = 4;
/// Anonymous memory of processes.
pub const OWNER_ANONYMOUS: usize = 5;
/// Pages of files.
pub const OWNER_CACHE: usize = 6;
/// The boot archive.
pub const OWNER_ARCHIVE: usize = 7;
/// Pipes and sockets.
pub const OWNER_PIPES: usize = 8;
/// Frames lent by handles and streams.
pub const OWNER_FRAMES: usize = 9;
/// Names of the owners, for people.
pub const OWNER_NAMES: [&str; 10] = [
    "kernel",
    "page tables",
    "heap",
    "stacks",
    "vmalloc",
    "anonymous",
    "files",
    "archive",
    "pipes",
    "frames",
];
