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

impl Mm {
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
