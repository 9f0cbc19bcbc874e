//! Pages that a row maps and touches.

use sys::Result;
use sys::abi::memory::*;
use sys::syscall::linux;

/// Read and write.
pub const RW: u32 = PROT_READ | PROT_WRITE;

/// A range of this process's addresses, whatever is mapped there. Unmapped when dropped.
pub struct Pages {
    pub address: u32,
    pub count: u32,
}

impl Pages {
    /// Private zeroed pages.
    pub fn anonymous(count: u32) -> Result<Self> {
        Self::map(count, RW, MAP_PRIVATE | MAP_ANONYMOUS, -1)
    }

    /// The first `count` pages of `fd`, or anonymous ones, where the kernel chooses.
    pub fn map(count: u32, protection: u32, flags: u32, fd: i32) -> Result<Self> {
        // SAFETY: without MAP_FIXED a new mapping replaces nothing.
        let address = unsafe { linux::mmap2(0, count * PAGE_SIZE, protection, flags, fd, 0) }?;
        Ok(Self { address, count })
    }

    /// Addresses where nothing is mapped.
    pub fn hole(count: u32) -> Result<Self> {
        let pages = Self::map(count, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1)?;
        pages.unmap()?;
        Ok(pages)
    }

    /// Length in bytes.
    pub fn length(&self) -> u32 {
        self.count * PAGE_SIZE
    }

    /// The address of a page.
    #[inline(always)]
    pub fn page(&self, page: u32) -> u32 {
        self.address.wrapping_add(page.wrapping_mul(PAGE_SIZE))
    }

    /// Writes a word to a page that is mapped for writing.
    #[inline(always)]
    pub fn write(&self, page: u32) {
        // SAFETY: nothing but rows uses the range. Where it is not writable the program ends.
        unsafe { (self.page(page) as *mut u32).write_volatile(1) };
    }

    /// Reads a word of a page that is mapped for reading.
    #[inline(always)]
    pub fn read(&self, page: u32) {
        // SAFETY: as for `write`.
        unsafe { (self.page(page) as *const u32).read_volatile() };
    }

    /// Writes to every page.
    pub fn write_all(&self) {
        (0..self.count).for_each(|page| self.write(page));
    }

    /// Anonymous memory on `count` pages from `first` on, in the place of what is there.
    pub fn fill(&self, first: u32, count: u32, protection: u32) -> Result<()> {
        let flags = MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED;
        let (address, length) = (self.page(first), count * PAGE_SIZE);
        // SAFETY: nothing but rows uses the range.
        unsafe { linux::mmap2(address, length, protection, flags, -1, 0) }.map(drop)
    }

    /// Changes the protection of `count` pages from `first` on.
    #[inline(always)]
    pub fn protect(&self, first: u32, count: u32, protection: u32) -> Result<()> {
        // SAFETY: nothing but rows uses the range.
        unsafe { linux::mprotect(self.page(first), count * PAGE_SIZE, protection) }.map(drop)
    }

    /// Makes a hole of it.
    #[inline(always)]
    pub fn unmap(&self) -> Result<()> {
        // SAFETY: nothing but rows uses the range.
        unsafe { linux::munmap(self.address, self.length()) }.map(drop)
    }
}

impl Drop for Pages {
    fn drop(&mut self) {
        // It has been mapped, so it can be unmapped, and a hole stays one.
        let _ = self.unmap();
    }
}
