//! What the kernel tells of the machine and of processes, in the structures of
//! [`abi::statistics`]. By `int 0x81`.

use crate::ipc::Handle;
use crate::syscall::{failpoint, output, pointer_mut, statistics as calls};
use crate::{Errno, Result};
use abi::failpoint::FaultThread;
use abi::statistics::{
    AreaStatistics, AreaUsage, DescriptorStatistics, KmapSlotStatistics, MachineStatistics,
    MemoryStatistics, MountStatistics, ProcessDetails, TableRange, ThreadStatistics, VmallocArea,
};
use abi::{Plain, UserMutPtr};
use alloc::vec::Vec;

/// The right to ask of all processes.
#[derive(Debug, PartialEq, Eq)]
pub struct StatisticsRight(pub Handle);

impl StatisticsRight {
    /// For `init`.
    ///
    /// EPERM: this process is not `init`. (`statistics_create`)
    pub fn new() -> Result<Self> {
        // SAFETY: changes no memory.
        unsafe { calls::statistics_create() }.map(|raw| Self(Handle::from_raw(raw)))
    }

    /// For asking.
    pub fn asker(&self) -> Asker {
        Asker(self.0.raw())
    }
}

/// Asks the kernel.
///
/// ESRCH: no such process, or it has ended meanwhile. EPERM: it is another process, and there is no
/// right.
#[derive(Clone, Copy, Debug)]
pub struct Asker(u32);

fn array<T>(entries: &mut [T]) -> (UserMutPtr<T>, u32) {
    (UserMutPtr::new(pointer_mut(entries)), u32::try_from(size_of_val(entries)).unwrap_or(0))
}

/// As many entries as the kernel wrote.
fn count<T>(written: u32) -> usize {
    written as usize / size_of::<T>()
}

fn structure<T: Plain>(ask: impl FnOnce(UserMutPtr<T>, u32) -> Result<u32>) -> Result<T> {
    let mut value = T::ZERO;
    let place = output(&mut value);
    ask(place, size_of::<T>() as u32)?;
    Ok(value)
}

/// Bytes of a length that only the answer says.
fn text(ask: impl Fn(UserMutPtr<u8>, u32) -> Result<u32>) -> Result<Vec<u8>> {
    let mut bytes = Vec::new();
    let mut len = 128;
    loop {
        bytes.try_reserve_exact(len).map_err(|_| Errno::ENOMEM)?;
        bytes.resize(len, 0);
        let (to, size) = array(bytes.as_mut_slice());
        let found = ask(to, size)? as usize;
        if found <= len {
            bytes.truncate(found);
            return Ok(bytes);
        }
        len = found;
    }
}

impl Asker {
    /// About this process alone.
    pub const OF_SELF: Self = Self(0);

    /// The machine.
    pub fn machine(&self) -> Result<MachineStatistics> {
        // SAFETY: the structure is written, no more.
        structure(|to, size| unsafe { calls::machine_statistics(to, size) })
    }

    /// Its memory.
    pub fn memory(&self) -> Result<MemoryStatistics> {
        // SAFETY: as above.
        structure(|to, size| unsafe { calls::memory_statistics(to, size) })
    }

    /// A process.
    pub fn details(&self, pid: i32) -> Result<ProcessDetails> {
        // SAFETY: as above.
        structure(|to, size| unsafe { calls::process_details(self.0, pid, to, size) })
    }

    /// A thread, as far as injected faults go. ENOSYS: the kernel has no failpoints.
    pub fn faults(&self, tid: i32) -> Result<FaultThread> {
        // SAFETY: as above.
        structure(|to, size| unsafe { failpoint::fault_thread(self.0, tid, to, size) })
    }

    /// Changes what a thread is, `FAULT_THREAD_*`.
    pub fn set_faults(&self, tid: i32, what: u32, value: u32) -> Result<()> {
        // SAFETY: changes no memory.
        unsafe { failpoint::fault_set_thread(self.0, tid, what, value) }.map(drop)
    }

