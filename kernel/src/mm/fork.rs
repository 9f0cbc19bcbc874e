//! A second address space with the same contents: fork.
//!
//! Private writable pages become read-only in both; whoever writes first gets a copy. What can be
//! found again in an object is not copied at all.

use super::frames::get_page;
use super::page::page;
use super::space::{AreaBacking, Mm, TASK_SIZE};
use crate::arch::paging::{self, Active};
use crate::result::{Errno, Result};
use crate::task::might_resched;
use alloc::sync::Arc;
use kcore::addr::PageRange;
use kcore::page::PageFlags;
use kcore::paging::walk::CopyWalk;
use kcore::paging::{Access, Cell, Format, Gather, Level, Slot};
use kcore::vma::{Edit, VmFlags};

/// Cells copied with the page-table lock held.
const STEP: u32 = 64;

impl Mm {
    /// The address space of a child.
    pub fn fork(&self) -> Result<Arc<Self>> {
        let child = Mm::new()?;
        // For writing: no fault may add pages behind our back.
        let layout = self.layout.write();
        let areas = layout
            .areas
            .duplicate(|_, area| match area.flags().contains(VmFlags::WIPEONFORK) {
                true => AreaBacking::new(area.backing.object.clone()),
                false => area.backing.clone(),
            })
            .map_err(|_| Errno::ENOMEM)?;
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
        for (_, area) in layout.areas.iter() {
            let flags = area.flags();
            let refault = area.backing.chain.get().is_none();
            if refault || flags.intersects(VmFlags::DONTCOPY.union(VmFlags::WIPEONFORK)) {
                continue;
            }
            self.copy_pages(&child, area.range(), flags.is_cow())?;
        }
        drop(child_layout);
        Ok(child)
    }

    fn copy_pages(&self, child: &Mm, range: PageRange, copy_on_write: bool) -> Result<()> {
        let mut walk = CopyWalk::new(range);
        let mut gather = Gather::new(&mut []);
        let mut result = Ok(());
        loop {
            let lock = self.lock_tables();
            let (from, to) = (self.tables(&lock), child.tables(&lock));
            let run = match walk.next(&from, &to, STEP) {
                Ok(Some(run)) => run,
                Ok(None) => break,
                Err(_) => {
                    result = Err(Errno::ENOMEM);
                    break;
                }
            };
            let (mut anon, mut file) = (0, 0);
            for (vpn, parent, cell) in run.cells() {
                let Slot::Page { pfn, access } = Active::decode(Cell::load(parent), Level::Leaf)
                else {
                    continue;
                };
                if copy_on_write && access.contains(Access::WRITE) {
                    parent.clear_bits(Access::WRITE);
                    gather.note(vpn);
                }
                let mut given = access.difference(Access::ACCESSED);
                if copy_on_write {
                    given = given.difference(Access::WRITE);
                }
                cell.set(paging::format().page(pfn, given));
                if !access.contains(Access::SPECIAL) {
                    get_page(pfn);
                    let page = page(pfn);
                    page.add_mapping();
                    if page.has(PageFlags::ANON) { anon += 1 } else { file += 1 }
                }
            }
            drop(run);
            drop(lock);
            child.add_rss(anon, file);
            // The parent must not write through a stale entry before anybody else runs.
            self.flush(&mut gather);
            might_resched();
        }
        self.flush(&mut gather);
        result
    }
}
