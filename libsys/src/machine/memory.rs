//! Mappings.

use crate::syscall::linux;
use crate::{Result, io::Fd};
use abi::memory::{MAP_ANONYMOUS, MAP_PRIVATE, PROT_READ, PROT_WRITE};

/// A range of addresses of its own, unmapped when dropped.
#[derive(Debug)]
pub struct Mapping {
    address: u32,
    length: u32,
}

impl Mapping {
    /// Maps zeroed private memory for reading and writing. (`mmap2`)
    ///
    /// EINVAL: `length` (in bytes) is 0. ENOMEM: no room.
    pub fn anonymous(length: u32) -> Result<Self> {
        Self::new(length, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, Fd(-1), 0)
    }

    /// Maps `length` bytes of an object from page `page_offset` on, wherever there is room.
    ///
    /// `protection` is `PROT_*`; of `flags`, `MAP_FIXED` has no effect. (`mmap2`)
    pub fn new(length: u32, protection: u32, flags: u32, fd: Fd, page_offset: u32) -> Result<Self> {
        let flags = flags & !(abi::memory::MAP_FIXED | abi::memory::MAP_FIXED_NOREPLACE);
        // SAFETY: without MAP_FIXED a new mapping replaces nothing.
        let address = unsafe { linux::mmap2(0, length, protection, flags, fd.0, page_offset) }?;
        Ok(Self { address, length })
    }

    /// The first address.
    pub const fn address(&self) -> u32 {
        self.address
    }

    /// The length in bytes, as asked for.
    pub const fn length(&self) -> u32 {
        self.length
    }

    /// The first byte. To read or write there obeys the protection, or SIGSEGV follows.
    pub const fn as_mut_ptr(&self) -> *mut u8 {
        self.address as *mut u8
    }

    /// Sets the protection of the whole range, `PROT_*`. (`mprotect`)
    ///
    /// # Safety
    /// No reference into the range may be alive that the new protection forbids to use.
    pub unsafe fn protect(&self, protection: u32) -> Result<()> {
        // SAFETY: the range is ours; the caller answers for references into it.
        unsafe { linux::mprotect(self.address, self.length, protection) }.map(drop)
    }
}

impl Drop for Mapping {
    fn drop(&mut self) {
        // SAFETY: the range is ours, and with `self` all borrows of it end.
        let _ = unsafe { linux::munmap(self.address, self.length) };
    }
}
