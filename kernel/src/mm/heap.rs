//! The kernel heap behind `alloc`'s containers: kcore's slab caches in low memory.
//!
//! Every allocation is fallible: null becomes a `TryReserveError` or an `AllocError` at the
//! caller. Objects above 4 KiB are frames of the buddy allocator.

pub mod poison;

use super::direct_map::{lowmem_address, lowmem_pfn};
use super::frames::{Frame, GFP_KERNEL, alloc_pages, block, free_pages};
use super::page::mem_map;
use crate::cpu::{self, MAGAZINE};
use crate::failpoint::fail_point;
use crate::sync::{Rank, SpinLock};
use core::alloc::{GlobalAlloc, Layout};
use core::slice;
use core::sync::atomic::{AtomicBool, AtomicU32, Ordering::Relaxed};
use kcore::addr::{PAGE_SIZE, Pfn};
use kcore::page::PageFlags;
use kcore::slab::{CLASSES, Cache, Freed, LARGEST, Magazine, Slabs, class_of};

pub const CLASS_COUNT: usize = CLASSES.len();

struct Heap;

#[global_allocator]
static HEAP: Heap = Heap;

static CACHES: [SpinLock<Cache>; CLASS_COUNT] = caches();

/// Before the frame allocator works there is no heap.
static IS_UP: AtomicBool = AtomicBool::new(false);

const fn caches() -> [SpinLock<Cache>; CLASS_COUNT] {
    let mut caches = [const { SpinLock::new(Rank::Slab, Cache::new(1, CLASSES[0])) }; CLASS_COUNT];
    let mut class = 0;
    while class < CLASS_COUNT {
        let cache = Cache::new(class as u32 + 1, CLASSES[class]);
        // The first values hold nothing, so nothing has to be dropped.
        #[expect(clippy::forget_non_drop, reason = "a constant drops nothing")]
        core::mem::forget(core::mem::replace(&mut caches[class], SpinLock::new(Rank::Slab, cache)));
        class += 1;
    }
    caches
}

/// The heap works from here on.
pub struct HeapReady(());

pub fn initialise(_: &super::frames::Frames) -> HeapReady {
    IS_UP.store(true, Relaxed);
    HeapReady(())
}

/// Slabs are low memory.
struct DirectMapped;

impl Slabs for DirectMapped {
    fn words(&self, slab: Pfn, words: u32) -> &[AtomicU32] {
        let address = lowmem_address(slab) as *const AtomicU32;
        // SAFETY: the cache keeps its bits at the start of its slab and gives out nothing there.
        unsafe { slice::from_raw_parts(address, words as usize) }
    }
}

// SAFETY: objects of a class are at least as large and as aligned as asked, and no object is
// given out twice; larger ones are frames.
unsafe impl GlobalAlloc for Heap {
    #[inline]
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        let (size, align) = (layout.size() as u32, layout.align() as u32);
        if fail_point!(Slab, size) {
            return core::ptr::null_mut();
        }
        let Some(class) = class_of(size, align) else { return alloc_frames(size) };
        let object = match cpu::with_magazines(|magazines| magazines[class].pop()) {
            Some(object) => object,
            None => match refill(class) {
                Some(object) => object,
                None => return core::ptr::null_mut(),
            },
        };
        // SAFETY: it is nobody's yet, and was free.
        unsafe { poison::give_out(object, CLASSES[class].size()) };
        object as *mut u8
    }

    #[inline]
    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        let (size, align) = (layout.size() as u32, layout.align() as u32);
        let object = pointer as u32;
        let Some(class) = class_of(size, align) else { return free_frames(object, size) };
        // SAFETY: it is nobody's any more.
        unsafe { poison::free(object, CLASSES[class].size()) };
        if !cpu::with_magazines(|magazines| magazines[class].push(object)) {
            give_back(class, object);
        }
    }
}

#[cold]
fn alloc_frames(size: u32) -> *mut u8 {
    match IS_UP.load(Relaxed).then(|| alloc_pages(&GFP_KERNEL, order_of(size))).flatten() {
        Some(pfn) => {
            block(pfn, order_of(size)).iter().for_each(|page| page.set(PageFlags::SLAB));
            let object = lowmem_address(pfn);
            // SAFETY: the frames are this object's.
            unsafe { poison::give_out_block(object, size) };
            object as *mut u8
        }
        None => core::ptr::null_mut(),
    }
}

#[cold]
fn free_frames(address: u32, size: u32) {
    // SAFETY: the object is nobody's any more.
    unsafe { poison::free(address, size) };
    free_pages(lowmem_pfn(address), order_of(size));
}

fn order_of(size: u32) -> u32 {
    debug_assert!(size > LARGEST);
    size.div_ceil(PAGE_SIZE).next_power_of_two().trailing_zeros()
}

/// Fills half of this CPU's magazine and takes one object more.
#[cold]
#[inline(never)]
fn refill(class: usize) -> Option<u32> {
    if !IS_UP.load(Relaxed) {
        return None;
    }
    let object = take(class)?;
    for _ in 0..Magazine::<MAGAZINE>::HALF {
        // Only objects that are there: the magazine is a convenience.
        let Some(spare) = take_present(class) else { break };
        if !cpu::with_magazines(|magazines| magazines[class].push(spare)) {
            put(class, spare);
            break;
        }
    }
    Some(object)
}

fn take_present(class: usize) -> Option<u32> {
    let found = CACHES[class].lock().allocate(mem_map(), &DirectMapped);
    found.map(|(slab, offset)| lowmem_address(slab) + offset)
}

fn take(class: usize) -> Option<u32> {
    loop {
        if let Some(object) = take_present(class) {
            return Some(object);
        }
        let slab = Frame::allocate(&GFP_KERNEL)?.into_raw();
        // SAFETY: the frame is this slab's, and has no objects yet.
        unsafe { poison::free(lowmem_address(slab), PAGE_SIZE) };
        CACHES[class].lock().add_slab(mem_map(), &DirectMapped, slab);
    }
}

fn put(class: usize, object: u32) {
    let (slab, offset) = (lowmem_pfn(object), object % PAGE_SIZE);
    let freed = CACHES[class].lock().free(mem_map(), &DirectMapped, slab, offset);
    match freed {
        Ok(Freed::Kept) => {}
        Ok(Freed::Slab(slab)) => drop(Frame::from_raw(slab)),
        Err(_) => panic!("{object:#x} is freed, which the heap has not given out"),
    }
}

/// Empties half of this CPU's magazine and frees one object more.
#[cold]
#[inline(never)]
fn give_back(class: usize, object: u32) {
    put(class, object);
    for _ in 0..Magazine::<MAGAZINE>::HALF {
        let Some(spare) = cpu::with_magazines(|magazines| magazines[class].pop()) else { break };
        put(class, spare);
    }
}

/// Empties the magazines and gives empty slabs back. Says how many frames that freed.
pub fn drain() -> u32 {
    let mut freed = 0;
    for (class, cache) in CACHES.iter().enumerate() {
        while let Some(object) = cpu::with_magazines(|magazines| magazines[class].pop()) {
            put(class, object);
        }
        loop {
            let slab = cache.lock().shrink(mem_map());
            let Some(slab) = slab else { break };
            drop(Frame::from_raw(slab));
            freed += 1;
        }
    }
    freed
}

/// Shows each cache, in the order of its object size.
pub fn for_each_cache(mut look: impl FnMut(&Cache)) {
    for cache in &CACHES {
        look(&cache.lock());
    }
}
