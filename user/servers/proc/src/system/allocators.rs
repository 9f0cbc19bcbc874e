//! `slabinfo` and `vmallocinfo`: the kernel's own memory.

use crate::Kernel;
use crate::text::{Text, add, name_of};
use sys::Result;
use sys::abi::statistics::{VMALLOC_PAGES, VMALLOC_STACK, VmallocArea};

/// Areas asked for at a time.
const PIECE: usize = 64;
const PAGE: u32 = 4096;

/// Writes a line for each cache of the heap.
pub fn slabinfo(kernel: &dyn Kernel, text: &mut Text) -> Result<()> {
    text.add_bytes(b"slabinfo - version: 2.1\n");
    text.add_bytes(
        b"# name            <active_objs> <num_objs> <objsize> <objperslab> <pagesperslab> : \
          tunables <limit> <batchcount> <sharedfactor> : \
          slabdata <active_slabs> <num_slabs> <sharedavail>\n",
    );
    let caches = kernel.memory()?.caches;
    for cache in caches.into_iter().filter(|cache| cache.size != 0) {
        let name = name_of(&cache.name);
        add!(
            text,
            "{:<17} {:6} {:6} {:6} {:4} {:4} : tunables    0    0    0 : slabdata {:6} {:6}      0\n",
            core::str::from_utf8(name).unwrap_or("?"),
            cache.objects,
            cache.slabs * cache.objects_per_slab,
            cache.size,
            cache.objects_per_slab,
            cache.pages_per_slab,
            cache.slabs,
            cache.slabs,
        );
    }
    Ok(())
}

/// Writes some areas of vmalloc that end above `address`, their guard pages included; where to go on.
pub fn vmallocinfo(kernel: &dyn Kernel, address: u64, text: &mut Text) -> Result<Option<u64>> {
    let Ok(address) = u32::try_from(address) else { return Ok(None) };
    let mut areas = [VmallocArea::default(); PIECE];
    let count = kernel.vmalloc_areas(address, &mut areas)?;
    let areas = areas.get(..count).unwrap_or_default();
    for area in areas {
        let bytes = (area.pages + 1) * PAGE;
        let (what, how) = match area.kind {
            VMALLOC_STACK => ("kernel_stack", "vmalloc"),
            VMALLOC_PAGES => ("kernel", "vmalloc"),
            _ => ("frames", "vmap"),
        };
        let (start, end) = (area.start, area.start.wrapping_add(bytes));
        add!(text, "0x{start:08x}-0x{end:08x} {bytes:7} {what} pages={} {how}\n", area.pages);
    }
    let last = areas.last().filter(|_| count == PIECE);
    Ok(last.map(|last| u64::from(last.start) + u64::from(last.pages * PAGE)))
}
