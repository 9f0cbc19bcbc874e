//! Page frames: who gets one, and when it is free again.
//!
//! A frame is handed out with one reference. Page-table entries, the page cache and whoever
//! keeps a `Pfn` hold one each; the last `put_page` frees it. Single frames come from this CPU's
//! stack; marks and fallback are looked at when that is empty.

use super::bootmem::Bootmem;
use super::direct_map::{DirectMap, lowmem_address};
use super::kmap::kmap_atomic;
use super::loader::Loaded;
use super::page::{mem_map, page, set_mem_map};
use super::table_cache;
use crate::arch::string::clear_page;
use crate::cpu;
use crate::failpoint::{self, fail_point};
use crate::sync::{Rank, SpinLock};
use core::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use kcore::addr::{FrameRange, PAGE_SIZE, Pfn};
use kcore::memory_map::LowHigh;
use kcore::page::{Page, PageFlags};
use kcore::page_lists::{FreeChain, PageLists, batch};
use kcore::zone::{
    Decision, HIGHMEM, Mark, Request, Stage, ZONES, Zone, decide, min_free_kbytes, zone_marks,
    zone_ranges,
};

/// What somebody wants, in Linux's word.
pub type Gfp = Request;
/// In the direct map; may sleep.
pub const GFP_KERNEL: Gfp = Request::KERNEL;
/// Anywhere; may sleep.
pub const GFP_HIGHUSER: Gfp = Request::HIGH_USER;

static ZONE_LIST: [SpinLock<Zone>; ZONES] =
    [const { SpinLock::new(Rank::Zone, Zone::new(FrameRange::EMPTY, 0)) }; ZONES];

/// For each class of request the highest zone that has memory.
static PREFERRED: [AtomicUsize; ZONES] = [const { AtomicUsize::new(0) }; ZONES];

/// The allocator works.
pub struct Frames(());

/// Makes `mem_map` and gives the zones what bootmem did not hand out, and all of high memory.
///
/// # Safety
/// Once, at boot. `bootmem` and `loaded` say truly what is free.
pub unsafe fn initialise(
    _: &DirectMap,
    loaded: &Loaded,
    mut bootmem: Bootmem<'static>,
    memory: LowHigh,
) -> Option<Frames> {
    let count = memory.max_pfn.as_u32() as usize;
    let bytes = u32::try_from(count * size_of::<Page>()).ok()?;
    // Not below 16 MiB, which old devices need.
    let first = bootmem.allocate(bytes.div_ceil(PAGE_SIZE), 1, Pfn::new(16 << 8))?;
    let pages = lowmem_address(first) as *mut Page;
    // SAFETY: the frames are ours alone, mapped, and large enough; every entry is written before
    // the slice exists.
    unsafe {
        for index in 0..count {
            pages.add(index).write(Page::reserved());
        }
        set_mem_map(core::slice::from_raw_parts(pages, count));
    }
    for (zone, range) in ZONE_LIST.iter().zip(zone_ranges(memory)) {
        let memory = loaded.memory.frames().filter_map(|part| part.intersection(range));
        let present = memory.map(|part| part.len()).sum();
        *zone.lock() = Zone::new(range, present);
    }
    for range in bootmem.release() {
        add_memory(range);
    }
    let high = FrameRange::new(memory.max_low_pfn, memory.max_pfn)?;
    for range in loaded.memory.frames().filter_map(|range| range.intersection(high)) {
        add_memory(range);
    }
    set_marks();
    // The archive's frames are in use for ever, and so is the zero page in the image.
    for range in [loaded.archive_frames(), loaded.image] {
        range.frames().for_each(|pfn| page(pfn).set_refcount(1));
    }
    Some(Frames(()))
}

fn add_memory(range: FrameRange) {
    for (index, zone) in ZONE_LIST.iter().enumerate() {
        zone.lock().add_memory(mem_map(), index, range);
    }
}

fn set_marks() {
    let present = core::array::from_fn(|zone| ZONE_LIST[zone].lock().managed());
    let low: u32 = present.iter().take(HIGHMEM).sum();
    let marks = zone_marks(present, min_free_kbytes(low * (PAGE_SIZE >> 10)));
    for (index, zone) in ZONE_LIST.iter().enumerate() {
        zone.lock().marks = marks[index];
        let highest = (0..=index).rev().find(|&zone| present[zone] != 0).unwrap_or(0);
        PREFERRED[index].store(highest, Relaxed);
    }
    cpu::with_page_lists(|lists| {
        for (lists, present) in lists.iter_mut().zip(present) {
            *lists = PageLists::new(batch(present));
        }
    });
}