    /// Some threads above `after`; how many.
    pub fn threads(&self, pid: i32, after: i32, entries: &mut [ThreadStatistics]) -> Result<usize> {
        let (to, size) = array(entries);
        // SAFETY: the array is written, no more.
        unsafe { calls::threads(self.0, pid, after, to, size) }.map(count::<ThreadStatistics>)
    }

    /// Some areas that end above `address`; how many.
    pub fn areas(&self, pid: i32, address: u32, entries: &mut [AreaStatistics]) -> Result<usize> {
        let (to, size) = array(entries);
        // SAFETY: as above.
        unsafe { calls::areas(self.0, pid, address, to, size) }.map(count::<AreaStatistics>)
    }

    /// The pages of the area around `address`. ENOENT: there is none.
    pub fn area_usage(&self, pid: i32, address: u32) -> Result<AreaUsage> {
        // SAFETY: the structure is written, no more.
        structure(|to, size| unsafe { calls::area_usage(self.0, pid, address, to, size) })
    }

    /// Words of pages from number `first` on; how many.
    pub fn page_words(&self, pid: i32, first: u32, words: &mut [u64]) -> Result<usize> {
        let (to, size) = array(words);
        // SAFETY: the array is written, no more.
        unsafe { calls::page_words(self.0, pid, first, to, size) }.map(count::<u64>)
    }

    /// A process's memory at `address`, as far as it is there; how many bytes. EFAULT: none.
    pub fn memory_of(&self, pid: i32, address: u32, buffer: &mut [u8]) -> Result<usize> {
        let (to, size) = array(buffer);
        // SAFETY: as above.
        unsafe { calls::process_memory(self.0, pid, address, to, size) }.map(count::<u8>)
    }

    /// Some descriptors from `from` on; how many.
    pub fn descriptors(
        &self,
        pid: i32,
        from: u32,
        entries: &mut [DescriptorStatistics],
    ) -> Result<usize> {
        let (to, size) = array(entries);
        // SAFETY: as above.
        unsafe { calls::descriptors(self.0, pid, from, to, size) }
            .map(count::<DescriptorStatistics>)
    }

    /// Where something of a process is: `PATH_*`. ENOENT: there is none.
    pub fn path(&self, pid: i32, kind: u32, key: u32) -> Result<Vec<u8>> {
        // SAFETY: as above.
        text(|to, size| unsafe { calls::process_path(self.0, pid, kind, key, to, size) })
    }

    /// What the kernel was started with.
    pub fn command_line(&self) -> Result<Vec<u8>> {
        // SAFETY: as above.
        text(|to, size| unsafe { calls::command_line(to, size) })
    }

    /// Some ranges of a process's page tables, or for 0 of the kernel's; how many.
    pub fn table_ranges(
        &self,
        pid: i32,
        address: u32,
        entries: &mut [TableRange],
    ) -> Result<usize> {
        let (to, size) = array(entries);
        // SAFETY: as above.
        unsafe { calls::table_ranges(self.0, pid, address, to, size) }.map(count::<TableRange>)
    }

    /// Some areas of vmalloc; how many.
    pub fn vmalloc_areas(&self, address: u32, entries: &mut [VmallocArea]) -> Result<usize> {
        let (to, size) = array(entries);
        // SAFETY: as above.
        unsafe { calls::vmalloc_areas(self.0, address, to, size) }.map(count::<VmallocArea>)
    }

    /// Some mounts with numbers above `after`; how many.
    pub fn mounts(&self, after: i32, entries: &mut [MountStatistics]) -> Result<usize> {
        let (to, size) = array(entries);
        // SAFETY: as above.
        unsafe { calls::mounts(after, to, size) }.map(count::<MountStatistics>)
    }

    /// Some kmap slots; how many.
    pub fn kmap_slots(&self, first: u32, entries: &mut [KmapSlotStatistics]) -> Result<usize> {
        let (to, size) = array(entries);
        // SAFETY: as above.
        unsafe { calls::kmap_slots(self.0, first, to, size) }.map(count::<KmapSlotStatistics>)
    }
}
