//! The kernel heap behind `alloc`'s containers. Every allocation is fallible: a null pointer
//! becomes a `TryReserveError` or `AllocError` at the caller.

use core::alloc::{GlobalAlloc, Layout};

struct Heap;

#[global_allocator]
static HEAP: Heap = Heap;

// SAFETY: before the slab caches are up there is no memory, and null says so.
unsafe impl GlobalAlloc for Heap {
    unsafe fn alloc(&self, _: Layout) -> *mut u8 {
        core::ptr::null_mut()
    }

    unsafe fn dealloc(&self, _: *mut u8, _: Layout) {}
}
