//! Faulting in pages before they are touched: MAP_POPULATE, mlock, MADV_POPULATE.

use super::access::permits;
use super::fault::Outcome;
use super::space::Mm;
use crate::arch::paging::Active;
use crate::result::{Errno, Result};
use crate::task::{self, might_resched, work};
use kcore::addr::{PageRange, Vpn};
use kcore::fault::AccessKind;
use kcore::paging::walk::leaf;
use kcore::paging::{Cell, Format, Level, Slot};
use kcore::vma::VmFlags;

/// Pages looked at under one hold of the page-table lock. They share a table.
const LOOK: u32 = 64;

/// Private pages are written at once, so that they need no second fault.
pub(super) fn access(flags: VmFlags) -> AccessKind {
    match flags & (VmFlags::WRITE | VmFlags::SHARED) {
        VmFlags::WRITE => AccessKind::Write,
        _ => AccessKind::Read,
    }
}

impl Mm {
    /// Makes pages present as an area with `flags` allows, until one cannot be.
    pub fn populate(&self, range: PageRange, flags: VmFlags) {
        let _ = self.fault_in_range(range, access(flags));
    }

    /// Faults in every page of a range that needs it, on the running task's account; stops at the
    /// first that cannot be, and with EINTR when the task is killed.
    pub fn fault_in_range(&self, range: PageRange, kind: AccessKind) -> Result<()> {
        let mut rest = range;
        while !rest.is_empty() {
            might_resched();
            // Whoever is killed needs no more memory.
            if task::current().work() & work::KILL != 0 {
                return Err(Errno::EINTR);
            }
            let missing = self.first_missing(rest, kind);
            for page in missing.pages() {
                let address = page.address().ok_or(Errno::EFAULT)?;
                match self.fault(address, kind) {
                    Outcome::Done { major } => task::current().count_fault(major),
                    Outcome::Signal(_) => return Err(Errno::EFAULT),
                    Outcome::OutOfMemory => return Err(Errno::ENOMEM),
                }
            }
            rest = rest.above(missing.end());
        }
        Ok(())
    }

    /// The first pages of `range` that the access faults on; none at the end of what one look
    /// shows.
    fn first_missing(&self, range: PageRange, kind: AccessKind) -> PageRange {
        let seen = range.below(Vpn::new((range.start().as_u32() | (LOOK - 1)) + 1));
        let lock = self.lock_tables();
        let tables = self.tables(&lock);
        let missing = match leaf(&tables, seen.start()) {
            None => seen,
            Some(leaf) => {
                let is_there = |page: &Vpn| {
                    let entry = Active::decode(Cell::load(leaf.cell(*page)), Level::Leaf);
                    matches!(entry, Slot::Page { access, .. } if permits(access, kind))
                };
                let mut pages = seen.pages().skip_while(is_there);
                match pages.next() {
                    None => return seen.above(seen.end()),
                    Some(first) => {
                        let end = pages.find(is_there).unwrap_or(seen.end());
                        PageRange::new(first, end).unwrap_or_default()
                    }
                }
            }
        };
        match kind {
            AccessKind::Write => missing,
            // The fault may bring the others along.
            _ => missing.below(missing.start().checked_add(1).unwrap_or(missing.end())),
        }
    }
}
