//! The memory of an address space that is not the current one: building a new program's stack,
//! looking into another process.

use super::fault::Outcome;
use super::frames::{get_page, put_page};
use super::kmap::kmap_atomic;
use super::space::{Mm, TASK_SIZE};
use crate::result::{Errno, Result};
use kcore::addr::{PAGE_SIZE, Pfn, VirtAddr, Vpn};
use kcore::fault::AccessKind;
use kcore::paging::Access;
use kcore::paging::walk::translate;

impl Mm {
    /// Writes bytes as the program itself could: EFAULT where it could not.
    pub fn write_bytes(&self, address: u32, bytes: &[u8]) -> Result<()> {
        self.each_page(address, bytes.len(), AccessKind::Write, |frame, done, count| {
            let Some(part) = bytes.get(done..done + count) else { return };
            // SAFETY: `each_page` gives `count` bytes of a mapped frame.
            unsafe { core::ptr::copy_nonoverlapping(part.as_ptr(), frame, count) };
        })
    }

    /// Reads bytes as the program itself could.
    pub fn read_bytes(&self, address: u32, bytes: &mut [u8]) -> Result<()> {
        self.each_page(address, bytes.len(), AccessKind::Read, |frame, done, count| {
            let Some(part) = bytes.get_mut(done..done + count) else { return };
            // SAFETY: as above.
            unsafe { core::ptr::copy_nonoverlapping(frame, part.as_mut_ptr(), count) };
        })
    }

    /// Calls `work(pointer, bytes done, bytes here)` for the part of a range in each page.
    fn each_page(
        &self,
        address: u32,
        len: usize,
        kind: AccessKind,
        mut work: impl FnMut(*mut u8, usize, usize),
    ) -> Result<()> {
        let mut done = 0;
        while done < len {
            let offset = u32::try_from(done).map_err(|_| Errno::EFAULT)?;
            let at = VirtAddr::new(address.checked_add(offset).ok_or(Errno::EFAULT)?);
            let within = at.page_offset() as usize;
            let count = (len - done).min(PAGE_SIZE as usize - within);
            let pfn = self.frame_of(at.vpn(), kind)?;
            let mapping = kmap_atomic(pfn);
            // SAFETY: `within` lies in the frame.
            work(unsafe { mapping.as_ptr::<u8>().add(within) }, done, count);
            drop(mapping);
            put_page(pfn);
            done += count;
        }
        Ok(())
    }

    /// The frame behind a page, with a reference; faulted in if need be.
    pub fn frame_of(&self, page: Vpn, kind: AccessKind) -> Result<Pfn> {
        if page >= TASK_SIZE {
            return Err(Errno::EFAULT);
        }
        loop {
            let lock = self.lock_tables();
            if let Some((pfn, access)) = translate(&self.tables(&lock), page)
                && access.contains(Access::USER)
                && (kind != AccessKind::Write || access.contains(Access::WRITE))
            {
                get_page(pfn);
                return Ok(pfn);
            }
            drop(lock);
            let address = page.address().ok_or(Errno::EFAULT)?;
            match self.fault(address, kind) {
                Outcome::Done { .. } => {}
                Outcome::Signal(_) => return Err(Errno::EFAULT),
                Outcome::OutOfMemory => return Err(Errno::ENOMEM),
            }
        }
    }
}
