//! The boot allocator and its bitmap.

use super::loader::Loaded;
use crate::arch::paging::SPLIT;
use core::cell::UnsafeCell;
use kcore::addr::{FrameRange, PAGE_SHIFT, Pfn};
use kcore::bitmap::bitmap_words;
pub use kcore::bootmem::Bootmem;

const MAX_LOW_FRAMES: u32 = SPLIT.max_low_memory() >> PAGE_SHIFT;
const WORDS: usize = bitmap_words(MAX_LOW_FRAMES) as usize;

/// In the image: no frame has to be found for it.
struct Bitmap(UnsafeCell<[u32; WORDS]>);

// SAFETY: only `initialise` hands it out, once.
unsafe impl Sync for Bitmap {}

static BITMAP: Bitmap = Bitmap(UnsafeCell::new([0; WORDS]));

/// Frees all low memory, then reserves what is in use: page 0 (so that no frame has address 0),
/// the kernel image and the boot archive. Boot information and command line have been copied.
///
/// # Safety
/// Once, at boot.
pub unsafe fn initialise(loaded: &Loaded, max_low_pfn: Pfn) -> Option<Bootmem<'static>> {
    // SAFETY: the caller promises that this is the only reference.
    let bitmap = unsafe { &mut *BITMAP.0.get() };
    let mut bootmem = Bootmem::new(bitmap, max_low_pfn)?;
    for range in loaded.memory.frames() {
        bootmem.free(range);
    }
    bootmem.reserve(FrameRange::with_len(Pfn::new(0), 1)?);
    bootmem.reserve(loaded.image);
    bootmem.reserve(loaded.archive_frames());
    Some(bootmem)
}
