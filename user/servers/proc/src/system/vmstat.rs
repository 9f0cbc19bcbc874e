//! `vmstat`: counters of the virtual memory.

use super::Sums;
use crate::Kernel;
use crate::text::{Text, add};
use sys::Result;

const PAGE_KIB: u32 = 4;

/// Writes name and number, a line each.
pub fn vmstat(kernel: &dyn Kernel, text: &mut Text) -> Result<()> {
    let (memory, machine) = (kernel.memory()?, kernel.machine()?);
    let sums = Sums::of(&memory);
    let files = sums.cached.saturating_sub(sums.shared);
    for (name, value) in [
        ("nr_free_pages", sums.free),
        ("nr_inactive_anon", 0),
        ("nr_active_anon", sums.private + sums.shared),
        ("nr_inactive_file", 0),
        ("nr_active_file", files),
        ("nr_unevictable", sums.locked),
        ("nr_slab_reclaimable", 0),
        ("nr_slab_unreclaimable", sums.heap),
        ("nr_mlock", sums.locked),
        ("nr_anon_pages", sums.private),
        ("nr_mapped", sums.mapped),
        ("nr_file_pages", sums.cached),
        ("nr_dirty", 0),
        ("nr_writeback", 0),
        ("nr_shmem", sums.shared),
        ("nr_kernel_stack", sums.stacks * PAGE_KIB),
        ("nr_page_table_pages", sums.tables),
        ("pgpgin", 0),
        ("pgpgout", 0),
        ("pswpin", 0),
        ("pswpout", 0),
        ("pgfault", machine.minor_faults.wrapping_add(machine.major_faults)),
        ("pgmajfault", machine.major_faults),
    ] {
        add!(text, "{name} {value}\n");
    }
    Ok(())
}
