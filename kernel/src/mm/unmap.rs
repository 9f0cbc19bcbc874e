//! Taking pages out of an address space: munmap, exit, and the cut of a file.

use super::page::{mem_map, page};
use super::space::{AreaBacking, Mm, TASK_SIZE, UserTables};
use crate::result::{Errno, Result};
use crate::task::might_resched;
use kcore::addr::{PageRange, Pfn, Vpn};
use kcore::memory_call::munmap;
use kcore::page::{Page, PageFlags};
use kcore::page_lists::Taken;
use kcore::paging::walk::{Run, Walk, free_tables};
use kcore::paging::{Access, Gather, Slot};
use kcore::vma::VmaSet;

/// Cells looked at with the page-table lock held.
const STEP: usize = 64;

impl Mm {
    /// munmap.
    pub fn munmap(&self, start: u32, length: u32) -> Result<()> {
        let mut layout = self.layout.write();
        let range = munmap(start, length, &layout.limits)?;
        self.unmap_areas(&mut layout.areas, range)
    }

    /// [`Mm::unmap`] for whoever has the layout already.
    pub fn unmap_areas(&self, areas: &mut VmaSet<AreaBacking>, range: PageRange) -> Result<()> {
        let touched = areas.find(range.start()).is_some_and(|(_, area)| area.start() < range.end());
        if !touched {
            return Ok(());
        }
        self.reserve_split(areas, range)?;
        areas.unmap(range, &mut |edit| self.follow(edit)).map_err(|_| Errno::ENOMEM)?;
        self.zap(range);
        self.free_tables(range, free_space_around(areas, range));
        Ok(())
    }

    /// A hole punched into an area makes two of it.
    fn reserve_split(&self, areas: &VmaSet<AreaBacking>, hole: PageRange) -> Result<()> {
        match areas.find(hole.start()) {
            Some((_, area)) if area.start() < hole.start() && hole.end() < area.end() => {
                self.reserve_mappings(area)
            }
            _ => Ok(()),
        }
    }

    /// Takes the pages of `range` out of the tables.
    pub fn zap(&self, range: PageRange) {
        self.zap_with(range, |run, gather, file| {
            run.take_each(gather, |gather, _, slot| hold(gather, slot, file));
        });
    }

    /// [`Mm::zap`], but private copies of a file's pages stay.
    pub fn zap_file(&self, range: PageRange) {
        self.zap_with(range, |run, gather, file| {
            run.take_those(
                gather,
                |slot| !is_anon(slot),
                |gather, _, slot| {
                    hold(gather, slot, file);
                },
            );
        });
    }

    /// Has `take` empty the cells, hold what they had and count the pages that were a file's.
    #[inline(always)]
    fn zap_with(
        &self,
        range: PageRange,
        take: impl Fn(&Run<'_, UserTables<'_, '_>>, &mut Gather<'_>, &mut u32),
    ) {
        let mut walk = Walk::new(range);
        if !self.pass_untouched(&mut walk) {
            return;
        }
        let mut room = [Pfn::new(0); STEP];
        let mut gather = Gather::new(&mut room);
        loop {
            let mut file = 0;
            let lock = self.lock_tables();
            let tables = self.tables(&lock);
            let Some(run) = walk.next(&tables, STEP as u32) else { break };
            take(&run, &mut gather, &mut file);
            drop(run);
            self.subtract_rss(gather.held() - file, file);
            drop(lock);
            self.flush(&mut gather);
            might_resched();
        }
    }

    /// Goes on to where the tables have entries. `false` if that is nowhere.
    #[inline(never)]
    fn pass_untouched(&self, walk: &mut Walk) -> bool {
        loop {
            let lock = self.lock_tables();
            let tables = self.tables(&lock);
            let here = walk.clone();
            let Some(run) = walk.next(&tables, STEP as u32) else { return false };
            if !run.is_empty() {
                *walk = here;
                return true;
            }
            drop(run);
            drop(lock);
            might_resched();
        }
    }

    /// Frees the tables of a range that has been unmapped. `around` is the free space it is part
    /// of now.
    pub fn free_tables(&self, range: PageRange, around: PageRange) {
        let mut gather = Gather::new(&mut []);
        let lock = self.lock_tables();
        free_tables(&self.tables(&lock), mem_map(), range, around, &mut gather);
        drop(lock);
        self.flush(&mut gather);
    }
}

/// The space without areas that `range`, which has none, lies in.
pub fn free_space_around(areas: &VmaSet<AreaBacking>, range: PageRange) -> PageRange {
    let next = areas.find(range.start());
    let previous = match next {
        Some((id, _)) => areas.prev(id),
        None => areas.last(),
    };
    let start = previous.map_or(Vpn::new(0), |(_, area)| area.end());
    let end = next.map_or(TASK_SIZE, |(_, area)| area.start());
    PageRange::new(start, end).unwrap_or(range)
}

fn is_anon(slot: Slot) -> bool {
    match slot {
        Slot::Page { pfn, access } => {
            !access.contains(Access::SPECIAL) && page(pfn).has(PageFlags::ANON)
        }
        _ => false,
    }
}

/// Has `gather` hold what a removed entry held. `file` counts the pages that were a file's.
#[inline(always)]
fn hold(gather: &mut Gather<'_>, slot: Slot, file: &mut u32) {
    if let Some((page, pfn, access)) = counted(slot)
        && gather.take(page, pfn) != Taken::Freed
    {
        unmapped(page, access, file);
        gather.hold(pfn);
    }
}

/// The page of an entry that counts as a reference and a mapping.
#[inline(always)]
pub(super) fn counted(slot: Slot) -> Option<(&'static Page, Pfn, Access)> {
    match slot {
        Slot::Page { pfn, access } if !access.contains(Access::SPECIAL) => {
            Some((page(pfn), pfn, access))
        }
        _ => None,
    }
}

/// A page has one mapping less.
#[inline(always)]
pub(super) fn unmapped(page: &Page, access: Access, file: &mut u32) {
    if !page.has(PageFlags::ANON) {
        *file += 1;
        if access.contains(Access::DIRTY) {
            page.set(PageFlags::DIRTY);
        }
    }
    page.remove_mapping();
}
