//! A per-CPU stack of fixmap slots: the last taken is the first given back.
//!
//! The fixmap's page table is part of the image, so this works from the first instruction of
//! `kernel_main`.

use crate::arch::boot::fixmap_table;
use crate::arch::paging::{self, Active};
use crate::arch::tlb;
use crate::cpu;
use crate::mm::direct_map::{lowmem_address, max_low_pfn};
use core::marker::PhantomData;
use kcore::addr::{PAGE_SHIFT, PAGE_SIZE, Pfn, PhysAddr};
use kcore::layout::fix_to_virt;
use kcore::paging::{Cell, Format};

/// Atomic kmaps that one CPU can hold at a time.
const KMAP_ATOMIC_SLOTS: u32 = 16;
/// The lowest slot, which is taken last. The first lies right below the fixmap's end.
const LAST_SLOT: u32 = fix_to_virt(KMAP_ATOMIC_SLOTS).as_u32();

/// A frame mapped for a moment. Dropping it clears the entry and the TLB.
#[must_use]
pub struct AtomicMapping {
    /// In the direct map, or of a slot.
    address: u32,
    not_send: PhantomData<*mut ()>,
}

/// Maps a frame. Nothing may sleep until the mapping is dropped, and mappings are dropped in the
/// reverse order.
#[inline(always)]
pub fn kmap_atomic(pfn: Pfn) -> AtomicMapping {
    cpu::preempt_disable();
    let address = if pfn < max_low_pfn() { lowmem_address(pfn) } else { map_high(pfn) };
    AtomicMapping { address, not_send: PhantomData }
}

#[inline(always)]
fn map_high(pfn: Pfn) -> u32 {
    let address = cpu::kmap_top().wrapping_sub(PAGE_SIZE);
    assert!(address >= LAST_SLOT, "too many atomic kmaps");
    let cell = fixmap_cell(address);
    debug_assert!(Cell::load(cell) == Active::EMPTY, "a kmap_atomic slot was left mapped");
    // The entry was empty, so no TLB holds it.
    cell.set(paging::kernel_page(pfn));
    cpu::set_kmap_top(address);
    address
}

impl AtomicMapping {
    #[inline]
    pub fn address(&self) -> u32 {
        self.address
    }

    #[inline]
    pub fn as_ptr<T>(&self) -> *mut T {
        self.address as *mut T
    }
}

impl Drop for AtomicMapping {
    #[inline(always)]
    fn drop(&mut self) {
        if self.address >= LAST_SLOT {
            debug_assert!(cpu::kmap_top() == self.address, "atomic kmaps dropped out of order");
            fixmap_cell(self.address).clear();
            tlb::flush_page(self.address);
            // The slot is free only once nothing maps it any more: an interrupt may take it.
            cpu::set_kmap_top(self.address.wrapping_add(PAGE_SIZE));
        }
        cpu::preempt_enable();
    }
}

#[inline(always)]
fn fixmap_cell(address: u32) -> &'static <Active as Format>::Cell {
    // SAFETY: the fixmap's table is a page of the image that nothing else refers to as memory;
    // its cells are atomic.
    let table = unsafe { &*(fixmap_table() as *const <Active as Format>::Table) };
    Active::cell(table, address >> PAGE_SHIFT)
}

/// Copies `to.len()` bytes of physical memory, wherever they lie.
pub fn copy_from_phys(mut from: PhysAddr, mut to: &mut [u8]) -> Option<()> {
    while !to.is_empty() {
        let offset = (from.as_u64() % u64::from(PAGE_SIZE)) as usize;
        let count = to.len().min(PAGE_SIZE as usize - offset);
        let mapping = kmap_atomic(from.pfn()?);
        let (head, rest) = to.split_at_mut(count);
        // SAFETY: the mapping covers the whole frame, and `count` bytes from `offset` lie in it.
        unsafe {
            let source = mapping.as_ptr::<u8>().add(offset);
            core::ptr::copy_nonoverlapping(source, head.as_mut_ptr(), count);
        }
        from = PhysAddr::new(from.as_u64().checked_add(count as u64)?);
        to = rest;
    }
    Some(())
}