/// One frame with undefined contents.
#[inline]
pub fn alloc_page(gfp: &Gfp) -> Option<Pfn> {
    let fails = match gfp.class {
        HIGHMEM => fail_point!(PageHigh),
        _ => fail_point!(PageLow),
    };
    if fails {
        return None;
    }
    match pop(gfp) {
        Some(pfn) => Some(pfn),
        None => refill(gfp),
    }
}

/// A frame that this CPU has at hand.
#[inline(always)]
fn pop(gfp: &Gfp) -> Option<Pfn> {
    let pages = mem_map();
    let preferred = PREFERRED[gfp.class].load(Relaxed);
    let pfn = cpu::with_page_lists(|lists| lists[preferred].pop(pages))?;
    hand_out(&pages[pfn.as_u32() as usize]);
    Some(pfn)
}

#[inline]
fn hand_out(page: &Page) {
    debug_assert!(page.refcount() == 0 && page.mapcount() == 0, "not a free frame");
    debug_assert!(page.has_no_use(), "a free frame has a use: {:?}", page.flags());
    page.set_refcount(1);
}

/// One frame full of zeros.
#[inline]
pub fn alloc_zeroed_page(gfp: &Gfp) -> Option<Pfn> {
    let pfn = alloc_page(gfp)?;
    clear_highpage(pfn);
    Some(pfn)
}

/// Zeroes a frame wherever it lies.
#[inline(always)]
pub fn clear_highpage(pfn: Pfn) {
    let mapping = kmap_atomic(pfn);
    // SAFETY: the mapping covers the frame, which is the caller's alone.
    unsafe { clear_page(mapping.address()) };
}

#[cold]
#[inline(never)]
fn refill(gfp: &Gfp) -> Option<Pfn> {
    let pfn = serve(gfp, |zone| {
        cpu::with_page_lists(|lists| {
            let lists = &mut lists[zone];
            if lists.is_empty() {
                lists.fill(mem_map(), &mut ZONE_LIST[zone].lock().buddy);
            }
            lists.pop(mem_map())
        })
    })?;
    hand_out(page(pfn));
    Some(pfn)
}

/// `2^order` neighbouring frames with one reference on the first.
pub fn alloc_pages(gfp: &Gfp, order: u32) -> Option<Pfn> {
    if fail_point!(PageBlock, 1 << order) {
        return None;
    }
    let gfp = Gfp { order, ..*gfp };
    let pfn = serve(&gfp, |zone| ZONE_LIST[zone].lock().buddy.allocate(mem_map(), order))?;
    debug_assert!(block(pfn, order).iter().all(Page::has_no_use), "{pfn:?} is free and has a use");
    page(pfn).set_refcount(1);
    Some(pfn)
}

/// A free frame of a zone, whatever its marks say. Not one of those at hand.
#[cfg(feature = "faults")]
pub fn take_free(zone: usize) -> Option<Pfn> {
    let pfn = ZONE_LIST[zone].lock().buddy.allocate(mem_map(), 0)?;
    hand_out(page(pfn));
    Some(pfn)
}

/// Takes back what [`alloc_pages`] gave out at this order.
pub fn free_pages(pfn: Pfn, order: u32) {
    let block = block(pfn, order);
    block.iter().for_each(|page| page.reset(PageFlags::empty()));
    block[0].set_refcount(0);
    ZONE_LIST[block[0].zone()].lock().buddy.free(mem_map(), pfn, order);
}

/// The entries of a block.
pub fn block(pfn: Pfn, order: u32) -> &'static [Page] {
    &mem_map()[pfn.as_u32() as usize..][..1 << order]
}

/// Finds a zone that may serve a request and has `take` take from it.
fn serve(gfp: &Gfp, mut take: impl FnMut(usize) -> Option<Pfn>) -> Option<Pfn> {
    let mut stage = Stage::First;
    loop {
        let allows = |zone: usize, mark: Mark| ZONE_LIST[zone].lock().allows(gfp, mark);
        match decide(gfp, stage, allows) {
            Decision::Allocate { zone, .. } => {
                if let Some(pfn) = take(zone) {
                    return Some(pfn);
                }
                return None;
            }
            Decision::Reclaim => stage = Stage::Reclaimed { progress: reclaim() },
            Decision::OutOfMemory | Decision::Fail => return None,
        }
    }
}

