//! The end of an address space: Linux's exit_mmap.

use super::direct_map::swapper_cr3;
use super::frames::put_page;
use super::page::mem_map;
use super::space::{AreaBacking, Mm, TASK_SIZE};
use super::unmap::{counted, unmapped};
use crate::arch::paging;
use crate::task::might_resched;
use core::sync::atomic::Ordering::Relaxed;
use kcore::addr::{PageRange, Pfn, Vpn};
use kcore::page::Page;
use kcore::page_lists::Taken;
use kcore::paging::Gather;
use kcore::paging::walk::{Walk, free_directories, free_tables};
use kcore::vma::{Edit, VmaSet};

/// Cells emptied with the page-table lock held.
const STEP: u32 = 64;

impl Mm {
    /// Takes everything down. Nobody runs in it any more.
    pub(super) fn exit(&self) {
        let mut layout = self.layout.write();
        if paging::cr3() == self.cr3() {
            // SAFETY: the kernel's own tables; the current task has no user memory any more.
            unsafe { paging::load_cr3(swapper_cr3()) };
        }
        #[cfg(debug_assertions)]
        layout.areas.iter().for_each(|(_, area)| self.check_private_pages(area));
        let mut gather = Gather::new(&mut []);
        for (_, area) in layout.areas.iter() {
            self.release_pages(area.range(), &mut gather);
        }
        self.flush(&mut gather);
        self.free_all_tables(&layout.areas);
        layout.areas.clear(|id, vma| self.follow(Edit::Removed { id, vma: &vma }));
        self.anon.leave(self.word());
        debug_assert_eq!(self.rss(), 0, "pages left in a dead address space");
        debug_assert_eq!(self.page_tables.load(Relaxed), 0, "tables where no area is");
    }

    /// Lets go of the pages of a range. No TLB knows them any more: `gather` only keeps together
    /// those that nobody else has.
    fn release_pages(&self, range: PageRange, gather: &mut Gather<'_>) {
        let mut walk = Walk::new(range);
        let (mut all, mut file) = (0, 0);
        loop {
            let lock = self.lock_tables();
            let tables = self.tables(&lock);
            let Some(run) = walk.next(&tables, STEP) else { break };
            run.empty_each(|slot| {
                let Some((page, pfn, access)) = counted(slot) else { return };
                all = u32::wrapping_add(all, 1);
                if page.refcount() != 1 || take(gather, page, pfn) != Taken::Freed {
                    unmapped(page, access, &mut file);
                    put_page(pfn);
                }
            });
            drop(run);
            drop(lock);
            if gather.held() >= STEP {
                self.flush(gather);
            }
            might_resched();
        }
        self.subtract_rss(all - file, file);
    }

    /// Takes away all tables, which have no pages any more. Every one of them lies below an area.
    fn free_all_tables(&self, areas: &VmaSet<AreaBacking>) {
        let everything = PageRange::new(Vpn::new(0), TASK_SIZE).unwrap_or_default();
        let mut gather = Gather::new(&mut []);
        let lock = self.lock_tables();
        let tables = self.tables(&lock);
        for (_, area) in areas.iter() {
            free_tables(&tables, mem_map(), area.range(), everything, &mut gather);
        }
        free_directories(&tables, mem_map(), TASK_SIZE, &mut gather);
        drop(lock);
        self.flush(&mut gather);
    }
}

/// Apart, so that pages which others have, after a fork the most, find the registers free.
#[inline(never)]
fn take(gather: &mut Gather<'_>, page: &Page, pfn: Pfn) -> Taken {
    gather.take(page, pfn)
}
