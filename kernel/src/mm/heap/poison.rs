//! What objects hold that nobody has written to, in checked builds: bytes that mean nothing, so that
//! whoever reads them is found out. An object that is free holds others, and must still do so when it
//! is given out again. In other builds none of this is there.

use core::slice;
use core::sync::atomic::{AtomicU8, Ordering::Relaxed};

const IS_ON: bool = cfg!(debug_assertions);
/// What a free object holds.
pub const FREE: u8 = 0x6b;
/// What a new one holds, until a test wants something else.
pub const NEW: u8 = 0x5a;

static NEW_BYTE: AtomicU8 = AtomicU8::new(NEW);

/// From here on, new objects hold this byte.
#[cfg(debug_assertions)]
pub fn set_new(byte: u8) {
    NEW_BYTE.store(byte, Relaxed);
}

/// # Safety
/// The object is the caller's, and nobody else knows it.
#[inline(always)]
pub unsafe fn free(object: u32, bytes: u32) {
    if IS_ON {
        // SAFETY: passed on to the caller.
        unsafe { fill(object, bytes, FREE) };
    }
}

/// # Safety
/// As of [`free`], which was done to the object before.
#[inline(always)]
pub unsafe fn give_out(object: u32, bytes: u32) {
    if IS_ON {
        // SAFETY: passed on to the caller.
        unsafe { check_and_fill(object, bytes) };
    }
}

#[inline(never)]
unsafe fn check_and_fill(object: u32, bytes: u32) {
    // SAFETY: passed on to the caller.
    unsafe {
        let is_intact = is_free(object, bytes);
        assert!(is_intact, "{bytes} bytes at {object:#x} were written to after they were freed");
        fill(object, bytes, NEW_BYTE.load(Relaxed));
    }
}

/// # Safety
/// As of [`free`]: whole frames. What they held before is not looked at, as anybody may have had them.
#[inline(always)]
pub unsafe fn give_out_block(object: u32, bytes: u32) {
    if IS_ON {
        // SAFETY: passed on to the caller.
        unsafe { fill(object, bytes, NEW_BYTE.load(Relaxed)) };
    }
}

/// Whether an object holds what a free one does.
///
/// # Safety
/// The bytes are mapped, and nobody writes to them now.
pub unsafe fn is_free(object: u32, bytes: u32) -> bool {
    // SAFETY: passed on to the caller. Objects are as large as whole words.
    let words = unsafe { slice::from_raw_parts(object as *const u32, bytes as usize / 4) };
    words.iter().all(|word| *word == u32::from_ne_bytes([FREE; 4]))
}

unsafe fn fill(object: u32, bytes: u32, byte: u8) {
    // SAFETY: passed on to the callers.
    unsafe { (object as *mut u8).write_bytes(byte, bytes as usize) };
}
