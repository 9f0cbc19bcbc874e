//! What the pages of an area are: the sums of `smaps`.

use crate::mm::object::STEP;
use crate::mm::page::mem_map;
use crate::mm::space::{Area, Mm};
use crate::result::{Errno, Result};
use crate::task::might_resched;
use abi::statistics::AreaUsage;
use kcore::addr::{PAGE_SHIFT, PAGE_SIZE, VirtAddr};
use kcore::page::PageFlags;
use kcore::paging::walk::entries;
use kcore::paging::{Access, Slot};
use kcore::vma::VmFlags;

/// Fraction bits of proportional sums.
const FRACTION_BITS: u32 = 12;

impl Mm {
    /// The pages of the area around `address`. ENOENT if there is none.
    pub fn area_usage(&self, address: u32) -> Result<AreaUsage> {
        let layout = self.layout.read();
        let found = layout.areas.containing(VirtAddr::new(address).vpn());
        let (_, area) = found.ok_or(Errno::ENOENT)?;
        let mut usage = AreaUsage {
            start: area.start().as_u32() << PAGE_SHIFT,
            end: area.end().as_u32() << PAGE_SHIFT,
            ..AreaUsage::default()
        };
        self.each_entry(area, |slot| add(&mut usage, slot, area.flags()));
        Ok(usage)
    }

    /// Present pages of memory without a file.
    pub fn resident_shared(&self) -> u32 {
        let layout = self.layout.read();
        let mut count = 0;
        for (_, area) in layout.areas.iter() {
            if area.backing.object.as_ref().is_some_and(|object| object.is_shared_memory()) {
                self.each_entry(area, |slot| {
                    if let Slot::Page { pfn, .. } = slot
                        && let Some(page) = mem_map().get(pfn.as_u32() as usize)
                    {
                        count += u32::from(page.has(PageFlags::SHARED_MEMORY));
                    }
                });
            }
        }
        count
    }

    /// Shows the entries of an area, whose layout is held, and lets others run meanwhile.
    fn each_entry(&self, area: &Area, mut show: impl FnMut(Slot)) {
        let range = area.range();
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
