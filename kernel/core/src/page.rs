//! One entry of `mem_map`: what the kernel knows of a page frame.
//!
//! Every field is atomic, so `mem_map` is a shared slice. Which lock makes a field meaningful:
//!
//! | field | owner |
//! |---|---|
//! | refcount, mapcount, flags | none, they are counters and bits of their own |
//! | next, prev, private (order) of a free page | the zone's lock |
//! | next, prev of a page in the page cache or on an LRU | the LRU's lock |
//! | mapping, index | set once before the page is visible; without `ANON`, `CACHE` and `SLAB` they mean nothing |
//! | private, next, prev of a slab page | the cache's lock |

use crate::addr::Pfn;
use bitflags::bitflags;
use core::sync::atomic::{AtomicU32, Ordering::Relaxed};

bitflags! {
    /// What a frame is used for. A frame in the hands of its owner with no bit set is plain
    /// kernel memory.
    #[derive(Clone, Copy, PartialEq, Eq, Debug)]
    pub struct PageFlags: u32 {
        /// Not memory, or memory that is never freed: the kernel image, `mem_map`, the archive.
        const RESERVED = 1 << 0;
        /// Head of a free block of the buddy allocator; its order is in `private`.
        const BUDDY = 1 << 1;
        /// Above the direct map.
        const HIGHMEM = 1 << 2;
        const LOCKED = 1 << 3;
        const UPTODATE = 1 << 4;
        const DIRTY = 1 << 5;
        const WRITEBACK = 1 << 6;
        const REFERENCED = 1 << 7;
        const LRU = 1 << 8;
        const ACTIVE = 1 << 9;
        const SLAB = 1 << 10;
        /// A page table. `private` counts the entries in use.
        const TABLE = 1 << 11;
        /// A private page: `mapping` is its lineage. Without it and with `CACHE`, an object.
        const ANON = 1 << 12;
        /// In the page cache of an object.
        const CACHE = 1 << 13;
        const KERNEL_STACK = 1 << 14;
        const VMALLOC = 1 << 15;
        const PIPE = 1 << 16;
        /// In the page cache of memory without a file: `/tmp`, shared memory. Comes with `CACHE`.
        const SHARED_MEMORY = 1 << 17;
        /// A private page that was pinned for writing and has had one mapping ever since: see
        /// [`Page::pin`].
        const EXCLUSIVE = 1 << 18;
        /// Bits 28-29: the zone, as an index into the zone array.
        const ZONE = 3 << 28;
    }
}

const ZONE_SHIFT: u32 = 28;
/// "No page" in a link field.
pub const NO_PFN: u32 = u32::MAX;

/// See the module's table for who may touch what.
#[repr(C)]
pub struct Page {
    flags: AtomicU32,
    refcount: AtomicU32,
    /// How many page-table entries map the frame.
    mapcount: AtomicU32,
    mapping: AtomicU32,
    index: AtomicU32,
    private: AtomicU32,
    next: AtomicU32,
    prev: AtomicU32,
}

const _: () = assert!(size_of::<Page>() == 32);

impl Page {
    /// A frame nobody may use until boot says what it is.
    pub const fn reserved() -> Self {
        Self {
            flags: AtomicU32::new(PageFlags::RESERVED.bits()),
            refcount: AtomicU32::new(0),
            mapcount: AtomicU32::new(0),
            mapping: AtomicU32::new(0),
            index: AtomicU32::new(0),
            private: AtomicU32::new(0),
            next: AtomicU32::new(NO_PFN),
            prev: AtomicU32::new(NO_PFN),
        }
    }

    pub fn flags(&self) -> PageFlags {
        PageFlags::from_bits_retain(self.flags.load(Relaxed))
    }

    pub fn has(&self, flags: PageFlags) -> bool {
        self.flags.load(Relaxed) & flags.bits() == flags.bits()
    }

    pub fn set(&self, flags: PageFlags) {
        self.flags.fetch_or(flags.bits(), Relaxed);
    }

    pub fn clear(&self, flags: PageFlags) {
        self.flags.fetch_and(!flags.bits(), Relaxed);
    }

    /// Replaces all flags but the zone. For the owner of a frame nobody else can see.
    pub fn reset(&self, flags: PageFlags) {
        let zone = self.flags.load(Relaxed) & (PageFlags::ZONE | PageFlags::HIGHMEM).bits();
        self.flags.store(zone | flags.bits(), Relaxed);
    }

    /// Whether no flag says what the frame is used for.
    pub fn has_no_use(&self) -> bool {
        self.flags().difference(PageFlags::ZONE | PageFlags::HIGHMEM).is_empty()
    }

    pub fn zone(&self) -> usize {
        ((self.flags.load(Relaxed) & PageFlags::ZONE.bits()) >> ZONE_SHIFT) as usize
    }

