//! Reading and writing objects: between the page cache and the memory of programs.

use super::frames::{Frame, put_page};
use super::kmap::{kmap, kmap_atomic};
use super::object::{Lookup, MAX_SIZE, Object, Source, page_of};
use super::user::{Retries, UserSlice, fault_in};
use super::zero_page::zero_pfn;
use crate::arch::string::copy_shared;
use crate::result::{Errno, Result};
use crate::task::might_resched;
use kcore::addr::{PAGE_SIZE, Pfn};

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
    unsafe { to.copy_out_raw(mapping.as_ptr::<u8>().add(within), count) }
}

/// The same where some of that memory has to be brought first, which may sleep.
#[cold]
fn copy_to_absent(from: Pfn, within: usize, count: usize, to: &mut UserSlice) -> usize {
    let mapping = kmap(from);
    // SAFETY: as above.
    unsafe { to.copy_out_raw(mapping.as_ptr::<u8>().add(within), count) }
}

impl Object {
    /// Copies to user memory; fewer bytes at the end of the object or of the memory. EFAULT only
    /// if nothing was copied.
    pub fn read(&self, offset: u64, to: &mut UserSlice) -> Result<usize> {
        self.read_pages(offset, to.len(), |pfn, within, count| {
            let copied = copy_to_program(pfn, within, count, to);
            if copied == count {
                return count;
            }
            copied + copy_to_absent(pfn, within + copied, count - copied, to)
        })
    }

    /// Copies to kernel memory; fewer bytes at the end of the object. An error only if nothing was
    /// copied.
    pub fn read_kernel(&self, offset: u64, to: &mut [u8]) -> Result<usize> {
        let len = to.len();
        let mut rest = to;
        self.read_pages(offset, len, |pfn, within, count| {
            let Some(part) = rest.split_off_mut(..count) else { return 0 };
            let mapping = kmap_atomic(pfn);
            // SAFETY: the mapping covers the frame, and `within + count` does not pass its end.
            unsafe {
                copy_shared(part.as_mut_ptr(), mapping.as_ptr::<u8>().add(within), count);
            }
            count
        })
    }

    /// Shows `len` bytes from `offset` on to `copy(frame, within, count)`, which says how many it
    /// took; stops where it takes fewer. An error only if it took none.
    #[inline]
    fn read_pages(
        &self,
        mut offset: u64,
        len: usize,
        mut copy: impl FnMut(Pfn, usize, usize) -> usize,
    ) -> Result<usize> {
        let size = self.size();
        let mut done = 0;
        while offset < size && done < len {
            let within = (offset % u64::from(PAGE_SIZE)) as usize;
            let left = (size - offset).min((len - done) as u64) as usize;
            let count = left.min(PAGE_SIZE as usize - within);
            let found = match self.page_for_read(page_of(offset)) {
                Ok(Some(found)) => found,
                Ok(None) => break,
                Err(errno) if done == 0 => return Err(errno),
                Err(_) => break,
            };
            let copied = copy(found.pfn(), within, count);
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
        let mut retries = Retries::new();
        while !from.is_empty() {
            if offset >= MAX_SIZE {
                return if done == 0 { Err(Errno::EFBIG) } else { Ok(done) };
            }
            let within = (offset % u64::from(PAGE_SIZE)) as usize;
            let count = from.len().min(PAGE_SIZE as usize - within);
            // SAFETY: `place` has room to the end of its page.
            let fill = |place| unsafe { from.copy_in_raw(place, count) };
            let copied = match self.write_page(offset, within, fill) {
                Ok(copied) => copied,
                Err(errno) if done == 0 => return Err(errno),
                Err(_) => return Ok(done),
            };
            done += copied;
            offset += copied as u64;
            if copied < count {
                let bring = |()| fault_in(from.address(), count - copied, false);
                match retries.again(copied).and_then(bring) {
                    Ok(()) => continue,
                    Err(fault) if done == 0 => return Err(fault),
                    Err(_) => return Ok(done),
                }
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
            let count = rest.len().min(PAGE_SIZE as usize - within);
            let copied = match offset {
                MAX_SIZE.. => Err(Errno::EFBIG),
                _ => self.write_page(offset, within, |place| {
                    // SAFETY: `place` has room to the end of its page, and `rest` `count` bytes.
                    unsafe { copy_shared(place, rest.as_ptr(), count) };
                    count
                }),
            };
            match copied {
                Ok(copied) => {
                    done += copied;
                    offset += copied as u64;
                }
                Err(errno) if done == 0 => return Err(errno),
                Err(_) => break,
            }
        }
        Ok(done)
    }

    /// Lends a page, mapped from byte `within` to its end, to `fill`, which says how many bytes it
    /// wrote and does not sleep.
    #[inline]
    fn write_page(
        &self,
        offset: u64,
        within: usize,
        fill: impl FnOnce(*mut u8) -> usize,
    ) -> Result<usize> {
        let index = page_of(offset);
        let pfn = self.page_for_write(index)?;
        let mapping = kmap_atomic(pfn);
        // SAFETY: `within` lies in the frame.
        let copied = fill(unsafe { mapping.as_ptr::<u8>().add(within) });
        drop(mapping);
        self.written(index, pfn, (copied != 0).then(|| offset + copied as u64));
        put_page(pfn);
        Ok(copied)
    }
}
