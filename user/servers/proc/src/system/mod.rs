//! The files of the machine.

mod allocators;
mod cpuinfo;
mod interrupts;
mod kmap;
mod load;
mod meminfo;
mod names;
mod stat;
mod sysctl;
#[cfg(test)]
mod tests;
mod vmstat;
mod zones;

pub use allocators::{slabinfo, vmallocinfo};
pub use cpuinfo::cpuinfo;
pub use interrupts::interrupts;
pub use kmap::kmap;
pub use load::{loadavg, uptime};
pub use meminfo::meminfo;
pub use names::{command_line, devices, filesystems, partitions, swaps, tty_drivers, version};
pub use stat::stat;
pub use sysctl::*;
pub use vmstat::vmstat;
pub use zones::{buddyinfo, zoneinfo};

use sys::abi::statistics::{MemoryStatistics, ZoneMemory};
use sys::abi::syscall::folio::{
    OWNER_CACHE, OWNER_HEAP, OWNER_PAGE_TABLES, OWNER_STACKS, OWNER_VMALLOC, ZONE_HIGHMEM,
};

/// Sums over all of memory, in pages.
struct Sums {
    total: u32,
    free: u32,
    high_total: u32,
    high_free: u32,
    /// Of files, shared memory included.
    cached: u32,
    shared: u32,
    private: u32,
    mapped: u32,
    heap: u32,
    stacks: u32,
    tables: u32,
    vmalloc: u32,
    /// Present ones of programs' locked areas.
    locked: u32,
    /// Kept for the kernel.
    reserve: u32,
}

impl Sums {
    fn of(memory: &MemoryStatistics) -> Self {
        let zones = memory.zones;
        let high = zones.get(ZONE_HIGHMEM).copied().unwrap_or_default();
        let owner = |owner: usize| memory.owners.get(owner).copied().unwrap_or(0);
        Self {
            total: zones.iter().map(|zone| zone.managed).sum(),
            free: zones.iter().map(|zone| zone.free).sum(),
            high_total: high.managed,
            high_free: high.free,
            cached: owner(OWNER_CACHE),
            shared: memory.shared_memory,
            private: memory.mapped_private,
            mapped: memory.mapped,
            heap: owner(OWNER_HEAP),
            stacks: owner(OWNER_STACKS),
            tables: owner(OWNER_PAGE_TABLES),
            vmalloc: owner(OWNER_VMALLOC) + owner(OWNER_STACKS),
            locked: memory.locked,
            reserve: zones.iter().map(reserve).sum(),
        }
    }

    /// What a program could have. No cached page can be given up yet, so they do not count.
    fn available(&self) -> u32 {
        self.free.saturating_sub(self.reserve)
    }
}

/// What a zone keeps for the kernel: up to its mark, and from requests that higher zones serve.
fn reserve(zone: &ZoneMemory) -> u32 {
    let reserves = zone.reserve;
    let most = reserves.into_iter().max().unwrap_or(0);
    zone.high.saturating_add(most).min(zone.managed)
}
