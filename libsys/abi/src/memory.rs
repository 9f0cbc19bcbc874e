//! Constants of the memory calls.

/// Bytes in a page.
pub const PAGE_SIZE: u32 = 4096;

/// No access.
pub const PROT_NONE: u32 = 0;
/// Reading.
pub const PROT_READ: u32 = 1;
/// Writing.
pub const PROT_WRITE: u32 = 2;
/// Execution.
pub const PROT_EXEC: u32 = 4;
/// Accepted and without effect.
pub const PROT_SEM: u32 = 8;
/// `mprotect`: down to the start of a region that grows down.
pub const PROT_GROWSDOWN: u32 = 0x0100_0000;
/// `mprotect`: up to the end of a region that grows up.
pub const PROT_GROWSUP: u32 = 0x0200_0000;

/// Stores reach the object and other mappings of it.
pub const MAP_SHARED: u32 = 0x01;
/// Stores stay private.
pub const MAP_PRIVATE: u32 = 0x02;
/// As `MAP_SHARED`, refusing unknown flags.
pub const MAP_SHARED_VALIDATE: u32 = 0x03;
/// The bits that hold one of the three.
pub const MAP_TYPE: u32 = 0x0f;
/// At exactly that address, replacing what is there.
pub const MAP_FIXED: u32 = 0x10;
/// Memory, no file.
pub const MAP_ANONYMOUS: u32 = 0x20;
/// Grows down when touched below.
pub const MAP_GROWSDOWN: u32 = 0x100;
/// Ignored.
pub const MAP_DENYWRITE: u32 = 0x800;
/// Ignored.
pub const MAP_EXECUTABLE: u32 = 0x1000;
/// Kept in memory.
pub const MAP_LOCKED: u32 = 0x2000;
/// No reservation of memory or swap.
pub const MAP_NORESERVE: u32 = 0x4000;
/// Filled before the call returns.
pub const MAP_POPULATE: u32 = 0x8000;
/// With `MAP_POPULATE`: fills nothing.
pub const MAP_NONBLOCK: u32 = 0x1_0000;
/// For a stack.
pub const MAP_STACK: u32 = 0x2_0000;
/// Huge pages.
pub const MAP_HUGETLB: u32 = 0x4_0000;
/// Synchronous page faults.
pub const MAP_SYNC: u32 = 0x8_0000;
/// At exactly that address, refusing to replace.
pub const MAP_FIXED_NOREPLACE: u32 = 0x10_0000;

/// `mremap` may move.
pub const MREMAP_MAYMOVE: u32 = 1;
/// `mremap` moves to the address given.
pub const MREMAP_FIXED: u32 = 2;
/// `mremap` leaves the old range mapped and empty.
pub const MREMAP_DONTUNMAP: u32 = 4;

/// Starts writing.
pub const MS_ASYNC: u32 = 1;
/// Asks that other mappings see the data.
pub const MS_INVALIDATE: u32 = 2;
/// Writes and waits.
pub const MS_SYNC: u32 = 4;

/// No advice.
pub const MADV_NORMAL: i32 = 0;
/// Random access.
pub const MADV_RANDOM: i32 = 1;
/// Sequential access.
pub const MADV_SEQUENTIAL: i32 = 2;
/// Will be needed.
pub const MADV_WILLNEED: i32 = 3;
/// Drops the pages now.
pub const MADV_DONTNEED: i32 = 4;
/// Pages may be dropped until written again.
pub const MADV_FREE: i32 = 8;
/// Drops the pages from the object.
pub const MADV_REMOVE: i32 = 9;
/// Not inherited by `fork`.
pub const MADV_DONTFORK: i32 = 10;
/// Undoes `MADV_DONTFORK`.
pub const MADV_DOFORK: i32 = 11;
/// Equal pages may be merged.
pub const MADV_MERGEABLE: i32 = 12;
/// Undoes `MADV_MERGEABLE`.
pub const MADV_UNMERGEABLE: i32 = 13;
/// Huge pages wanted.
pub const MADV_HUGEPAGE: i32 = 14;
/// Huge pages not wanted.
pub const MADV_NOHUGEPAGE: i32 = 15;
/// Not in core dumps.
pub const MADV_DONTDUMP: i32 = 16;
/// Undoes `MADV_DONTDUMP`.
pub const MADV_DODUMP: i32 = 17;
/// Zero in the child of `fork`.
pub const MADV_WIPEONFORK: i32 = 18;
/// Undoes `MADV_WIPEONFORK`.
pub const MADV_KEEPONFORK: i32 = 19;
/// Not needed soon.
pub const MADV_COLD: i32 = 20;
/// Reclaims the pages now.
pub const MADV_PAGEOUT: i32 = 21;
/// Brings pages in for reading.
pub const MADV_POPULATE_READ: i32 = 22;
/// Brings pages in for writing.
pub const MADV_POPULATE_WRITE: i32 = 23;
/// Pretends a memory error.
pub const MADV_HWPOISON: i32 = 100;

/// `mlockall`: what is mapped.
pub const MCL_CURRENT: u32 = 1;
/// `mlockall`: what will be mapped.
pub const MCL_FUTURE: u32 = 2;
/// `mlockall`: pages as they come in.
pub const MCL_ONFAULT: u32 = 4;
/// `mlock2`: pages as they come in.
pub const MLOCK_ONFAULT: u32 = 1;

/// `memfd_create`: closed by `execve`.
pub const MFD_CLOEXEC: u32 = 1;
/// `memfd_create`: seals may be added.
pub const MFD_ALLOW_SEALING: u32 = 2;
/// `memfd_create`: of huge pages.
pub const MFD_HUGETLB: u32 = 4;
