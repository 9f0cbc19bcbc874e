//! A second address space with the same contents: fork.
//!
//! Private writable pages become read-only in both; whoever writes first gets a copy. What can be
//! found again in an object is not copied at all.

use super::fault::{entry_of, own_copy};
use super::frames::{Frame, GFP_HIGHUSER};
use super::page::{mem_map, page};
use super::space::{Mm, TASK_SIZE, UserTables};
use crate::arch::paging::Active;
use crate::result::{Errno, Result};
use crate::task::might_resched;
use alloc::sync::Arc;
use core::sync::atomic::Ordering::Relaxed;
use kcore::addr::{PageRange, Vpn};
use kcore::page::{Page, PageFlags};
use kcore::paging::walk::{CopyRun, CopyWalk, leaf, lookup};
use kcore::paging::{Access, Cell, Flush, Format, Level, Slot};
use kcore::vma::{Edit, VmFlags};

/// Cells copied with the page-table lock held.
const STEP: u32 = 64;

impl Mm {
    /// The address space of a child.
    pub fn fork(&self) -> Result<Arc<Self>> {
        let child = Mm::of(self.anon.clone())?;
        child.landing.store(self.landing.load(Relaxed), Relaxed);
        child.set_dumpable(self.is_dumpable());
        // For writing: no fault may add pages behind our back.
        let layout = self.layout.write();
        let areas = layout.areas.duplicate().map_err(|_| Errno::ENOMEM)?;
        let mut child_layout = child.layout.write();
        child_layout.set_forked(&layout, areas);
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
        let mut walk = CopyWalk::new(range);
        loop {
            let lock = self.lock_tables();
            let (from, to) = (self.tables(&lock), child.tables(&lock));
            let run = match walk.next(&from, &to, STEP) {
                Ok(Some(run)) => run,
                Ok(None) => return Ok(()),
                Err(_) => return Err(Errno::ENOMEM),
            };
            let shared = if copy_on_write { share::<true>(&run) } else { share::<false>(&run) };
            let range = run.range();
            drop(run);
            drop(lock);
            child.add_rss(shared.anon, shared.file);
            if shared.pinned {
                range.pages().try_for_each(|page| self.copy_pinned(child, page))?;
            }
            might_resched();
        }
    }

    /// Gives the child a copy of a page that it cannot share because somebody has it pinned.
    #[cold]
    fn copy_pinned(&self, child: &Mm, at: Vpn) -> Result<()> {
        let original = || {
            let lock = self.lock_tables();
            let Slot::Page { pfn, access } = lookup(&self.tables(&lock), at) else { return None };
            let is_shared =
                access.contains(Access::SPECIAL) || !page(pfn).has(PageFlags::EXCLUSIVE);
            (!is_shared).then_some((lock, pfn, access))
        };
        // Most pages of the step are not pinned and need no frame.
        if original().is_none() {
            return Ok(());
        }
        let own = Frame::allocate(&GFP_HIGHUSER).ok_or(Errno::ENOMEM)?;
        let Some((lock, pfn, access)) = original() else { return Ok(()) };
        let tables = child.tables(&lock);
        let Some(leaf) = leaf(&tables, at) else { return Ok(()) };
        let Some(own) = own_copy(Some(own), pfn) else { return Err(Errno::ENOMEM) };
        let own = own.into_raw();
        page(own).become_private(page(pfn).mapping(), page(pfn).index());
        leaf.cell(at).set(entry_of(own, access.difference(Access::ACCESSED)));
        child.add_rss(1, 0);
        Ok(())
    }
}

/// The pages of one step of fork.
#[derive(Default)]
struct Shared {
    anon: u32,
    file: u32,
    /// Whether there are some that the child cannot share.
    pinned: bool,
}

impl Shared {
    /// Counts a page that was pinned once, if the child can share it now.
    #[cold]
    #[inline(never)]
    fn was_pinned(&mut self, page: &Page) -> bool {
        let ends = page.end_exclusive();
        self.anon += u32::from(ends);
        self.pinned |= !ends;
        ends
    }
}

/// Has the child map what the parent does. Apart, so that nothing else is in the registers.
#[inline(never)]
fn share<const COPY_ON_WRITE: bool>(run: &CopyRun<'_, UserTables<'_, '_>>) -> Shared {
    let mut shared = Shared::default();
    let pages = mem_map();
    run.each(|raw, parent, cell| {
        let Slot::Page { pfn, access } = Active::decode(raw, Level::Leaf) else { return };
        if !access.contains(Access::SPECIAL) {
            let page = &pages[pfn.as_u32() as usize];
            // At most as many as a step has.
            match page.flags() & (PageFlags::ANON | PageFlags::EXCLUSIVE) {
                PageFlags::ANON => shared.anon = shared.anon.wrapping_add(1),
                flags if flags.is_empty() => shared.file = shared.file.wrapping_add(1),
                _ if shared.was_pinned(page) => {}
                _ => return,
            }
            page.get();
            page.add_mapping();
        }
        if COPY_ON_WRITE && access.contains(Access::WRITE) {
            parent.clear_bits(Access::WRITE);
        }
        let lost = if COPY_ON_WRITE { Access::WRITE } else { Access::empty() };
        cell.set(Active::without(raw, lost | Access::ACCESSED));
    });
    shared
}
