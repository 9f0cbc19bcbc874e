//! The pkmap window: `kcore::kmap_slots` counts, this writes entries, flushes and waits.

use crate::arch::paging::{self, Active, WINDOWS};
use crate::arch::tlb;
use crate::cpu;
use crate::failpoint::fail_point;
use crate::mm::direct_map::{KERNEL_TABLES, lowmem_address, max_low_pfn};
use crate::mm::heap::HeapReady;
use crate::sync::{Rank, SpinLock, WaitQueue};
use crate::task;
use alloc::vec::Vec;
use core::marker::PhantomData;
use kcore::addr::{PAGE_SIZE, Pfn, VirtAddr, Vpn};
use kcore::cmdline::CommandLine;
use kcore::kmap_slots::{Kmap as Slot, KmapSlot, KmapSlots, MIN_SLOTS, SlotInUse};
use kcore::paging::walk::leaf;
use kcore::paging::{Access, Cell, Format};

static SLOTS: SpinLock<Option<KmapSlots<'static>>> = SpinLock::new(Rank::Pkmap, None);
/// Where tasks wait for a slot.
static FREE_SLOT: WaitQueue = WaitQueue::new();

/// Makes the slots: as many as the window has, or as `pkmap=` says.
pub fn initialise(_: &HeapReady, command_line: CommandLine) {
    let count = match command_line.number("pkmap") {
        Ok(Some(count)) if (MIN_SLOTS..=WINDOWS.last_pkmap).contains(&count) => count,
        Ok(None) => WINDOWS.last_pkmap,
        _ => {
            log::warn!(
                "pkmap= must be a number from {MIN_SLOTS} to {}; ignored",
                WINDOWS.last_pkmap
            );
            WINDOWS.last_pkmap
        }
    };
    let mut slots = Vec::new();
    if slots.try_reserve_exact(count as usize).is_err() {
        panic!("no memory for the kmap slots");
    }
    slots.resize(count as usize, KmapSlot::FREE);
    *SLOTS.lock() = KmapSlots::new(slots.leak());
}

/// A frame mapped for a while. Dropping it gives the slot up; its entry goes when the slots have
/// all been used once.
#[must_use]
pub struct Kmap {
    address: u32,
    /// The slot, or `None` for low memory.
    slot: Option<u32>,
    not_send: PhantomData<*mut ()>,
}

/// Maps a frame. May sleep, uninterruptibly; not while the task holds another.
pub fn kmap(pfn: Pfn) -> Kmap {
    cpu::might_sleep();
    if pfn < max_low_pfn() {
        return Kmap { address: lowmem_address(pfn), slot: None, not_send: PhantomData };
    }
    let task = task::current();
    task.take_kmap();
    let mut found = None;
    FREE_SLOT.wait(|| {
        found = map_high(pfn, task.tid());
        found.is_some()
    });
    // The wait ends only with a slot.
    let slot = found.unwrap_or_default();
    Kmap { address: address_of(slot), slot: Some(slot), not_send: PhantomData }
}

fn map_high(pfn: Pfn, holder: u32) -> Option<u32> {
    let mut slots = SLOTS.lock();
    let slots = slots.as_mut()?;
    if fail_point!(Kmap) {
        flush(slots);
    }
    loop {
        match slots.map(pfn) {
            Slot::Mapped(slot) => {
                slots.set_holder(slot, holder);
                return Some(slot);
            }
            Slot::Set(slot) => {
                slots.set_holder(slot, holder);
                with_cell(slot, |cell| cell.set(paging::format().page(pfn, Access::KERNEL)));
                return Some(slot);
            }
            Slot::FlushFirst => flush(slots),
            Slot::Wait => return None,
        }
    }
}

/// Clears the entries that nobody holds.
fn flush(slots: &mut KmapSlots) {
    if slots.flush(|slot| {
        with_cell(slot, |cell| {
            cell.take();
        })
    }) {
        // Entries are global where the CPU has that.
        tlb::flush_all();
    }
}

fn page_of(slot: u32) -> Vpn {
    let base = VirtAddr::new(WINDOWS.pkmap_base).vpn();
    base.checked_add(slot).unwrap_or(base)
}

fn address_of(slot: u32) -> u32 {
    WINDOWS.pkmap_base + slot * PAGE_SIZE
}

fn with_cell(slot: u32, change: impl FnOnce(&<Active as Format>::Cell)) {
    let page = page_of(slot);
    match leaf(&KERNEL_TABLES, page) {
        Some(leaf) => change(leaf.cell(page)),
        None => panic!("pkmap has no page table"),
    }
}

impl Kmap {
    #[cfg(feature = "ktest")]
    pub fn address(&self) -> u32 {
        self.address
    }

    pub fn as_ptr<T>(&self) -> *mut T {
        self.address as *mut T
    }
}

impl Drop for Kmap {
    fn drop(&mut self) {
        let Some(slot) = self.slot else { return };
        let unmapped = SLOTS.lock().as_mut().map(|slots| slots.unmap(slot));
        task::current().give_kmap();
        match unmapped {
            Some(Ok(true)) => {
                FREE_SLOT.wake_one();
            }
            Some(Ok(false)) => {}
            _ => panic!("kunmap of slot {slot}, which is not mapped"),
        }
    }
}

/// Slots somebody holds.
pub fn slots_in_use() -> u32 {
    SLOTS.lock().as_ref().map_or(0, |slots| slots.in_use())
}

/// How many there are.
pub fn slots() -> u32 {
    SLOTS.lock().as_ref().map_or(0, |slots| slots.len())
}

/// The first slot from `from` on that has a frame, and its address.
pub fn next_slot(from: u32) -> Option<(SlotInUse, u32)> {
    let slot = SLOTS.lock().as_ref()?.next(from)?;
    Some((slot, address_of(slot.number)))
}
