//! What the pages of an area are: the sums of `smaps`.

use crate::mm::object::STEP;
use crate::mm::page::mem_map;
use crate::mm::space::{Area, Mm, TASK_SIZE};
use crate::result::{Errno, Result};
use crate::task::might_resched;
use abi::statistics::AreaUsage;
use core::sync::atomic::Ordering::Relaxed;
use kcore::addr::{PAGE_SHIFT, PAGE_SIZE, PageRange, VirtAddr, Vpn};
use kcore::page::PageFlags;
use kcore::paging::walk::entries;
use kcore::paging::{Access, Slot};
use kcore::vma::VmFlags;

/// Areas looked at with the layout held.
const AREAS: usize = 64;
/// Fraction bits of proportional sums.
const FRACTION_BITS: u32 = 12;

impl Mm {
    /// The pages of the area around `address`. ENOENT if there is none.
    pub fn area_usage(&self, address: u32) -> Result<AreaUsage> {
        let (range, flags) = {
            let layout = self.layout.read();
            let found = layout.areas.containing(VirtAddr::new(address).vpn());
            found.map(|(_, area)| (area.range(), area.flags())).ok_or(Errno::ENOENT)?
        };
        let mut usage = AreaUsage {
            start: range.start().as_u32() << PAGE_SHIFT,
            end: range.end().as_u32() << PAGE_SHIFT,
            ..AreaUsage::default()
        };
        self.each_entry(range, |slot| add(&mut usage, slot, flags));
        Ok(usage)
    }

    /// Present pages of memory without a file. Waits for nobody who edits the areas: then they are at
    /// least as many as the last one found who did not meet an edit.
    pub fn resident_shared(&self) -> u32 {
        let (mut count, mut next) = (0, Vpn::new(0));
        loop {
            match self.area_above(next, has_shared_memory) {
                None => return count.max(self.shared_found.load(Relaxed)),
                Some(None) => {
                    self.shared_found.store(count, Relaxed);
                    return count;
                }
                Some(Some(range)) => {
                    self.each_entry(range, |slot| {
                        if let Slot::Page { pfn, .. } = slot
                            && let Some(page) = mem_map().get(pfn.as_u32() as usize)
                        {
                            count += u32::from(page.has(PageFlags::SHARED_MEMORY));
                        }
                    });
                    next = range.end();
                }
            }
        }
    }

    /// Present pages of locked areas. Waits for nobody who edits the areas: then they count whole.
    pub fn resident_locked(&self) -> u32 {
        let (mut count, mut next) = (0, Vpn::new(0));
        loop {
            match self.area_above(next, |area| area.flags().contains(VmFlags::LOCKED)) {
                None => return self.layout.locked_pages(),
                Some(None) => return count,
                Some(Some(range)) => {
                    self.each_entry(range, |slot| {
                        let is_page = |access: Access| !access.contains(Access::SPECIAL);
                        count +=
                            u32::from(matches!(slot, Slot::Page { access, .. } if is_page(access)));
                    });
                    next = range.end();
                }
            }
        }
    }

    /// The first such area above `start`; `None` if somebody edits them.
    fn area_above(
        &self,
        mut start: Vpn,
        is_such: impl Fn(&Area) -> bool,
    ) -> Option<Option<PageRange>> {
        while start < TASK_SIZE {
            {
                let above = PageRange::new(start, TASK_SIZE)?;
                start = TASK_SIZE;
                let layout = self.layout.try_read()?;
                for (_, area) in layout.areas.overlapping(above).take(AREAS) {
                    if is_such(area) {
                        return Some(Some(area.range()));
                    }
                    start = area.end();
                }
            }
            might_resched();
        }
        Some(None)
    }

    /// Shows the entries of a range, and lets others run meanwhile. Nobody is kept from changing the
    /// areas: each entry is as it was at some moment.
    fn each_entry(&self, range: PageRange, mut show: impl FnMut(Slot)) {
        let mut at = range.start();
        while at < range.end() {
            {
                let lock = self.lock_tables();
                let tables = self.tables(&lock);
                at = entries(&tables, range.above(at), STEP, |_, _, slot| show(slot));
            }
            might_resched();
        }
    }
}

fn has_shared_memory(area: &Area) -> bool {
    area.backing.object.as_ref().is_some_and(|object| object.is_shared_memory())
}

fn add(usage: &mut AreaUsage, slot: Slot, flags: VmFlags) {
    const BYTES: u64 = PAGE_SIZE as u64;
    let (pfn, access) = match slot {
        Slot::Page { pfn, access } if !access.contains(Access::SPECIAL) => (pfn, access),
        Slot::Swap(_) => {
            usage.swapped += BYTES;
            return;
        }
        _ => return,
    };
    let Some(page) = mem_map().get(pfn.as_u32() as usize) else { return };
    let mappings = page.mapcount().max(1);
    let part = (BYTES << FRACTION_BITS) / u64::from(mappings);
    let is_dirty = access.contains(Access::DIRTY) || page.has(PageFlags::DIRTY);
    usage.resident += BYTES;
    usage.proportional += part;
    if is_dirty {
        usage.proportional_dirty += part;
    }
    if page.has(PageFlags::ANON) {
        usage.anonymous += BYTES;
        usage.proportional_private += part;
    } else if page.has(PageFlags::SHARED_MEMORY) {
        usage.proportional_shared += part;
    } else {
        usage.proportional_file += part;
    }
    if access.contains(Access::ACCESSED) || page.has(PageFlags::REFERENCED) {
        usage.referenced += BYTES;
    }
    if flags.contains(VmFlags::LOCKED) {
        usage.locked += part;
    }
    match (mappings > 1, is_dirty) {
        (true, true) => usage.shared_dirty += BYTES,
        (true, false) => usage.shared_clean += BYTES,
        (false, true) => usage.private_dirty += BYTES,
        (false, false) => usage.private_clean += BYTES,
    }
}
