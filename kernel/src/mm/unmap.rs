//! Taking pages out of an address space: munmap, exit, and the cut of a file.

use super::page::{mem_map, page};
use super::space::{AreaBacking, Mm, TASK_SIZE};
use crate::result::{Errno, Result};
use crate::task::might_resched;
use kcore::addr::{PageRange, Pfn, Vpn};
use kcore::memory_call::munmap;
use kcore::page::PageFlags;
use kcore::paging::walk::{Walk, free_tables};
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
        self.zap_those(range, |_| true);
    }

    /// [`Mm::zap`], but private copies of a file's pages stay.
    pub fn zap_file(&self, range: PageRange) {
        self.zap_those(range, |slot| !is_anon(slot));
    }

    #[inline]
    fn zap_those(&self, range: PageRange, wanted: impl Fn(Slot) -> bool) {
        let mut walk = Walk::new(range);
        let mut room = [Pfn::new(0); STEP];
        let mut gather = Gather::new(&mut room);
        loop {
            let (mut anon, mut file) = (0, 0);
            let lock = self.lock_tables();
            let tables = self.tables(&lock);
            let Some(run) = walk.next(&tables, STEP as u32) else { break };
            run.take_those(&mut gather, &wanted, |_, slot| released(slot, &mut anon, &mut file));
            drop(run);
            drop(lock);
            self.flush(&mut gather);
            // Whoever cuts a file does this to other programs, which may exit meanwhile.
            self.subtract_rss(anon, file);
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

/// The reference that a removed entry held, if it held one.
#[inline]
pub(super) fn released(slot: Slot, anon: &mut u32, file: &mut u32) -> Option<Pfn> {
    let Slot::Page { pfn, access } = slot else { return None };
    if access.contains(Access::SPECIAL) {
        return None;
    }
    let page = page(pfn);
    if page.has(PageFlags::ANON) {
        *anon += 1;
    } else {
        *file += 1;
        if access.contains(Access::DIRTY) {
            page.set(PageFlags::DIRTY);
        }
    }
    page.remove_mapping();
    Some(pfn)
}
