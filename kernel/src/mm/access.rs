//! The memory of an address space that is not the current one: building a new program's stack,
//! looking into another process.

use super::fault::Outcome;
use super::frames::Frame;
use super::kmap::kmap;
use super::space::{Mm, TASK_SIZE};
use super::user::UserSlice;
use crate::result::{Errno, Result};
use crate::task::might_resched;
use kcore::addr::{PAGE_SIZE, Pfn, VirtAddr, Vpn};
use kcore::fault::AccessKind;
use kcore::page::Page;
use kcore::paging::Access;
use kcore::paging::walk::translate;

/// Whether an entry with these rights lets programs access the page so.
pub(super) fn permits(rights: Access, kind: AccessKind) -> bool {
    let writable = kind != AccessKind::Write || rights.contains(Access::WRITE);
    writable && rights.contains(Access::USER) && !rights.contains(Access::PROT_NONE)
}

impl Mm {
    /// The frame behind a page, with a reference; faulted in if need be.
    pub fn frame_of(&self, page: Vpn, kind: AccessKind) -> Result<Pfn> {
        self.look_up(page, kind, Page::get)
    }

    /// [`Mm::frame_of`], for whoever lets the program run meanwhile: what is written to the frame
    /// arrives there, whoever forks or writes to the page.
    pub fn pin(&self, page: Vpn, kind: AccessKind) -> Result<Frame> {
        let get = if kind == AccessKind::Write { Page::pin } else { Page::get };
        self.look_up(page, kind, get).map(Frame::from_raw)
    }

    fn look_up(&self, page: Vpn, kind: AccessKind, get: impl Fn(&Page)) -> Result<Pfn> {
        if page >= TASK_SIZE {
            return Err(Errno::EFAULT);
        }
        loop {
            let lock = self.lock_tables();
            if let Some((pfn, access)) = translate(&self.tables(&lock), page)
                && permits(access, kind)
            {
                get(super::page::page(pfn));
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

    /// Copies from its memory at `address` to the running program's, as far as it is there and
    /// may be read. EFAULT if nothing is.
    pub fn copy_out(&self, address: u32, to: &mut UserSlice) -> Result<usize> {
        let mut done = 0;
        while !to.is_empty() {
            let Some(at) = u32::try_from(done).ok().and_then(|done| address.checked_add(done))
            else {
                break;
            };
            let within = (at % PAGE_SIZE) as usize;
            let count = to.len().min(PAGE_SIZE as usize - within);
            let frame = match self.frame_of(VirtAddr::new(at).vpn(), AccessKind::Read) {
                Ok(pfn) => Frame::from_raw(pfn),
                Err(errno) if done == 0 => return Err(errno),
                Err(_) => break,
            };
            let mapping = kmap(frame.pfn());
            // SAFETY: the mapping covers the frame, and `within + count` does not pass its end.
            let copied = unsafe { to.copy_out_raw(mapping.as_ptr::<u8>().add(within), count) };
            drop(mapping);
            done += copied;
            if copied < count {
                return if done == 0 { Err(Errno::EFAULT) } else { Ok(done) };
            }
            might_resched();
        }
        Ok(done)
    }
}
