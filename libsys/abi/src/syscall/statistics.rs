//! What the kernel tells of the machine and of processes: part of Folio's own table, entered by
//! `int 0x81`. The structures are described in [`crate::statistics`].
//!
//! Whoever asks has a `right`: a handle that `init` made and handed on, with which he may ask of
//! anybody; with 0 he may ask of his own process alone. What fits `size` is written: the first
//! bytes of one structure, or as many whole entries; the calls return how many bytes that is. Lists
//! are read by asking again from behind the last entry; each call shows a moment, and two calls two.
//!
//! EFAULT: memory that cannot be written. EBADF, EPERM: `right` is none. ESRCH: no such process, or
//! it ended meanwhile. Rows as in [`super::linux`], but register values that mean nothing are
//! refused: EINVAL.

/// The types the rows use.
pub mod kinds {
    pub use crate::UserMutPtr;
    pub use crate::argument::Registers;
    pub use crate::checked_argument::CheckedArgument;
    pub use crate::statistics::{
        AreaStatistics, AreaUsage, DescriptorStatistics, KmapSlotStatistics, MachineStatistics,
        MemoryStatistics, MountStatistics, ProcessDetails, TableRange, ThreadStatistics,
        VmallocArea,
    };
}

/// Hands the rows of the calls about statistics to `callback!`, ordered by number.
#[macro_export]
macro_rules! for_each_statistics_call {
    ($callback:ident) => {
        $callback! {
            /// A handle for asking of anybody, for `init` to hand on.
            ///
            /// EPERM: the caller is not `init`.
            80 statistics_create();
            /// Times, counters and load of the machine. Anybody may ask.
            81 machine_statistics(to: UserMutPtr<MachineStatistics>, size: u32);
            /// What memory holds, zone by zone. Anybody may ask. Looks at every frame.
            82 memory_statistics(to: UserMutPtr<MemoryStatistics>, size: u32);
            /// A process as a whole. `pid` may be that of a thread.
            83 process_details(right: u32, pid: i32, to: UserMutPtr<ProcessDetails>, size: u32);
            /// The threads of a process whose ids are above `after`, by id. A process that has ended
            /// has none.
            84 threads(right: u32, pid: i32, after: i32, entries: UserMutPtr<ThreadStatistics>, size: u32);
            /// The areas of a process that end above `address`, by address.
            85 areas(right: u32, pid: i32, address: u32, entries: UserMutPtr<AreaStatistics>, size: u32);
            /// What the pages of the area around `address` are.
            ///
            /// ENOENT: there is no area.
            86 area_usage(right: u32, pid: i32, address: u32, to: UserMutPtr<AreaUsage>, size: u32);
            /// One word for each page from the one numbered `first` on, to the end of user space, in
            /// the form of Linux's `pagemap`. Frames are 0 but for root and with the right.
            87 page_words(right: u32, pid: i32, first: u32, words: UserMutPtr<u64>, size: u32);
            /// Copies from a process's memory, as far as it is there.
            ///
            /// EFAULT also if nothing is there.
            88 process_memory(right: u32, pid: i32, address: u32, buffer: UserMutPtr<u8>, length: u32);
            /// The descriptors of a process from `from` on, by number.
            89 descriptors(right: u32, pid: i32, from: u32, entries: UserMutPtr<DescriptorStatistics>, size: u32);
            /// Where something of a process is, `PATH_*`; `key` says which one. Returns the length,
            /// which may be above `size`.
            ///
            /// EINVAL: no such kind. ENOENT: there is none.
            90 process_path(right: u32, pid: i32, kind: u32, key: u32, path: UserMutPtr<u8>, size: u32);
            /// The runs of pages in the page tables of a process, or for 0 of the kernel, that
            /// end above `address`, by address.
            91 table_ranges(right: u32, pid: i32, address: u32, entries: UserMutPtr<TableRange>, size: u32);
            /// The areas of vmalloc that end above `address`, by address.
            92 vmalloc_areas(right: u32, address: u32, entries: UserMutPtr<VmallocArea>, size: u32);
            /// The kmap slots from `first` on that have a frame.
            93 kmap_slots(right: u32, first: u32, entries: UserMutPtr<KmapSlotStatistics>, size: u32);
            /// The mounts whose numbers are above `after`, by number. Anybody may ask.
            94 mounts(after: i32, entries: UserMutPtr<MountStatistics>, size: u32);
            /// What the kernel was started with, as the loader gave it. Returns the length, which may
            /// be above `size`. Anybody may ask.
            95 command_line(to: UserMutPtr<u8>, size: u32);
        }
    };
}
