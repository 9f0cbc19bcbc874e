//! The vDSO: a page of code that the kernel maps into every program, in front of it a page with what
//! the time is computed from. Programs find it by AT_SYSINFO_EHDR and its functions by name, as on
//! Linux.
//!
//! It has no data and is not relocated: what it needs besides its arguments lies one page below it.

#![no_std]

mod calls;
mod entry;
mod time;

use core::alloc::{GlobalAlloc, Layout};

unsafe extern "C" {
    /// Defined nowhere: code that could panic or allocate does not link.
    safe fn not_in_the_vdso() -> !;
}

#[panic_handler]
fn panic(_: &core::panic::PanicInfo<'_>) -> ! {
    not_in_the_vdso()
}

/// `kcore` asks for one.
struct NoHeap;

// SAFETY: neither function returns.
unsafe impl GlobalAlloc for NoHeap {
    unsafe fn alloc(&self, _: Layout) -> *mut u8 {
        not_in_the_vdso()
    }

    unsafe fn dealloc(&self, _: *mut u8, _: Layout) {
        not_in_the_vdso()
    }
}

#[global_allocator]
static NO_HEAP: NoHeap = NoHeap;
