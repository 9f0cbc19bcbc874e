//! Page tables as runs of pages with the same rights.

use crate::arch::paging::WINDOWS;
use crate::mm::direct_map::KERNEL_TABLES;
use crate::mm::page::mem_map;
use crate::mm::space::{Mm, TASK_SIZE};
use crate::result::Result;
use crate::task::might_resched;
use abi::statistics::{
    TABLE_BIG, TABLE_SWAPPED, TableRange, VMALLOC_MAPPED, VMALLOC_PAGES, VMALLOC_STACK, VmallocArea,
};
use kcore::addr::{PAGE_SHIFT, PageRange, Pfn, VirtAddr, Vpn};
use kcore::layout::VMALLOC_START;
use kcore::page::PageFlags;
use kcore::paging::walk::entries;
use kcore::paging::{Access, Slot};

/// Pages looked at under the lock.
const STEP: u32 = 32;
/// The end of all addresses.
const END: Vpn = Vpn::new(1 << (32 - PAGE_SHIFT));
/// What the CPU notes is not worth a range of its own.
const NOTED: Access = Access::ACCESSED.union(Access::DIRTY);

/// The ranges found in one step, and the one that may go on in the next.
struct Ranges {
    found: [TableRange; STEP as usize],
    count: usize,
    open: TableRange,
}

impl Ranges {
    const fn new() -> Self {
        const NONE: TableRange = <TableRange as abi::Plain>::ZERO;
        Self { found: [NONE; STEP as usize], count: 0, open: NONE }
    }

    fn add(&mut self, page: Vpn, pages: u32, slot: Slot) {
        let Some((flags, frame)) = describe(slot) else { return };
        let start = page.as_u32() << PAGE_SHIFT;
        let open = self.open;
        if open.pages != 0 && open.flags == flags && behind(&open) == start {
            self.open.pages = open.pages + pages;
            return;
        }
        self.close();
        self.open = TableRange { start, pages, flags, frame };
    }

    fn close(&mut self) {
        if self.open.pages != 0
            && let Some(place) = self.found.get_mut(self.count)
        {
            *place = core::mem::take(&mut self.open);
            self.count += 1;
        }
    }

    /// Hands the ranges that are complete to `give`, until it wants no more.
    fn hand_out(&mut self, give: &mut impl FnMut(&TableRange) -> Result<bool>) -> Result<bool> {
        let count = core::mem::take(&mut self.count);
        for range in self.found.get(..count).unwrap_or_default() {
            if !give(range)? {
                return Ok(false);
            }
        }
        Ok(true)
    }
}

fn behind(range: &TableRange) -> u32 {
    range.start.wrapping_add(range.pages << PAGE_SHIFT)
}

fn describe(slot: Slot) -> Option<(u32, u32)> {
    match slot {
        Slot::Page { pfn, access } => Some((access.difference(NOTED).bits(), pfn.as_u32())),
        Slot::BigPage { pfn, access } => {
            Some((access.difference(NOTED).bits() | TABLE_BIG, pfn.as_u32()))
        }
        Slot::Swap(entry) => Some((TABLE_SWAPPED, entry.as_u32())),
        _ => None,
    }
}

/// Goes through `range` step by step; `step` adds what it finds and says where to go on.
fn each(
    range: PageRange,
    mut step: impl FnMut(PageRange, &mut Ranges) -> Vpn,
    mut give: impl FnMut(&TableRange) -> Result<bool>,
) -> Result<()> {
    let mut ranges = Ranges::new();
    let mut at = range.start();
    while at < range.end() {
        at = step(range.above(at), &mut ranges);
        if !ranges.hand_out(&mut give)? {
            return Ok(());
        }
        might_resched();
    }
    ranges.close();
    ranges.hand_out(&mut give)?;
    Ok(())
}

fn from(address: u32, end: Vpn) -> PageRange {
    PageRange::new(VirtAddr::new(address).vpn().min(end), end).unwrap_or_default()
}

impl Mm {
    /// Hands the ranges that end above `address` to `give`, until it wants no more.
    pub fn table_ranges(
        &self,
        address: u32,
        give: impl FnMut(&TableRange) -> Result<bool>,
    ) -> Result<()> {
        let step = |range, ranges: &mut Ranges| {
            let lock = self.lock_tables();
            let tables = self.tables(&lock);
            entries(&tables, range, STEP, |page, pages, slot| ranges.add(page, pages, slot))
        };
        each(from(address, TASK_SIZE), step, give)
    }
}

/// [`Mm::table_ranges`] of the kernel.
pub fn kernel_ranges(address: u32, give: impl FnMut(&TableRange) -> Result<bool>) -> Result<()> {
    let step = |range, ranges: &mut Ranges| {
        entries(&KERNEL_TABLES, range, STEP, |page, pages, slot| ranges.add(page, pages, slot))
    };
    let start = address.max(TASK_SIZE.address().map_or(0, VirtAddr::as_u32));
    each(from(start, END), step, give)
}

/// Hands the areas that end above `address` to `give`, until it wants no more.
pub fn vmalloc_areas(
    address: u32,
    mut give: impl FnMut(&VmallocArea) -> Result<bool>,
) -> Result<()> {
    let end = VirtAddr::new(WINDOWS.vmalloc_end).vpn();
    let step = |range, ranges: &mut Ranges| {
        entries(&KERNEL_TABLES, range, STEP, |page, pages, slot| ranges.add(page, pages, slot))
    };
    each(from(address.max(VMALLOC_START), end), step, |range| {
        let kind = kind_of(Pfn::new(range.frame));
        give(&VmallocArea { start: range.start, pages: range.pages, kind })
    })
}

fn kind_of(pfn: Pfn) -> u32 {
    match mem_map().get(pfn.as_u32() as usize).map(kcore::page::Page::flags) {
        Some(flags) if flags.contains(PageFlags::KERNEL_STACK) => VMALLOC_STACK,
        Some(flags) if flags.contains(PageFlags::VMALLOC) => VMALLOC_PAGES,
        _ => VMALLOC_MAPPED,
    }
}