/// Frees what can be freed without writing anything out. Says whether that was anything.
fn reclaim() -> bool {
    table_cache::drain() + drain_page_lists() != 0
}

/// Gives this CPU's single frames back to their zones and says how many there were.
pub fn drain_page_lists() -> u32 {
    cpu::with_page_lists(|lists| {
        let mut drained = 0;
        for (zone, lists) in ZONE_LIST.iter().zip(lists) {
            drained += lists.len();
            lists.drain(mem_map(), &mut zone.lock().buddy);
        }
        drained
    })
}

/// One more reference.
#[inline]
pub fn get_page(pfn: Pfn) {
    page(pfn).get();
}

/// One reference less; the last one frees the frame.
#[inline]
pub fn put_page(pfn: Pfn) {
    if page(pfn).put() {
        free_page(pfn);
    }
}

#[inline]
fn free_page(pfn: Pfn) {
    let page = page(pfn);
    debug_assert!(page.mapcount() == 0, "{pfn:?} is freed while it is mapped");
    debug_assert!(!page.has(PageFlags::RESERVED), "{pfn:?} is not the allocator's");
    // Here and not when it is handed out: what is free is nobody's, for whoever counts.
    page.reset(PageFlags::empty());
    let zone = page.zone();
    cpu::with_page_lists(|lists| {
        let lists = &mut lists[zone];
        if lists.push(mem_map(), pfn) {
            lists.shrink(mem_map(), &mut ZONE_LIST[zone].lock().buddy);
        }
    });
}

/// Takes back frames that nobody has any more.
#[inline]
pub fn free_chain(chain: FreeChain) {
    let Some(first) = chain.iter(mem_map()).next() else { return };
    let zone = page(first).zone();
    cpu::with_page_lists(|lists| {
        let lists = &mut lists[zone];
        if lists.push_chain(mem_map(), chain) {
            lists.shrink(mem_map(), &mut ZONE_LIST[zone].lock().buddy);
        }
    });
}

/// Takes one mapping and its reference from a page that most likely has others.
#[inline(always)]
pub fn put_shared(page: &Page, pfn: Pfn) {
    page.remove_mapping();
    if page.put() {
        free_last(pfn);
    }
}

#[cold]
fn free_last(pfn: Pfn) {
    free_page(pfn);
}

/// Runs `look` on each zone.
pub fn for_each_zone(mut look: impl FnMut(usize, &Zone)) {
    for (index, zone) in ZONE_LIST.iter().enumerate() {
        look(index, &zone.lock());
    }
}

/// Frames below the high memory, but for those that were never free.
pub fn low_pages() -> u32 {
    ZONE_LIST.iter().take(HIGHMEM).map(|zone| zone.lock().managed()).sum()
}

/// Free frames of a zone on this CPU's stack.
pub fn at_hand(zone: usize) -> u32 {
    cpu::with_page_lists(|lists| lists[zone].len())
}

/// How many there may be, and how many come or go at a time.
pub fn hand_limits(zone: usize) -> (u32, u32) {
    cpu::with_page_lists(|lists| lists[zone].limits())
}

/// Free frames of a zone, this CPU's stack included.
pub fn free_frames(zone: usize) -> u32 {
    at_hand(zone) + ZONE_LIST[zone].lock().buddy.free_frames()
}

/// A frame that frees itself.
#[derive(Debug)]
pub struct Frame(Pfn);

impl Frame {
    pub fn allocate(gfp: &Gfp) -> Option<Self> {
        alloc_page(gfp).map(Self)
    }

    /// A frame from anywhere, if this CPU has one at hand. Never sleeps.
    #[inline(always)]
    pub fn at_hand() -> Option<Self> {
        // Whoever asks goes on to `allocate`, where this can fail.
        if failpoint::is_armed() {
            return None;
        }
        pop(&GFP_HIGHUSER).map(Self)
    }

    #[cfg(feature = "ktest")]
    pub fn zeroed(gfp: &Gfp) -> Option<Self> {
        alloc_zeroed_page(gfp).map(Self)
    }

    pub fn pfn(&self) -> Pfn {
        self.0
    }

    /// Keeps the reference; whoever stores the number answers for it.
    pub fn into_raw(self) -> Pfn {
        let pfn = self.0;
        core::mem::forget(self);
        pfn
    }

    /// Takes over a reference.
    pub fn from_raw(pfn: Pfn) -> Self {
        Self(pfn)
    }
}

impl Drop for Frame {
    fn drop(&mut self) {
        put_page(self.0);
    }
}
