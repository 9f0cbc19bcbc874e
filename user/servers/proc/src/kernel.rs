//! What the kernel tells. The structures are those of `abi::statistics`.

use alloc::vec::Vec;
use sys::Result;
use sys::abi::failpoint::FaultThread;
use sys::abi::process::Utsname;
use sys::abi::statistics::*;

/// The kernel. ESRCH: no such process, or it ended meanwhile.
pub trait Kernel {
    /// The machine.
    fn machine(&self) -> Result<MachineStatistics>;
    /// Its memory.
    fn memory(&self) -> Result<MemoryStatistics>;
    /// Its processor.
    fn processor(&self) -> Processor;
    /// What it was started with.
    fn command_line(&self) -> Result<Vec<u8>>;
    /// What it is called.
    fn names(&self) -> Result<Utsname>;
    /// The process with the lowest id above `after`.
    fn next_process(&self, after: i32) -> Result<Option<i32>>;
    /// A process.
    fn details(&self, pid: i32) -> Result<ProcessDetails>;
    /// The thread of a process with the lowest id above `after`.
    fn next_thread(&self, pid: i32, after: i32) -> Result<Option<ThreadStatistics>>;
    /// Some areas that end above `address`; how many.
    fn areas(&self, pid: i32, address: u32, entries: &mut [AreaStatistics]) -> Result<usize>;
    /// The pages of the area around `address`.
    fn area_usage(&self, pid: i32, address: u32) -> Result<AreaUsage>;
    /// Words of pages from number `first` on; how many.
    fn page_words(&self, pid: i32, first: u32, words: &mut [u64]) -> Result<usize>;
    /// A process's memory at `address`, as far as it is there; how many bytes.
    fn memory_of(&self, pid: i32, address: u32, buffer: &mut [u8]) -> Result<usize>;
    /// Some descriptors from `from` on; how many.
    fn descriptors(
        &self,
        pid: i32,
        from: u32,
        entries: &mut [DescriptorStatistics],
    ) -> Result<usize>;
    /// Where something of a process is: `PATH_*`.
    fn path(&self, pid: i32, kind: u32, key: u32) -> Result<Vec<u8>>;
    /// Some ranges of the page tables of a process, or for 0 of the kernel; how many.
    fn table_ranges(&self, pid: i32, address: u32, entries: &mut [TableRange]) -> Result<usize>;
    /// Some areas of vmalloc; how many.
    fn vmalloc_areas(&self, address: u32, entries: &mut [VmallocArea]) -> Result<usize>;
    /// The mount with the lowest number above `after`.
    fn next_mount(&self, after: i32) -> Result<Option<MountStatistics>>;
    /// Whether it fails on purpose.
    fn has_failpoints(&self) -> bool;
    /// A thread, as far as that goes.
    fn faults(&self, tid: i32) -> Result<FaultThread>;
    /// Changes what a thread is, `FAULT_THREAD_*`.
    fn set_faults(&self, tid: i32, what: u32, value: u32) -> Result<()>;
    /// Some kmap slots; how many.
    fn kmap_slots(&self, first: u32, entries: &mut [KmapSlotStatistics]) -> Result<usize>;
}

/// A processor as CPUID describes it.
#[derive(Clone, Debug)]
pub struct Processor {
    /// Leaf 0: who made it.
    pub vendor: [u8; 12],
    /// Leaf 0: the highest leaf.
    pub level: u32,
    /// Leaf 1, EAX.
    pub signature: u32,
    /// Leaf 1, EDX and ECX.
    pub features: [u32; 2],
    /// Leaf 1, EBX, bits 8 to 15: bytes that CLFLUSH flushes, in eights.
    pub flush: u8,
    /// Leaf 0x80000008, EAX: bits of physical addresses, and from bit 8 on of virtual ones; 0 if the
    /// CPU does not say.
    pub addresses: u32,
    /// Leaf 0x80000001, EDX.
    pub extended: u32,
    /// Leaves 0x80000002 to 0x80000004: its name, padded with zeros.
    pub brand: [u8; 48],
}
