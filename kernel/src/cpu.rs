//! Everything that exists once per CPU, in one struct. There is one CPU today.

use crate::arch::features::features;
use crate::arch::gdt::CpuTables;
use crate::arch::idt::Idt;
#[cfg(debug_assertions)]
use crate::arch::interrupts;
use crate::arch::{control, entry};
#[cfg(debug_assertions)]
use crate::sync::Rank;
use core::cell::UnsafeCell;
use core::mem::offset_of;
use core::sync::atomic::{AtomicPtr, AtomicU32, Ordering::Relaxed};
use kcore::layout::FIXADDR_TOP;
use kcore::page_lists::PageLists;
use kcore::slab::{CLASSES, Magazine};
use kcore::zone::ZONES;

type Magazines = [Magazine<MAGAZINE>; CLASSES.len()];

/// Free heap objects a CPU keeps of each class.
pub const MAGAZINE: usize = 16;

/// Roots, tables in low memory, tables in high memory.
type SpareTables = [Magazine<16>; 3];

pub struct Cpu {
    tables: UnsafeCell<CpuTables>,
    /// Preemption is off while this is not zero: one for each spinlock, atomic kmap, interrupt.
    /// Every switch happens at exactly one (the run queue's lock), so tasks need no count of
    /// their own.
    preempt_count: AtomicU32,
    /// The running task, as the scheduler's word for it.
    current: AtomicPtr<()>,
    /// Where programs of the loaded address space go on after SYSENTER.
    landing: AtomicU32,
    /// The task that left this CPU for the last time and waits for its burial.
    zombie: AtomicPtr<()>,
    /// The task whose FPU state the registers hold.
    fpu_owner: AtomicPtr<()>,
    /// What the running program has that few have, as the scheduler's word for it.
    extras: AtomicU32,
    /// How often one task made way for another.
    switches: AtomicU32,
    /// The slot of kmap_atomic taken last; the stack of slots grows down.
    kmap_top: AtomicU32,
    /// Single free frames of each zone.
    page_lists: UnsafeCell<[PageLists; ZONES]>,
    /// Free heap objects of each class.
    magazines: UnsafeCell<Magazines>,
    /// Page tables without entries.
    spare_tables: UnsafeCell<SpareTables>,
    #[cfg(debug_assertions)]
    ranks: [AtomicU32; MAX_HELD],
    #[cfg(debug_assertions)]
    held: AtomicU32,
}

/// The top of the stack of kmap_atomic when no slot is taken.
pub const NO_KMAP: u32 = FIXADDR_TOP;

#[cfg(debug_assertions)]
const MAX_HELD: usize = 16;

// SAFETY: the counters are atomic; `tables` is reached only with interrupts off, `page_lists`,
// `magazines` and `spare_tables` only with preemption off, by the one CPU.
unsafe impl Sync for Cpu {}

/// Where the entry code finds them.
pub const CURRENT: usize = offset_of!(Cpu, current);
pub const LANDING: usize = offset_of!(Cpu, landing);

pub static CPU: Cpu = Cpu {
    tables: UnsafeCell::new(CpuTables::new()),
    preempt_count: AtomicU32::new(0),
    current: AtomicPtr::new(core::ptr::null_mut()),
    landing: AtomicU32::new(0),
    zombie: AtomicPtr::new(core::ptr::null_mut()),
    fpu_owner: AtomicPtr::new(core::ptr::null_mut()),
    extras: AtomicU32::new(0),
    switches: AtomicU32::new(0),
    kmap_top: AtomicU32::new(NO_KMAP),
    page_lists: UnsafeCell::new([const { PageLists::new(1) }; ZONES]),
    magazines: UnsafeCell::new([const { Magazine::new() }; CLASSES.len()]),
    spare_tables: UnsafeCell::new([const { Magazine::new() }; 3]),
    #[cfg(debug_assertions)]
    ranks: [const { AtomicU32::new(0) }; MAX_HELD],
    #[cfg(debug_assertions)]
    held: AtomicU32::new(0),
};

