//! The memory of an address space that is not the current one: building a new program's stack,
//! looking into another process.

use super::fault::Outcome;
use super::frames::get_page;
use super::space::{Mm, TASK_SIZE};
use crate::result::{Errno, Result};
use kcore::addr::{Pfn, Vpn};
use kcore::fault::AccessKind;
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
        if page >= TASK_SIZE {
            return Err(Errno::EFAULT);
        }
        loop {
            let lock = self.lock_tables();
            if let Some((pfn, access)) = translate(&self.tables(&lock), page)
                && permits(access, kind)
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
