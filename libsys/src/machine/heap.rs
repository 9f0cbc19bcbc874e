//! The heap: Talc over anonymous mappings of at least 1 MiB.

use crate::syscall::linux;
use abi::memory::{MAP_ANONYMOUS, MAP_PRIVATE, PROT_READ, PROT_WRITE};
use core::alloc::Layout;
use talc::base::Talc;
use talc::base::binning::Binning;
use talc::source::Source;

#[global_allocator]
static HEAP: talc::TalcLock<spin::Mutex<()>, Mappings> = talc::TalcLock::new(Mappings);

/// Least size of a mapping. Pages nobody touches cost nothing.
const CHUNK: usize = 1 << 20;

#[derive(Debug)]
struct Mappings;

// SAFETY: `acquire` allocates nothing and touches the allocator only through `talc`.
unsafe impl Source for Mappings {
    fn acquire<B: Binning>(talc: &mut Talc<Self, B>, layout: Layout) -> Result<(), ()> {
        // The first mapping also holds the allocator's lists.
        let overhead = talc::min_first_heap_layout::<B>().size();
        let size = layout.size().checked_add(layout.align()).ok_or(())?;
        let size = size.checked_add(overhead).ok_or(())?.max(CHUNK);
        let size = size.checked_next_multiple_of(abi::memory::PAGE_SIZE as usize).ok_or(())?;
        // SAFETY: without MAP_FIXED a new mapping replaces nothing.
        let address = unsafe {
            let flags = MAP_PRIVATE | MAP_ANONYMOUS;
            linux::mmap2(0, size as u32, PROT_READ | PROT_WRITE, flags, -1, 0)
        };
        let base = address.map_err(drop)? as *mut u8;
        // SAFETY: nobody else knows the new mapping, and it is never unmapped.
        unsafe { talc.claim(base, size) }.map(drop).ok_or(())
    }
}

/// Gives the heap some memory to begin with, before it has any: a program that needs little makes no
/// mapping then.
pub fn lend(memory: &'static mut [core::mem::MaybeUninit<u8>]) {
    // SAFETY: nobody else has the memory, for good. Too little is refused, and not used.
    let _ = unsafe { HEAP.lock().claim(memory.as_mut_ptr().cast(), memory.len()) };
}

/// Keeps other threads from using the heap until the answer is dropped.
pub(super) fn hold() -> impl Sized {
    HEAP.lock()
}
