//! Reading and writing objects: between the page cache and the memory of programs.

use super::frames::{Frame, put_page};
use super::kmap::{kmap, kmap_atomic};
use super::object::{Lookup, MAX_SIZE, Object, Source, page_of};
use super::page::page;
use super::user::{UserSlice, fault_in};
use super::zero_page::zero_pfn;
use crate::result::{Errno, Result};
use crate::task::might_resched;
use core::slice;
use kcore::addr::{PAGE_SIZE, Pfn};
use kcore::page::PageFlags;

/// A page that is read, with a reference.
enum PageToRead {
    Cached(Frame),
    /// A hole's.
    Zero,
}

impl PageToRead {
    fn pfn(&self) -> Pfn {
        match self {
            Self::Cached(frame) => frame.pfn(),
            Self::Zero => zero_pfn(),
        }
    }
}

/// Copies `count` bytes of a frame to the program as far as its memory is there.
#[inline]
fn copy_to_program(from: Pfn, within: usize, count: usize, to: &mut UserSlice) -> usize {
    let mapping = kmap_atomic(from);
    // SAFETY: the mapping covers the frame, and `within + count` does not pass its end.
    // Others may write to it meanwhile, as they may on any machine; bytes are bytes.
    let bytes = unsafe { slice::from_raw_parts(mapping.as_ptr::<u8>().add(within), count) };
    to.copy_out(bytes)
}

/// The same where some of that memory has to be brought first, which may sleep.
#[cold]
fn copy_to_absent(from: Pfn, within: usize, count: usize, to: &mut UserSlice) -> usize {
    let mapping = kmap(from);
    // SAFETY: as above.
    let bytes = unsafe { slice::from_raw_parts(mapping.as_ptr::<u8>().add(within), count) };
    to.copy_out(bytes)
}

impl Object {
    /// Copies to user memory; fewer bytes at the end of the object or of the memory. EFAULT only
    /// if nothing was copied.
    pub fn read(&self, mut offset: u64, to: &mut UserSlice) -> Result<usize> {
        let mut done = 0;
        let size = self.size();
        while offset < size && !to.is_empty() {
            let within = (offset % u64::from(PAGE_SIZE)) as usize;
            let left = (size - offset).min(to.len() as u64) as usize;
            let count = left.min(PAGE_SIZE as usize - within);
            let found = match self.page_for_read(page_of(offset)) {
                Ok(Some(found)) => found,
                Ok(None) => break,
                Err(errno) if done == 0 => return Err(errno),
                Err(_) => break,
            };
            let mut copied = copy_to_program(found.pfn(), within, count, to);
            if copied < count {
                copied += copy_to_absent(found.pfn(), within + copied, count - copied, to);
            }
            done += copied;
            offset += copied as u64;
            if copied < count {
                return if done == 0 { Err(Errno::EFAULT) } else { Ok(done) };
            }
            might_resched();
        }
        Ok(done)
    }

    /// A page to read from. A hole reads as zero, and stays one. `None` beyond the end.
    #[inline]
    fn page_for_read(&self, index: u32) -> Result<Option<PageToRead>> {
        loop {
            return Ok(Some(match self.lookup(index) {
                Lookup::Cached(pfn) => PageToRead::Cached(Frame::from_raw(pfn)),
                Lookup::Hole if matches!(self.source, Source::Archive { .. }) => {
                    self.fill_hole(index)?;
                    continue;
                }
                Lookup::Hole => PageToRead::Zero,
                Lookup::Beyond => return Ok(None),
            }));
        }
    }

    /// Copies from user memory and extends the object as far as bytes were written. EFAULT only
    /// if none were.
    pub fn write(&self, mut offset: u64, from: &mut UserSlice) -> Result<usize> {
        let mut done = 0;
        while !from.is_empty() {
            if offset >= MAX_SIZE {
                return if done == 0 { Err(Errno::EFBIG) } else { Ok(done) };
            }
            let within = (offset % u64::from(PAGE_SIZE)) as usize;
            let count = from.len().min(PAGE_SIZE as usize - within);
            let copied = match self.write_page(offset, within, count, |bytes| from.copy_in(bytes)) {
                Ok(copied) => copied,
                Err(errno) if done == 0 => return Err(errno),
                Err(_) => return Ok(done),
            };
            done += copied;
            offset += copied as u64;
            if copied < count {
                if fault_in(from.address(), count - copied, false).is_ok() {
                    continue;
                }
                return if done == 0 { Err(Errno::EFAULT) } else { Ok(done) };
            }
            might_resched();
        }
        Ok(done)
    }

