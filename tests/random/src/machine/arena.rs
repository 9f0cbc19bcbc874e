//! The memory that calls are about. Every process has it from its parent.

use crate::place::*;
use abi::memory::*;
use sys::Result;
use sys::syscall::linux;

const READ_WRITE: u32 = PROT_READ | PROT_WRITE;
const PRIVATE: u32 = MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE;
const COMMON: u32 = MAP_SHARED | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE;

/// That it is there.
pub struct Arena(());

impl Arena {
    /// Maps it, once.
    pub fn new() -> Result<Self> {
        map(START, HOLE, PRIVATE)?;
        map(SHARED, SHARED + PAGE_SIZE, COMMON)?;
        map(PLAYGROUND, PLAYGROUND + PLAYGROUND_PAGES * PAGE_SIZE, PRIVATE)?;
        for (address, text) in (TEXT_PAGE..).step_by(TEXT as usize).zip(TEXTS) {
            write(address, text.as_bytes());
        }
        write(ENDLESS, &[b'a'; PAGE_SIZE as usize]);
        // SAFETY: the page is this module's.
        unsafe { linux::mprotect(READ_ONLY, PAGE_SIZE, PROT_READ) }?;
        Ok(Self(()))
    }

    /// Makes what is shared as it was in the beginning.
    pub fn clear(&self) {
        write(SHARED, &[0; PAGE_SIZE as usize]);
    }
}

fn map(start: u32, end: u32, flags: u32) -> Result<()> {
    // SAFETY: nothing is replaced.
    unsafe { linux::mmap2(start, end - start, READ_WRITE, flags, -1, 0) }.map(drop)
}

fn write(address: u32, bytes: &[u8]) {
    let place = core::ptr::with_exposed_provenance_mut::<u8>(address as usize);
    // SAFETY: the memory was mapped above, for good, and no reference leads there.
    unsafe { place.copy_from(bytes.as_ptr(), bytes.len()) };
}
