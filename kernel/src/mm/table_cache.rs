//! Page tables nobody uses, kept for the next address space.
//!
//! A table is given back when it has no entries any more, and a root when only the kernel's are
//! left, so whoever gets it next need not clear it.

use super::direct_map::{lowmem_address, swapper_pg_dir};
use super::frames::{GFP_HIGHUSER, GFP_KERNEL, alloc_page, alloc_zeroed_page, put_page};
use super::kmap::kmap_atomic;
use super::page::page;
use crate::arch::paging::{Active, IS_PAE, PAGE_OFFSET};
use crate::arch::string::clear_page;
use crate::cpu;
use crate::failpoint::fail_point;
use kcore::addr::{Pfn, VirtAddr};
use kcore::page::PageFlags;
use kcore::paging::walk::share_kernel;
use kcore::paging::{Format, Level};

/// Which of a CPU's stacks.
const ROOTS: usize = 0;
/// In low memory: PAE's directories have to be, leaf tables may be.
const LOW: usize = 1;
const HIGH: usize = 2;
const STACKS: usize = 3;

fn pop(stack: usize) -> Option<Pfn> {
    cpu::with_spare_tables(|stacks| stacks[stack].pop()).map(Pfn::new)
}

fn push(stack: usize, table: Pfn) {
    debug_assert!(page(table).refcount() == 1 && page(table).has(PageFlags::TABLE));
    if !cpu::with_spare_tables(|stacks| stacks[stack].push(table.as_u32())) {
        put_page(table);
    }
}

/// An empty table to be put in at `level`, if one is at hand.
pub fn take(level: Level) -> Option<Pfn> {
    match level {
        Level::Top => pop(LOW),
        _ => pop(HIGH).or_else(|| pop(LOW)),
    }
}

/// A new one. May sleep.
pub fn allocate(level: Level) -> Option<Pfn> {
    // The kernel reaches directories by the direct map; leaf tables may be anywhere.
    let gfp = if level == Level::Top { GFP_KERNEL } else { GFP_HIGHUSER };
    let table = alloc_zeroed_page(&gfp)?;
    page(table).set(PageFlags::TABLE);
    Some(table)
}

/// Takes back a table without entries that no TLB knows.
pub fn free(table: Pfn) {
    debug_assert!(is_empty(table), "{table:?} is freed with entries");
    push(if page(table).has(PageFlags::HIGHMEM) { HIGH } else { LOW }, table);
}

fn is_empty(table: Pfn) -> bool {
    let mapping = kmap_atomic(table);
    // SAFETY: the mapping covers the frame, which is the caller's alone.
    unsafe { &*mapping.as_ptr::<[u32; 1024]>() }.iter().all(|word| *word == 0)
}

/// A top-level table with the kernel's entries and no others. May sleep.
pub fn new_root() -> Option<Pfn> {
    if fail_point!(PageTable) {
        return None;
    }
    pop(ROOTS).or_else(make_root)
}

#[cold]
fn make_root() -> Option<Pfn> {
    let root = alloc_page(&GFP_KERNEL)?;
    page(root).set(PageFlags::TABLE);
    let address = lowmem_address(root);
    if IS_PAE {
        // Four entries are all the CPU reads; the three of the user start absent.
        // SAFETY: the frame is ours, mapped and as large as a root.
        unsafe { (address as *mut [u8; 32]).write([0; 32]) };
    } else {
        // SAFETY: as above.
        unsafe { clear_page(address) };
    }
    // SAFETY: as above, and filled with cells.
    let cells = unsafe { &*(address as *const <Active as Format>::Root) };
    share_kernel::<Active>(swapper_pg_dir(), cells, VirtAddr::new(PAGE_OFFSET).vpn());
    Some(root)
}

/// Takes back a root without entries of a program.
pub fn free_root(root: Pfn) {
    push(ROOTS, root);
}

/// Gives all spare tables back and says how many there were.
pub fn drain() -> u32 {
    let mut drained = 0;
    for stack in 0..STACKS {
        while let Some(table) = pop(stack) {
            put_page(table);
            drained += 1;
        }
    }
    drained
}