struct SharedIdt(UnsafeCell<Idt>);

// SAFETY: written once, at boot; afterwards only the CPU reads it.
unsafe impl Sync for SharedIdt {}

static IDT: SharedIdt = SharedIdt(UnsafeCell::new(Idt::new()));
static TRACED_IDT: SharedIdt = SharedIdt(UnsafeCell::new(Idt::new()));

/// Loads this CPU's descriptor tables.
///
/// # Safety
/// Once, at boot, with interrupts off.
pub unsafe fn initialise(double_fault_handler: unsafe extern "C" fn() -> !) {
    // SAFETY: nobody else has a reference to the tables yet.
    unsafe {
        (*CPU.tables.get()).load(double_fault_handler);
        (*IDT.0.get()).fill(entry::stub);
        (*TRACED_IDT.0.get()).fill(entry::traced_stub);
        if features().sep {
            control::set_sysenter(entry::sysenter(), (*CPU.tables.get()).sysenter_stack());
        }
    }
    set_traced(false);
}

/// Whether the program that runs from now on enters the kernel as one that is traced.
pub fn set_traced(is_traced: bool) {
    let table = if is_traced { &TRACED_IDT } else { &IDT };
    // SAFETY: `initialise` has filled both, and nobody writes to them any more.
    unsafe { (*table.0.get()).load() };
    if features().sep {
        let entry = if is_traced { entry::traced_sysenter() } else { entry::sysenter() };
        // SAFETY: the stack was set at boot.
        unsafe { control::set_sysenter_entry(entry) };
    }
}

/// Changes this CPU's descriptor tables. Interrupts are off meanwhile.
#[inline]
pub fn with_tables<R>(change: impl FnOnce(&mut CpuTables) -> R) -> R {
    debug_assert!(!crate::arch::interrupts::are_enabled());
    // SAFETY: interrupts are off and there is one CPU, so this is the only reference; `change`
    // cannot get here again, as `Cpu` is not passed to it.
    change(unsafe { &mut *CPU.tables.get() })
}

/// Works on this CPU's free frames. Not from interrupts: they may come while it runs.
#[inline]
pub fn with_page_lists<R>(work: impl FnOnce(&mut [PageLists; ZONES]) -> R) -> R {
    preempt_disable();
    // SAFETY: preemption is off, interrupts do not come here, and `work` cannot get here again,
    // as it allocates no frames.
    let result = work(unsafe { &mut *CPU.page_lists.get() });
    preempt_enable();
    result
}

/// Works on this CPU's free heap objects. Not from interrupts: they may come while it runs.
#[inline]
pub fn with_magazines<R>(work: impl FnOnce(&mut Magazines) -> R) -> R {
    preempt_disable();
    // SAFETY: preemption is off, interrupts do not come here, and `work` cannot get here again,
    // as it allocates nothing.
    let result = work(unsafe { &mut *CPU.magazines.get() });
    preempt_enable();
    result
}

/// Works on this CPU's spare page tables. Not from interrupts: they may come while it runs.
#[inline]
pub fn with_spare_tables<R>(work: impl FnOnce(&mut SpareTables) -> R) -> R {
    preempt_disable();
    // SAFETY: preemption is off, interrupts do not come here, and `work` cannot get here again,
    // as it makes no address space.
    let result = work(unsafe { &mut *CPU.spare_tables.get() });
    preempt_enable();
    result
}

#[inline]
pub fn preempt_disable() {
    CPU.preempt_count.store(CPU.preempt_count.load(Relaxed).wrapping_add(1), Relaxed);
    core::sync::atomic::compiler_fence(core::sync::atomic::Ordering::SeqCst);
}

#[inline]
pub fn preempt_enable() {
    core::sync::atomic::compiler_fence(core::sync::atomic::Ordering::SeqCst);
    let count = CPU.preempt_count.load(Relaxed);
    debug_assert!(count != 0, "preemption enabled more often than disabled");
    CPU.preempt_count.store(count.wrapping_sub(1), Relaxed);
}

