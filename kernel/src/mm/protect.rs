//! Other rights for what is mapped: mprotect.

use super::layout::Layout;
use super::page::page;
use super::space::{Area, Mm};
use crate::arch::paging;
use crate::result::{Errno, Result};
use crate::task::might_resched;
use kcore::addr::PageRange;
use kcore::fault::page_access;
use kcore::memory_call::{Piece, Pieces, mprotect, protect_piece};
use kcore::page::PageFlags;
use kcore::paging::walk::Walk;
use kcore::paging::{Access, Gather};
use kcore::vma::{VmFlags, VmaId};

/// Cells changed with the page-table lock held.
const STEP: u32 = 64;

impl Mm {
    /// mprotect. What lies in front of a hole has been changed when ENOMEM comes back.
    pub fn mprotect(&self, start: u32, length: u32, prot: u32) -> Result<()> {
        let mut layout = self.layout.write();
        let Some(plan) = mprotect(start, length, prot, &layout.areas)? else { return Ok(()) };
        let mut pieces = Pieces::new(plan.range);
        while let Some(piece) = pieces.next(&layout.areas) {
            let Piece::Area { id, range } = piece else { return Err(Errno::ENOMEM) };
            let area = layout.areas.get(id).ok_or(Errno::ENOMEM)?;
            let (account, limits) = (layout.areas.account(), &layout.limits);
            let (flags, _) = protect_piece(area, range, plan.prot, account, limits)?;
            if flags != area.flags() {
                self.reserve_change(area, range)?;
                let changed = layout.areas.change(id, range, flags, &mut |edit| self.follow(edit));
                changed.map_err(|_| Errno::ENOMEM)?;
                self.change_rights(range, flags);
            }
        }
        Ok(())
    }

    /// Gives part of an area other flags; the pages keep their rights.
    pub fn change_flags(
        &self,
        layout: &mut Layout,
        id: VmaId,
        range: PageRange,
        flags: VmFlags,
    ) -> Result<VmaId> {
        if let Some(area) = layout.areas.get(id) {
            self.reserve_change(area, range)?;
        }
        let changed = layout.areas.change(id, range, flags, &mut |edit| self.follow(edit));
        changed.map_err(|_| Errno::ENOMEM)
    }

    /// A whole area at most takes the place of another in a reverse map.
    fn reserve_change(&self, area: &Area, range: PageRange) -> Result<()> {
        if area.range() == range { Ok(()) } else { self.reserve_mappings(area) }
    }

    /// Brings the entries of a range into line with its area's flags.
    fn change_rights(&self, range: PageRange, flags: VmFlags) {
        let mut walk = Walk::new(range);
        let shared = flags.contains(VmFlags::SHARED);
        while !walk.is_done() {
            let mut gather = Gather::new(&mut []);
            let lock = self.lock_tables();
            let tables = self.tables(&lock);
            let Some(run) = walk.next(&tables, STEP) else { break };
            run.change_each(paging::format(), &mut gather, |_, pfn, access| {
                let special = access & Access::SPECIAL;
                // A private page becomes writable by a fault, unless it is ours alone and has
                // been written before.
                let ours = || {
                    let page = page(pfn);
                    page.has(PageFlags::ANON) && page.refcount() == 1
                };
                let write =
                    special.is_empty() && (shared || access.contains(Access::DIRTY) && ours());
                page_access(flags, write) | special
            });
            drop(run);
            drop(lock);
            self.invalidate(gather.into_flush());
            might_resched();
        }
    }
}
