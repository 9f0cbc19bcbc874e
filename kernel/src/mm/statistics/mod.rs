//! What memory holds at this moment, for `free`, for `/proc` and for the tests that look for leaks.

mod area_usage;
mod memory;
mod page_words;
mod space;
mod table_ranges;

pub use memory::fill_memory;
pub use table_ranges::{kernel_ranges, vmalloc_areas};

use super::frames::{drain_page_lists, for_each_zone, free_frames};
use super::object::shrink_page_tree;
use super::page::mem_map;
use super::{heap, kmap, table_cache};
use crate::task;
use abi::syscall::folio::{
    CacheStatistics, OWNER_ANONYMOUS, OWNER_CACHE, OWNER_HEAP, OWNER_KERNEL, OWNER_PAGE_TABLES,
    OWNER_PIPES, OWNER_STACKS, OWNER_VMALLOC, Statistics, ZoneStatistics,
};
use kcore::buddy::MAX_ORDER;
use kcore::page::{Page, PageFlags};
use kcore::slab::CLASS_NAMES;

/// Fills in what belongs to memory.
pub fn fill(statistics: &mut Statistics) {
    let mut zones = [ZoneStatistics::default(); 3];
    for_each_zone(|index, zone| {
        let marks = zone.marks;
        if let Some(entry) = zones.get_mut(index) {
            entry.managed = zone.managed();
            (entry.min, entry.low, entry.high) = (marks.min, marks.low, marks.high);
        }
    });
    for (index, entry) in zones.iter_mut().enumerate() {
        entry.free = free_frames(index);
    }
    statistics.zones = zones;
    let owners = count_pages().owners;
    statistics.owners = owners;
    let mut caches = [CacheStatistics::default(); 32];
    let mut rows = caches.iter_mut().zip(CLASS_NAMES);
    heap::for_each_cache(|cache| {
        if let Some((row, name)) = rows.next() {
            row.name.iter_mut().zip(name.bytes()).for_each(|(to, byte)| *to = byte);
            row.size = cache.shape().size();
            row.objects = cache.in_use();
            row.pages = cache.slabs();
        }
    });
    statistics.caches = caches;
    statistics.kmap = kmap::slots_in_use();
    statistics.vmalloc = owners.get(OWNER_VMALLOC).copied().unwrap_or(0);
}

/// Pages of all of memory by what they are.
#[derive(Default)]
struct PageCounts {
    /// Indexed by `OWNER_*`.
    owners: [u32; 16],
    /// Cached ones that some program maps.
    mapped: u32,
    shared_memory: u32,
    /// Cached ones that are the archive's own.
    archive: u32,
    mapped_private: u32,
}

/// Walks over `mem_map`, but not over free blocks: most of a large memory is one.
fn count_pages() -> PageCounts {
    let mut counts = PageCounts::default();
    let (mut next, mut steps) = (0, 0u32);
    while let Some(page) = mem_map().get(next) {
        next += if page.has(PageFlags::BUDDY) { 1 << page.private().min(MAX_ORDER) } else { 1 };
        counts.add(page);
        steps += 1;
        if steps.is_multiple_of(64) {
            task::might_resched();
        }
    }
    counts
}

impl PageCounts {
    fn add(&mut self, page: &Page) {
        if let Some(count) = owner(page).and_then(|owner| self.owners.get_mut(owner)) {
            *count += 1;
        }
        let flags = page.flags();
        if !flags.intersects(PageFlags::CACHE | PageFlags::ANON) || page.refcount() == 0 {
            return;
        }
        let is_mapped = u32::from(page.mapcount() != 0);
        if flags.contains(PageFlags::ANON) {
            self.mapped_private += is_mapped;
        } else {
            self.mapped += is_mapped;
            self.shared_memory += u32::from(flags.contains(PageFlags::SHARED_MEMORY));
            self.archive += u32::from(flags.contains(PageFlags::RESERVED));
        }
    }
}

/// Whose a frame is; `None` for free ones and what is no memory.
fn owner(page: &Page) -> Option<usize> {
    let flags = page.flags();
    if flags.contains(PageFlags::RESERVED) {
        return (page.refcount() != 0).then_some(OWNER_KERNEL);
    }
    if page.refcount() == 0 {
        // On a zone's lists or a CPU's, or in the heap, where only heads have a reference.
        return flags.contains(PageFlags::SLAB).then_some(OWNER_HEAP);
    }
    [
        (PageFlags::TABLE, OWNER_PAGE_TABLES),
        (PageFlags::SLAB, OWNER_HEAP),
        (PageFlags::KERNEL_STACK, OWNER_STACKS),
        (PageFlags::VMALLOC, OWNER_VMALLOC),
        (PageFlags::ANON, OWNER_ANONYMOUS),
        (PageFlags::CACHE, OWNER_CACHE),
        (PageFlags::PIPE, OWNER_PIPES),
    ]
    .into_iter()
    .find_map(|(flag, owner)| flags.contains(flag).then_some(owner))
    .or(Some(OWNER_KERNEL))
}

/// Empties every cache of free things, so that equal states have equal figures.
pub fn drain() {
    task::drain_stack_cache();
    shrink_page_tree();
    heap::drain();
    table_cache::drain();
    drain_page_lists();
}