#[inline]
pub fn preempt_count() -> u32 {
    CPU.preempt_count.load(Relaxed)
}

#[inline]
pub fn current() -> *mut () {
    CPU.current.load(Relaxed)
}

#[inline]
pub fn set_current(task: *mut ()) {
    CPU.current.store(task, Relaxed);
}

#[inline]
pub fn set_landing(address: u32) {
    CPU.landing.store(address, Relaxed);
}

#[inline]
pub fn zombie() -> *mut () {
    CPU.zombie.load(Relaxed)
}

#[inline]
pub fn set_zombie(task: *mut ()) {
    CPU.zombie.store(task, Relaxed);
}

#[inline]
pub fn fpu_owner() -> *mut () {
    CPU.fpu_owner.load(Relaxed)
}

#[inline]
pub fn set_fpu_owner(task: *mut ()) {
    CPU.fpu_owner.store(task, Relaxed);
}

#[inline]
pub fn extras() -> u32 {
    CPU.extras.load(Relaxed)
}

#[inline]
pub fn set_extras(extras: u32) {
    CPU.extras.store(extras, Relaxed);
}

/// For the scheduler, with interrupts off.
#[inline]
pub fn count_switch() {
    CPU.switches.store(switches().wrapping_add(1), Relaxed);
}

#[inline]
pub fn switches() -> u32 {
    CPU.switches.load(Relaxed)
}

#[inline]
pub fn kmap_top() -> u32 {
    CPU.kmap_top.load(Relaxed)
}

#[inline]
pub fn set_kmap_top(address: u32) {
    CPU.kmap_top.store(address, Relaxed);
}

/// Asserts that the caller may sleep: no spinlock, no atomic kmap, no interrupt.
#[inline]
pub fn might_sleep() {
    debug_assert!(preempt_count() == 0, "sleeping in atomic context");
}

/// Interrupts take locks too, so none may come while the list is half changed.
#[cfg(debug_assertions)]
pub fn push_rank(rank: Rank) {
    let were_enabled = interrupts::save_and_disable();
    add_rank(rank);
    interrupts::restore(were_enabled);
}

#[cfg(debug_assertions)]
fn add_rank(rank: Rank) {
    let held = CPU.held.load(Relaxed) as usize;
    if let Some(top) = held.checked_sub(1).and_then(|top| CPU.ranks.get(top)) {
        let top = top.load(Relaxed);
        assert!(top < rank as u32, "lock order: {rank:?} taken while rank {top} is held");
    }
    if let Some(slot) = CPU.ranks.get(held) {
        slot.store(rank as u32, Relaxed);
    }
    CPU.held.store(held as u32 + 1, Relaxed);
}

/// The kernel ends, and whoever held locks with it.
#[cfg(debug_assertions)]
pub fn forget_ranks() {
    CPU.held.store(0, Relaxed);
}

/// Guards may be dropped in any order: the rank is taken out wherever it lies.
#[cfg(debug_assertions)]
pub fn pop_rank(rank: Rank) {
    let were_enabled = interrupts::save_and_disable();
    remove_rank(rank);
    interrupts::restore(were_enabled);
}

#[cfg(debug_assertions)]
fn remove_rank(rank: Rank) {
    let held = (CPU.held.load(Relaxed) as usize).min(MAX_HELD);
    let ranks = CPU.ranks.get(..held).unwrap_or_default();
    let Some(place) = ranks.iter().rposition(|slot| slot.load(Relaxed) == rank as u32) else {
        panic!("released {rank:?}, which is not held");
    };
    for pair in ranks.get(place..).unwrap_or_default().windows(2) {
        if let [slot, next] = pair {
            slot.store(next.load(Relaxed), Relaxed);
        }
    }
    CPU.held.store(held as u32 - 1, Relaxed);
}
