//! The machine as a whole.

use super::entries::{Entries, write_structure};
use super::target;
use crate::file::{File, epoll, next_mount};
use crate::ipc::handle;
use crate::mm::layout::committed_pages;
use crate::mm::{kmap, loader, statistics, user};
use crate::process::{details, report, table};
use crate::result::{Errno, Result};
use crate::{cpu, irq, task, time};
use abi::UserMutPtr;
use abi::statistics::{
    KmapSlotStatistics, MachineStatistics, MemoryStatistics, MountStatistics, VmallocArea,
};

pub fn machine_statistics(to: UserMutPtr<MachineStatistics>, size: u32) -> Result<u32> {
    let (threads, minor_faults, major_faults) = report::sums();
    let [user_ticks, kernel_ticks, idle_ticks] = task::ticks_used();
    let (forks, last_id) = table::started();
    let statistics = MachineStatistics {
        monotonic: time::monotonic(),
        realtime: time::realtime(),
        user_ticks,
        kernel_ticks,
        idle_ticks,
        switches: cpu::switches(),
        forks,
        runnable: task::runnable(),
        threads,
        processes: table::count(),
        last_id,
        load: time::load_average().averages(),
        minor_faults,
        major_faults,
        interrupts: irq::counts(),
        descriptions: File::count(),
        handles: handle::count(),
        tsc_khz: time::tsc_khz(),
    };
    write_structure(to, &statistics, size)
}

pub fn memory_statistics(to: UserMutPtr<MemoryStatistics>, size: u32) -> Result<u32> {
    let mut memory = MemoryStatistics::default();
    statistics::fill_memory(&mut memory);
    memory.committed = committed_pages();
    memory.locked = details::locked_pages()?;
    memory.epoll_watches = epoll::max_user_watches();
    write_structure(to, &memory, size)
}

pub fn command_line(to: UserMutPtr<u8>, size: u32) -> Result<u32> {
    let text = loader::command_line_text();
    let part = text.get(..size as usize).unwrap_or(text);
    user::write_bytes(to, part)?;
    u32::try_from(text.len()).map_err(|_| Errno::EOVERFLOW)
}

pub fn vmalloc_areas(
    right: u32,
    address: u32,
    entries: UserMutPtr<VmallocArea>,
    size: u32,
) -> Result<u32> {
    target::check(right)?;
    let mut entries = Entries::new(entries, size);
    if entries.has_room() {
        statistics::vmalloc_areas(address, |area| {
            entries.push(area)?;
            Ok(entries.has_room())
        })?;
    }
    entries.finish()
}

pub fn mounts(after: i32, entries: UserMutPtr<MountStatistics>, size: u32) -> Result<u32> {
    // The kernel's own tree is number 0, and 1 for programs.
    let mut after = u32::try_from(after).unwrap_or(0).saturating_sub(1);
    let mut entries = Entries::new(entries, size);
    while entries.has_room()
        && let Some(mount) = next_mount(after)
    {
        after = mount.number();
        entries.push(&MountStatistics {
            number: after + 1,
            parent: mount.covered_place().mount + 1,
            device: mount.device().encode(),
            kind: mount.kind(),
        })?;
    }
    entries.finish()
}

pub fn kmap_slots(
    right: u32,
    first: u32,
    entries: UserMutPtr<KmapSlotStatistics>,
    size: u32,
) -> Result<u32> {
    target::check(right)?;
    let (mut entries, mut from) = (Entries::new(entries, size), first);
    while entries.has_room()
        && let Some((slot, address)) = kmap::next_slot(from)
    {
        entries.push(&KmapSlotStatistics {
            slot: slot.number,
            address,
            frame: slot.pfn.as_u32(),
            users: slot.users,
            holder: slot.holder,
        })?;
        from = slot.number + 1;
    }
    entries.finish()
}