    /// For boot, before the frame is given to its zone.
    pub fn set_zone(&self, zone: usize) {
        let rest = self.flags.load(Relaxed) & !PageFlags::ZONE.bits();
        self.flags.store(rest | ((zone as u32 & 3) << ZONE_SHIFT), Relaxed);
    }

    pub fn refcount(&self) -> u32 {
        self.refcount.load(Relaxed)
    }

    pub fn set_refcount(&self, count: u32) {
        self.refcount.store(count, Relaxed);
    }

    /// Takes one more reference. Somebody has one who keeps it meanwhile: whoever finds a page in a
    /// page table or an object holds the lock that the entry is changed under.
    pub fn get(&self) {
        let before = self.refcount.fetch_add(1, Relaxed);
        debug_assert!(before != 0, "a reference to a free page");
    }

    /// Drops a reference and says whether it was the last.
    pub fn put(&self) -> bool {
        let before = self.refcount.fetch_sub(1, Relaxed);
        debug_assert!(before != 0, "reference dropped on a free page");
        before == 1
    }

    pub fn mapcount(&self) -> u32 {
        self.mapcount.load(Relaxed)
    }

    pub fn set_mapcount(&self, count: u32) {
        self.mapcount.store(count, Relaxed);
    }

    pub fn add_mapping(&self) {
        self.mapcount.fetch_add(1, Relaxed);
    }

    /// Counts one page-table entry less and says how many are left.
    pub fn remove_mapping(&self) -> u32 {
        let before = self.mapcount.fetch_sub(1, Relaxed);
        debug_assert!(before != 0, "unmapped a page that was not mapped");
        before.wrapping_sub(1)
    }

    /// The object or lineage (`anon_mm`), as the kernel's word for it; 0 is none.
    pub fn mapping(&self) -> u32 {
        self.mapping.load(Relaxed)
    }

    pub fn set_mapping(&self, mapping: u32, index: u32) {
        self.mapping.store(mapping, Relaxed);
        self.index.store(index, Relaxed);
    }

    /// Makes a frame that nobody else can see a private page, mapped once.
    #[inline]
    pub fn become_private(&self, lineage: u32, home: u32) {
        let flags = self.flags.load(Relaxed);
        self.flags.store(flags | PageFlags::ANON.bits(), Relaxed);
        self.set_mapping(lineage, home);
        self.set_mapcount(1);
    }

    /// Takes a reference through which a page is written that one address space maps to write. What
    /// is written has to arrive there, so neither fork nor a write may copy the page away from it.
    pub fn pin(&self) {
        self.get();
        if self.flags() & (PageFlags::ANON | PageFlags::EXCLUSIVE) == PageFlags::ANON {
            self.set(PageFlags::EXCLUSIVE);
        }
    }

    /// Whether a write to a private page needs no copy.
    #[inline]
    pub fn is_sole(&self) -> bool {
        self.refcount() == 1 || self.has(PageFlags::EXCLUSIVE)
    }

    /// For fork: whether a page with `EXCLUSIVE` can be shared, as nobody has it pinned any more.
    #[cold]
    #[inline(never)]
    pub fn end_exclusive(&self) -> bool {
        let ends = self.refcount() == self.mapcount();
        if ends {
            self.clear(PageFlags::EXCLUSIVE);
        }
        ends
    }

    /// Frees a private page whose entry has been removed, if nobody else has it: then no flag is
    /// left but `rest`. Otherwise nothing changes.
    #[inline(always)]
    pub fn free_private(&self, rest: PageFlags) -> bool {
        if self.refcount.compare_exchange(1, 0, Relaxed, Relaxed).is_err() {
            return false;
        }
        debug_assert!(self.mapcount() == 1, "a page with one reference was mapped elsewhere");
        self.set_mapcount(0);
        self.flags.store(rest.bits(), Relaxed);
        true
    }

    /// Offset in the object, or home of a private page, in pages.
    pub fn index(&self) -> u32 {
        self.index.load(Relaxed)
    }

    pub fn private(&self) -> u32 {
        self.private.load(Relaxed)
    }

    pub fn set_private(&self, value: u32) {
        self.private.store(value, Relaxed);
    }

    /// Adds to `private` and returns the new value.
    pub fn add_private(&self, delta: i32) -> u32 {
        self.private.fetch_add(delta as u32, Relaxed).wrapping_add(delta as u32)
    }

    pub fn next(&self) -> Option<Pfn> {
        link(self.next.load(Relaxed))
    }

    pub fn prev(&self) -> Option<Pfn> {
        link(self.prev.load(Relaxed))
    }

    pub fn set_next(&self, pfn: Option<Pfn>) {
        self.next.store(pfn.map_or(NO_PFN, Pfn::as_u32), Relaxed);
    }

    pub fn set_prev(&self, pfn: Option<Pfn>) {
        self.prev.store(pfn.map_or(NO_PFN, Pfn::as_u32), Relaxed);
    }
}

fn link(number: u32) -> Option<Pfn> {
    (number != NO_PFN).then_some(Pfn::new(number))
}