    /// Copies from kernel memory and extends the object as far as bytes were written.
    pub fn write_kernel(&self, mut offset: u64, from: &[u8]) -> Result<usize> {
        let mut done = 0;
        while let Some(rest) = from.get(done..)
            && !rest.is_empty()
        {
            let within = (offset % u64::from(PAGE_SIZE)) as usize;
            let now = rest.get(..PAGE_SIZE as usize - within).unwrap_or(rest);
            let copied = match offset {
                MAX_SIZE.. => Err(Errno::EFBIG),
                _ => self.write_page(offset, within, now.len(), |bytes| {
                    bytes.copy_from_slice(now);
                    now.len()
                }),
            };
            match copied {
                // A truncate was faster.
                Ok(0) => return Ok(done),
                Ok(copied) => {
                    done += copied;
                    offset += copied as u64;
                }
                Err(errno) if done == 0 => return Err(errno),
                Err(_) => return Ok(done),
            }
        }
        Ok(done)
    }

    /// Lends `count` bytes of a page, `within` its beginning, to `fill`, which says how many it
    /// wrote and does not sleep.
    #[inline]
    fn write_page(
        &self,
        offset: u64,
        within: usize,
        count: usize,
        fill: impl FnOnce(&mut [u8]) -> usize,
    ) -> Result<usize> {
        let index = page_of(offset);
        let before = self.size();
        // The page must exist while it is filled; the size says so only once bytes are in it.
        let grown = before.max(u64::from(index) * u64::from(PAGE_SIZE) + 1);
        self.set_size_at_least(grown);
        let page_found = self.page_for_write(index);
        let pfn = match page_found {
            Ok(Some(pfn)) => pfn,
            Ok(None) => {
                self.shrink_back(before, grown);
                return Ok(0);
            }
            Err(errno) => {
                self.shrink_back(before, grown);
                return Err(errno);
            }
        };
        let mapping = kmap_atomic(pfn);
        // SAFETY: the mapping covers the frame, and `within + count` does not pass its end.
        let bytes = unsafe { slice::from_raw_parts_mut(mapping.as_ptr::<u8>().add(within), count) };
        let copied = fill(bytes);
        drop(mapping);
        page(pfn).set(PageFlags::DIRTY);
        put_page(pfn);
        if copied == 0 {
            self.shrink_back(before, grown);
        } else {
            self.shrink_back(before.max(offset + copied as u64), grown);
        }
        Ok(copied)
    }

    fn set_size_at_least(&self, size: u64) {
        self.with(|cached, _| cached.size = cached.size.max(size));
    }

    /// The size while a page was written, made the true one, unless somebody else set it.
    fn shrink_back(&self, size: u64, if_it_is: u64) {
        self.with(|cached, _| {
            if cached.size == if_it_is || cached.size < size {
                cached.size = size;
            }
        });
    }

    /// Copies to kernel memory; fewer bytes at the end of the object. An error only if nothing was
    /// copied.
    pub fn read_kernel(&self, mut offset: u64, to: &mut [u8]) -> Result<usize> {
        let size = self.size();
        let mut done = 0;
        while offset < size
            && let Some(rest) = to.get_mut(done..)
            && !rest.is_empty()
        {
            let within = (offset % u64::from(PAGE_SIZE)) as usize;
            let left = (size - offset).min(rest.len() as u64) as usize;
            let count = left.min(PAGE_SIZE as usize - within);
            let found = match self.page_for_read(page_of(offset)) {
                Ok(Some(found)) => found,
                Ok(None) => break,
                Err(errno) if done == 0 => return Err(errno),
                Err(_) => break,
            };
            let mapping = kmap_atomic(found.pfn());
            // SAFETY: the mapping covers the frame; `rest` has at least `count` bytes.
            unsafe {
                let source = mapping.as_ptr::<u8>().add(within);
                core::ptr::copy_nonoverlapping(source, rest.as_mut_ptr(), count);
            }
            drop(mapping);
            done += count;
            offset += count as u64;
        }
        Ok(done)
    }
}
