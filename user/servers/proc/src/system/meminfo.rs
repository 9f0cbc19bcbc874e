//! `meminfo`: what memory is used for.

use super::Sums;
use crate::Kernel;
use crate::text::{Text, add};
use sys::Result;

const PAGE_KIB: u64 = 4;
/// Percent of memory that may be promised, where promises are limited.
pub const OVERCOMMIT_RATIO: u32 = 50;

/// Writes the table.
pub fn meminfo(kernel: &dyn Kernel, text: &mut Text) -> Result<()> {
    let memory = kernel.memory()?;
    let sums = Sums::of(&memory);
    let files = sums.cached.saturating_sub(sums.shared);
    let private = sums.private + sums.shared;
    for (label, pages) in [
        ("MemTotal:", sums.total),
        ("MemFree:", sums.free),
        ("MemAvailable:", sums.available()),
        ("Buffers:", 0),
        ("Cached:", sums.cached),
        ("SwapCached:", 0),
        ("Active:", private + files),
        ("Inactive:", 0),
        ("Active(anon):", private),
        ("Inactive(anon):", 0),
        ("Active(file):", files),
        ("Inactive(file):", 0),
        ("Unevictable:", sums.locked),
        ("Mlocked:", sums.locked),
        ("HighTotal:", sums.high_total),
        ("HighFree:", sums.high_free),
        ("LowTotal:", sums.total - sums.high_total),
        ("LowFree:", sums.free.saturating_sub(sums.high_free)),
        ("SwapTotal:", 0),
        ("SwapFree:", 0),
        ("Dirty:", 0),
        ("Writeback:", 0),
        ("AnonPages:", sums.private),
        ("Mapped:", sums.mapped),
        ("Shmem:", sums.shared),
        ("KReclaimable:", 0),
        ("Slab:", sums.heap),
        ("SReclaimable:", 0),
        ("SUnreclaim:", sums.heap),
        ("KernelStack:", sums.stacks),
        ("PageTables:", sums.tables),
        ("SecPageTables:", 0),
        ("NFS_Unstable:", 0),
        ("Bounce:", 0),
        ("WritebackTmp:", 0),
        ("CommitLimit:", sums.total / 100 * OVERCOMMIT_RATIO),
        ("Committed_AS:", memory.committed),
        ("VmallocTotal:", memory.vmalloc_total),
        ("VmallocUsed:", sums.vmalloc),
        ("VmallocChunk:", 0),
        ("Percpu:", 0),
    ] {
        add!(text, "{label:<16}{:8} kB\n", u64::from(pages) * PAGE_KIB);
    }
    Ok(())
}
