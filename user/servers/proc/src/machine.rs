//! The kernel, by system calls.

use crate::{Kernel, Proc, Processor};
use alloc::vec::Vec;
use core::arch::x86::__cpuid;
use core::convert::Infallible;
use sys::abi::Plain;
use sys::abi::failpoint::FaultThread;
use sys::abi::process::Utsname;
use sys::abi::statistics::*;
use sys::abi::syscall::folio::ProcessStatistics;
use sys::node::Files;
use sys::statistics::Asker;
use sys::syscall::{folio, linux, output};
use sys::{Errno, Result, eprintln, process, service};

/// Serves until that fails.
pub fn run() -> i32 {
    let Err(why) = serve();
    eprintln!("procfs: {why}");
    1
}

fn serve() -> Result<Infallible> {
    let service = service::check_in()?;
    let right = service.statistics()?;
    let asker = right.asker();
    let has_failpoints = asker.faults(process::id()) != Err(Errno::ENOSYS);
    service.serve(0, &[], &mut Files(Proc::new(Calls { asker, has_failpoints })))
}

struct Calls {
    asker: Asker,
    has_failpoints: bool,
}

impl Kernel for Calls {
    fn machine(&self) -> Result<MachineStatistics> {
        self.asker.machine()
    }

    fn memory(&self) -> Result<MemoryStatistics> {
        self.asker.memory()
    }

    fn processor(&self) -> Processor {
        let leaf = __cpuid;
        let first = leaf(0);
        let features = leaf(1);
        let highest = leaf(0x8000_0000).eax;
        let extended = if highest > 0x8000_0000 { leaf(0x8000_0001).edx } else { 0 };
        let addresses = if highest >= 0x8000_0008 { leaf(0x8000_0008).eax } else { 0 };
        let [_, flush, ..] = features.ebx.to_le_bytes();
        let mut vendor = [0; 12];
        for (place, word) in vendor.chunks_mut(4).zip([first.ebx, first.edx, first.ecx]) {
            place.copy_from_slice(&word.to_le_bytes());
        }
        let mut brand = [0; 48];
        if highest >= 0x8000_0004 {
            for (place, number) in brand.chunks_mut(16).zip(0x8000_0002u32..) {
                let words = leaf(number);
                let words = [words.eax, words.ebx, words.ecx, words.edx];
                for (place, word) in place.chunks_mut(4).zip(words) {
                    place.copy_from_slice(&word.to_le_bytes());
                }
            }
        }
        let (level, signature) = (first.eax, features.eax);
        Processor {
            vendor,
            level,
            signature,
            features: [features.edx, features.ecx],
            flush,
            addresses,
            extended,
            brand,
        }
    }

    fn command_line(&self) -> Result<Vec<u8>> {
        self.asker.command_line()
    }

    fn names(&self) -> Result<Utsname> {
        let mut names = Utsname::default();
        // SAFETY: `names` is ours.
        unsafe { linux::uname(output(&mut names)) }?;
        Ok(names)
    }

    fn next_process(&self, after: i32) -> Result<Option<i32>> {
        let mut entry = ProcessStatistics::ZERO;
        let size = size_of::<ProcessStatistics>() as u32;
        // SAFETY: the structure is ours and that large.
        let written = unsafe { folio::processes(after, output(&mut entry), size) }?;
        Ok((written != 0).then_some(entry.pid))
    }

    fn details(&self, pid: i32) -> Result<ProcessDetails> {
        self.asker.details(pid)
    }

    fn next_thread(&self, pid: i32, after: i32) -> Result<Option<ThreadStatistics>> {
        let mut entry = [ThreadStatistics::ZERO];
        let count = self.asker.threads(pid, after, &mut entry)?;
        let [entry] = entry;
        Ok((count != 0).then_some(entry))
    }

    fn areas(&self, pid: i32, address: u32, entries: &mut [AreaStatistics]) -> Result<usize> {
        self.asker.areas(pid, address, entries)
    }

    fn area_usage(&self, pid: i32, address: u32) -> Result<AreaUsage> {
        self.asker.area_usage(pid, address)
    }

    fn page_words(&self, pid: i32, first: u32, words: &mut [u64]) -> Result<usize> {
        self.asker.page_words(pid, first, words)
    }

    fn memory_of(&self, pid: i32, address: u32, buffer: &mut [u8]) -> Result<usize> {
        self.asker.memory_of(pid, address, buffer)
    }

    fn descriptors(
        &self,
        pid: i32,
        from: u32,
        entries: &mut [DescriptorStatistics],
    ) -> Result<usize> {
        self.asker.descriptors(pid, from, entries)
    }

    fn path(&self, pid: i32, kind: u32, key: u32) -> Result<Vec<u8>> {
        self.asker.path(pid, kind, key)
    }

    fn table_ranges(&self, pid: i32, address: u32, entries: &mut [TableRange]) -> Result<usize> {
        self.asker.table_ranges(pid, address, entries)
    }

    fn vmalloc_areas(&self, address: u32, entries: &mut [VmallocArea]) -> Result<usize> {
        self.asker.vmalloc_areas(address, entries)
    }

    fn next_mount(&self, after: i32) -> Result<Option<MountStatistics>> {
        let mut entry = [MountStatistics::ZERO];
        let count = self.asker.mounts(after, &mut entry)?;
        let [entry] = entry;
        Ok((count != 0).then_some(entry))
    }

    fn has_failpoints(&self) -> bool {
        self.has_failpoints
    }

    fn faults(&self, tid: i32) -> Result<FaultThread> {
        self.asker.faults(tid)
    }

    fn set_faults(&self, tid: i32, what: u32, value: u32) -> Result<()> {
        self.asker.set_faults(tid, what, value)
    }

    fn kmap_slots(&self, first: u32, entries: &mut [KmapSlotStatistics]) -> Result<usize> {
        self.asker.kmap_slots(first, entries)
    }
}
