//! Zones, caches and windows, for `/proc`.

use super::count_pages;
use crate::mm::frames::{at_hand, for_each_zone, hand_limits};
use crate::mm::{heap, kmap, vmalloc};
use abi::statistics::{HeapCache, MemoryStatistics, ZoneMemory};
use kcore::slab::CLASS_NAMES;
use kcore::zone::Zone;

/// Fills in all but what programs could write at most.
pub fn fill_memory(statistics: &mut MemoryStatistics) {
    let pages = count_pages();
    statistics.owners = pages.owners;
    statistics.mapped = pages.mapped;
    statistics.shared_memory = pages.shared_memory;
    statistics.archive = pages.archive;
    statistics.mapped_private = pages.mapped_private;
    let mut zones = [ZoneMemory::default(); 3];
    for_each_zone(|index, zone| {
        if let Some(entry) = zones.get_mut(index) {
            *entry = zone_memory(zone);
        }
    });
    for (index, entry) in zones.iter_mut().enumerate() {
        entry.at_hand = at_hand(index);
        (entry.hand_high, entry.hand_batch) = hand_limits(index);
        entry.free += entry.at_hand;
    }
    statistics.zones = zones;
    let mut caches = [HeapCache::default(); 15];
    let mut rows = caches.iter_mut().zip(CLASS_NAMES);
    heap::for_each_cache(|cache| {
        if let Some((row, name)) = rows.next() {
            row.name.iter_mut().zip(name.bytes()).for_each(|(to, byte)| *to = byte);
            row.size = cache.shape().size();
            row.objects = cache.in_use();
            row.slabs = cache.slabs();
            row.objects_per_slab = cache.shape().objects();
            row.pages_per_slab = 1;
        }
    });
    statistics.caches = caches;
    (statistics.vmalloc_total, statistics.vmalloc_free) = vmalloc::window_pages();
    (statistics.kmap_slots, statistics.kmap_used) = (kmap::slots(), kmap::slots_in_use());
}

fn zone_memory(zone: &Zone) -> ZoneMemory {
    let (frames, marks) = (zone.buddy.zone(), zone.marks);
    ZoneMemory {
        start: frames.start().as_u32(),
        spanned: frames.len(),
        present: zone.present,
        managed: zone.managed(),
        free: zone.buddy.free_frames(),
        min: marks.min,
        low: marks.low,
        high: marks.high,
        at_hand: 0,
        hand_high: 0,
        hand_batch: 0,
        free_blocks: core::array::from_fn(|order| zone.buddy.free_blocks(order as u32)),
        reserve: marks.reserve,
    }
}
