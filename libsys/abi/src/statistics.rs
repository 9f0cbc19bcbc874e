//! What the calls of [`for_each_statistics_call!`](crate::for_each_statistics_call) fill in.
//!
//! Pages are 4 KiB, ticks hundredths of a second. Counters begin at boot and wrap.

use crate::plain::structure;

/// Ticks in a second.
pub const TICKS_PER_SECOND: u32 = 100;
/// Fraction bits of [`MachineStatistics::load`].
pub const LOAD_BITS: u32 = 11;
/// Orders of free blocks.
pub const ORDERS: usize = 11;

structure! {
    /// The machine since boot.
    pub struct MachineStatistics: 144 {
        /// CLOCK_MONOTONIC, nanoseconds.
        pub monotonic: u64,
        /// CLOCK_REALTIME, nanoseconds.
        pub realtime: u64,
        /// Ticks that found programs running.
        pub user_ticks: u32,
        /// Ticks that found the kernel running for somebody.
        pub kernel_ticks: u32,
        /// Ticks that found nobody.
        pub idle_ticks: u32,
        /// Context switches.
        pub switches: u32,
        /// Processes and threads that were started.
        pub forks: u32,
        /// Threads that run or could.
        pub runnable: u32,
        /// Threads.
        pub threads: u32,
        /// Processes, zombies included.
        pub processes: u32,
        /// The id that was given out last.
        pub last_id: u32,
        /// Threads that could run, on average of 1, 5 and 15 minutes, with [`LOAD_BITS`] of
        /// fraction.
        pub load: [u32; 3],
        /// Page faults served without input.
        pub minor_faults: u32,
        /// Page faults that waited for input.
        pub major_faults: u32,
        /// Interrupts by line.
        pub interrupts: [u32; 16],
        /// Open-file descriptions.
        pub descriptions: u32,
        /// Handles of all processes.
        pub handles: u32,
    }

    /// One zone of memory.
    pub struct ZoneMemory: 88 {
        /// Its first frame.
        pub start: u32,
        /// Frames up to its end, holes included.
        pub spanned: u32,
        /// Pages the allocator manages.
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
    pub struct MemoryStatistics: 904 {
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
    }
}

structure! {
    /// What threads have used.
    pub struct UsedStatistics: 24 {
        /// Ticks in user mode.
        pub user_ticks: u32,
        /// Ticks in the kernel.
        pub kernel_ticks: u32,
        /// Page faults served without input.
        pub minor_faults: u32,
        /// Page faults that waited for input.
        pub major_faults: u32,
        /// Switches because it slept.
        pub voluntary_switches: u32,
        /// Switches because its time was up.
        pub forced_switches: u32,
    }

    /// A limit as `getrlimit` has it; all ones is none.
    pub struct LimitStatistics: 16 {
        /// The one that holds.
        pub current: u64,
        /// What that may be raised to.
        pub maximum: u64,
    }

    /// A process's address space.
    pub struct SpaceStatistics: 100 {
        /// Whether there is one: not after the process has ended.
        pub exists: u32,
        /// Pages mapped.
        pub total: u32,
        /// The most there have been.
        pub peak_total: u32,
        /// Pages locked.
        pub locked: u32,
        /// Pages of private writable areas.
        pub data: u32,
        /// Pages of stacks.
        pub stack: u32,
        /// Pages of executable areas that cannot be written.
        pub executable: u32,
        /// Present pages that are private.
        pub resident_private: u32,
        /// Present pages of files.
        pub resident_file: u32,
        /// Present pages of memory without a file: `/tmp`, shared memory.
        pub resident_shared: u32,
        /// The most present pages there have been.
        pub peak_resident: u32,
        /// Page tables below the top.
        pub page_tables: u32,
        /// Swapped pages.
        pub swapped: u32,
        /// Threads that use it.
        pub users: u32,
        /// First byte of the program's code.
        pub start_code: u32,
        /// Behind the program's code.
        pub end_code: u32,
        /// First byte of the program's data.
        pub start_data: u32,
        /// Behind the program's data.
        pub end_data: u32,
        /// Where the heap begins.
        pub start_heap: u32,
        /// Where the heap ends.
        pub end_heap: u32,
        /// The stack pointer the program began with.
        pub start_stack: u32,
        /// First byte of the arguments.
        pub start_arguments: u32,
        /// Behind the arguments.
        pub end_arguments: u32,
        /// First byte of the environment.
        pub start_environment: u32,
        /// Behind the environment.
        pub end_environment: u32,
    }

    /// A process.
    pub struct ProcessDetails: 672 {
        /// Process id.
        pub pid: i32,
        /// Of the parent.
        pub parent: i32,
        /// Process group.
        pub group: i32,
        /// Session.
        pub session: i32,
        /// The terminal's device number, 0 for none.
        pub terminal: u32,
        /// The terminal's process group in the foreground, -1 for none.
        pub terminal_group: i32,
        /// Letter of the state: R runs, S sleeps, D sleeps deeply, T is stopped, Z has ended.
        pub state: u32,
        /// Threads.
        pub threads: u32,
        /// Nice value.
        pub nice: i32,
        /// What the parent gets when it ends.
        pub exit_signal: i32,
        /// As `wait` reports it, of a zombie.
        pub exit_status: i32,
        /// When it was started, in ticks since boot.
        pub started: u32,
        /// What its threads have used.
        pub used: UsedStatistics,
        /// What the children have used that it waited for.
        pub children: UsedStatistics,
        /// Real, effective, saved and filesystem's user id.
        pub users: [u32; 4],
        /// The same of groups.
        pub groups: [u32; 4],
        /// How many supplementary groups.
        pub supplementary_count: u32,
        /// The first of them.
        pub supplementary: [u32; 32],
        /// File-creation mask.
        pub umask: u32,
        /// Places for descriptors.
        pub descriptor_places: u32,
        /// Signals pending for the process.
        pub pending: u64,
        /// Ignored signals.
        pub ignored: u64,
        /// Signals with a handler.
        pub caught: u64,
        /// Limits, indexed by `RLIMIT_*`.
        pub limits: [LimitStatistics; 16],
        /// Its memory.
        pub space: SpaceStatistics,
        /// Name, padded with zeros.
        pub name: [u8; 16],
        /// Its level among services.
        pub level: u32,
        /// Personality.
        pub personality: u32,
    }

    /// A thread.
    pub struct ThreadStatistics: 96 {
        /// Thread id.
        pub tid: i32,
        /// Letter of the state: R runs, S sleeps, D sleeps deeply, T is stopped.
        pub state: u32,
        /// What it has used.
        pub used: UsedStatistics,
        /// When it was started, in ticks since boot.
        pub started: u32,
        /// Signals pending for the thread.
        pub pending: u64,
        /// Blocked signals.
        pub blocked: u64,
        /// While it sleeps: the vector it entered the kernel by. 0 for none, or if it has not been
        /// in user mode.
        pub entry: u32,
        /// While it sleeps: EAX then, the number of a call.
        pub call: u32,
        /// EIP then.
        pub instruction: u32,
        /// ESP then.
        pub stack: u32,
        /// Nice value.
        pub nice: i32,
        /// The CPU it ran on last.
        pub processor: u32,
        /// SCHED_*.
        pub policy: u32,
        /// Its own name, padded with zeros.
        pub name: [u8; 16],
    }
}

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

    /// A descriptor.
    pub struct DescriptorStatistics: 32 {
        /// Its number.
        pub number: u32,
        /// As `open` got them and F_GETFL shows them, and O_CLOEXEC.
        pub flags: u32,
        /// Where the next read or write begins.
        pub position: u64,
        /// Inode number.
        pub inode: u64,
        /// The mount it is on.
        pub mount: u32,
        /// Type and permission bits.
        pub mode: u32,
    }

    /// Neighbouring pages with the same rights.
    pub struct TableRange: 16 {
        /// First byte.
        pub start: u32,
        /// Pages.
        pub pages: u32,
        /// `TABLE_*`.
        pub flags: u32,
        /// Frame of the first page, or what the entry says of a swapped one.
        pub frame: u32,
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

    /// What a server has mounted. The kernel's own tree is mount 1, and not listed.
    pub struct MountStatistics: 28 {
        /// Its number, as descriptors have it.
        pub number: u32,
        /// That of the mount it is in.
        pub parent: u32,
        /// Its device, as `stat` has it.
        pub device: u32,
        /// Type of its file system, padded with zeros.
        pub kind: [u8; 16],
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

/// The program's file.
pub const PATH_EXECUTABLE: u32 = 0;
/// The working directory.
pub const PATH_WORKING: u32 = 1;
/// The root directory.
pub const PATH_ROOT: u32 = 2;
/// What a descriptor leads to; the key is its number.
pub const PATH_DESCRIPTOR: u32 = 3;
/// The file of the area around an address, which is the key.
pub const PATH_AREA: u32 = 4;
/// The directory that a mount is on, which the process may reach; the key is the mount's number.
pub const PATH_MOUNT: u32 = 5;

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

/// Pages for some part of the kernel.
pub const VMALLOC_PAGES: u32 = 0;
/// A kernel stack.
pub const VMALLOC_STACK: u32 = 1;
/// Frames that are mapped elsewhere too.
pub const VMALLOC_MAPPED: u32 = 2;

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
