//! A second address space with the same contents: fork.
//!
//! Private writable pages become read-only in both; whoever writes first gets a copy. What can be
//! found again in an object is not copied at all.

use super::page::mem_map;
use super::space::{Mm, TASK_SIZE};
use crate::arch::paging::Active;
use crate::result::{Errno, Result};
use crate::task::might_resched;
use alloc::sync::Arc;
use core::sync::atomic::Ordering::Relaxed;
use kcore::addr::PageRange;
use kcore::page::PageFlags;
use kcore::paging::walk::CopyWalk;
use kcore::paging::{Access, Cell, Flush, Format, Level, Slot};
use kcore::vma::{Edit, VmFlags};

/// Cells copied with the page-table lock held.
const STEP: u32 = 64;

impl Mm {
    /// The address space of a child.
    pub fn fork(&self) -> Result<Arc<Self>> {
        let child = Mm::of(self.anon.clone())?;
        child.landing.store(self.landing.load(Relaxed), Relaxed);
        // For writing: no fault may add pages behind our back.
        let layout = self.layout.write();
        let areas = layout.areas.duplicate().map_err(|_| Errno::ENOMEM)?;
        let mut child_layout = child.layout.write();
        *child_layout = layout.with_areas(areas);
        // From here on dropping the child takes down whatever it has.
        let mut left_out = None;
        for (id, area) in child_layout.areas.iter() {
            if child.reserve_mappings(area).is_err() {
                left_out = PageRange::new(area.start(), TASK_SIZE);
                break;
            }
            child.follow(Edit::Added { id, vma: area });
        }
        if let Some(range) = left_out {
            // No reverse map knows these; and whole areas go without needing memory.
            let gone = child_layout.areas.unmap(range, &mut |_| {});
            debug_assert!(gone.is_ok(), "a whole area did not go");
            return Err(Errno::ENOMEM);
        }
        let copied = layout.areas.iter().try_for_each(|(_, area)| {
            let flags = area.flags();
            let refault = !area.has_private() && !self.is_vdso(area);
            if refault || flags.intersects(VmFlags::DONTCOPY.union(VmFlags::WIPEONFORK)) {
                return Ok(());
            }
            self.copy_pages(&child, area.range(), flags.is_cow())
        });
        // What the parent may no longer write, no TLB of its may allow, before the child runs.
        self.invalidate(Flush::All);
        copied?;
        drop(child_layout);
        Ok(child)
    }

    fn copy_pages(&self, child: &Mm, range: PageRange, copy_on_write: bool) -> Result<()> {
        let lost = if copy_on_write { Access::ACCESSED | Access::WRITE } else { Access::ACCESSED };
        let pages = mem_map();
        let mut walk = CopyWalk::new(range);
        loop {
            let lock = self.lock_tables();
            let (from, to) = (self.tables(&lock), child.tables(&lock));
            let run = match walk.next(&from, &to, STEP) {
                Ok(Some(run)) => run,
                Ok(None) => return Ok(()),
                Err(_) => return Err(Errno::ENOMEM),
            };
            let (mut all, mut anon) = (0, 0);
            run.each(|raw, parent, cell| {
                let Slot::Page { pfn, access } = Active::decode(raw, Level::Leaf) else { return };
                if copy_on_write && access.contains(Access::WRITE) {
                    parent.clear_bits(Access::WRITE);
                }
                cell.set(Active::without(raw, lost));
                if !access.contains(Access::SPECIAL) {
                    let page = &pages[pfn.as_u32() as usize];
                    page.get();
                    page.add_mapping();
                    all += 1;
                    anon += u32::from(page.has(PageFlags::ANON));
                }
            });
            drop(run);
            drop(lock);
            child.add_rss(anon, all - anon);
            might_resched();
        }
    }
}
