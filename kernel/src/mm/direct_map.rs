//! Low memory, mapped at PAGE_OFFSET for good, and `swapper_pg_dir`, the kernel's own page
//! tables.

use super::bootmem::Bootmem;
use super::kmap::kmap_atomic;
use super::loader::Loaded;
use super::tables::LeafTable;
use crate::arch::boot::{BOOT_MAPPED, boot_tables, fixmap_table, image};
use crate::arch::features::Features;
use crate::arch::paging::{self, Active, IS_PAE, PAGE_OFFSET, WINDOWS};
use crate::arch::tlb;
use core::cell::{RefCell, UnsafeCell};
use core::sync::atomic::{AtomicU32, Ordering::Relaxed};
use kcore::addr::{FrameRange, PAGE_SHIFT, PAGE_SIZE, Pfn, VirtAddr};
use kcore::layout::DIRECT_MAP_LIMIT;
use kcore::paging::direct::map_low_memory;
use kcore::paging::walk::ensure_leaves;
use kcore::paging::{Access, Cell, Format, Level, NoMemory, Tables};

/// Directories of the kernel's part; the two-level format has none.
const DIRECTORIES: usize = if IS_PAE { 4 - (PAGE_OFFSET >> 30) as usize } else { 0 };

/// Part of the image, so it is reachable from the start and its entries never move.
#[repr(C, align(4096))]
struct SwapperPgDir {
    root: UnsafeCell<[u8; 4096]>,
    directories: [UnsafeCell<[u8; 4096]>; DIRECTORIES],
}

// SAFETY: only read and written as atomic cells.
unsafe impl Sync for SwapperPgDir {}

static SWAPPER_PG_DIR: SwapperPgDir = SwapperPgDir {
    root: UnsafeCell::new([0; 4096]),
    directories: [const { UnsafeCell::new([0; 4096]) }; DIRECTORIES],
};

/// Until `pagetable_init` only what `start` mapped is low.
static MAX_LOW_PFN: AtomicU32 = AtomicU32::new(BOOT_MAPPED >> PAGE_SHIFT);

/// One past the last frame of the direct map.
#[inline]
pub fn max_low_pfn() -> Pfn {
    Pfn::new(MAX_LOW_PFN.load(Relaxed))
}

/// Where the direct map has a low frame.
#[inline]
pub fn lowmem_address(pfn: Pfn) -> u32 {
    debug_assert!(pfn < max_low_pfn(), "{pfn:?} is not low memory");
    PAGE_OFFSET.wrapping_add(pfn.as_u32() << PAGE_SHIFT)
}

/// The frame of an address in the direct map.
#[inline]
pub fn lowmem_pfn(address: u32) -> Pfn {
    debug_assert!((PAGE_OFFSET..DIRECT_MAP_LIMIT).contains(&address));
    Pfn::new((address - PAGE_OFFSET) >> PAGE_SHIFT)
}

/// The kernel's top-level table. Its entries are the same in every address space and never
/// change after boot.
pub fn swapper_pg_dir() -> &'static <Active as Format>::Root {
    // SAFETY: a page of atomic cells that lives for ever.
    unsafe { &*SWAPPER_PG_DIR.root.get().cast() }
}

pub fn swapper_cr3() -> u32 {
    paging::cr3_of(image_pfn(SWAPPER_PG_DIR.root.get() as u32))
}

fn image_pfn(address: u32) -> Pfn {
    Pfn::new((address - PAGE_OFFSET) >> PAGE_SHIFT)
}

/// Low memory is mapped: the direct map may be used, and frames be handed out.
pub struct DirectMap(());

/// Fills `swapper_pg_dir` (direct map, and all page tables of the vmalloc, pkmap and fixmap
/// windows), and makes it the active one.
///
/// # Safety
/// Once, at boot; `bootmem` hands out only frames nobody uses.
pub unsafe fn pagetable_init(
    loaded: &Loaded,
    bootmem: &mut Bootmem,
    max_low_pfn: Pfn,
    features: &Features,
) -> Result<DirectMap, NoMemory> {
    let tables = SwapperTables { frames: FromBootmem(RefCell::new(bootmem)) };
    let first = PAGE_OFFSET >> 30;
    for (index, directory) in (first..).zip(&SWAPPER_PG_DIR.directories) {
        let entry = tables.format().table(image_pfn(directory.get() as u32), Level::Top);
        Active::root_cell(tables.root(), index).set(entry);
    }

    let image = image();
    let part = |start: u32, end: u32| {
        FrameRange::new(image_pfn(start), image_pfn(end)).unwrap_or_default()
    };
    debug_assert_eq!(image_pfn(image.end), loaded.image.end());
    let parts = [
        // `.boot` has run; nobody executes or writes it again.
        (part(image.start, image.text_start), Access::KERNEL_READ),
        (part(image.text_start, image.text_end), Access::KERNEL_TEXT),
        (part(image.text_end, image.rodata_end), Access::KERNEL_READ),
    ];
    let page_offset = VirtAddr::new(PAGE_OFFSET).vpn();
    map_low_memory(&tables, page_offset, max_low_pfn, &parts, features.pse)?;

    // A window's tables exist from the start: no process ever has a stale top-level entry.
    for window in [WINDOWS.vmalloc(), WINDOWS.pkmap()] {
        let _ = ensure_leaves(&tables, window)?;
    }
    let fixmap = image_pfn(fixmap_table());
    install_fixmap(&tables, fixmap)?;

    // SAFETY: the new tables map the image, the stack in it, and everything the old ones did
    // but the identity map, which nobody uses any more.
    unsafe { paging::load_cr3(swapper_cr3()) };
    tlb::flush_all();
    MAX_LOW_PFN.store(max_low_pfn.as_u32(), Relaxed);
    Ok(DirectMap(()))
}

/// Puts the fixmap's page table, which is part of the image, under the boot tables.
///
/// # Safety
/// Once, first thing at boot.
pub unsafe fn install_boot_fixmap() {
    let boot = boot_tables();
    let fixmap = image_pfn(fixmap_table());
    let entry = paging::format().table(fixmap, Level::Directory);
    let page = WINDOWS.fixmap().start();
    // SAFETY: the boot tables are pages of the image; nobody else changes them now.
    unsafe {
        let root = &*(&raw const (*boot).top).cast::<<Active as Format>::Root>();
        if IS_PAE {
            // The boot directory serves every gigabyte that has one, so the last one too.
            let directory = image_pfn(&raw const (*boot).directory as u32);
            let top = paging::format().table(directory, Level::Top);
            Active::root_cell(root, 3).set(top);
            let directory = &*(&raw const (*boot).directory).cast::<<Active as Format>::Table>();
            Active::cell(directory, page.as_u32() >> Active::LEAF_BITS).set(entry);
        } else {
            Active::root_cell(root, page.as_u32() >> Active::LEAF_BITS).set(entry);
        }
        // PAE's four top entries are read only when CR3 is loaded (SDM 3A 4.4.1).
        paging::load_cr3(paging::cr3());
    }
}

fn install_fixmap(tables: &SwapperTables<FromBootmem>, fixmap: Pfn) -> Result<(), NoMemory> {
    let entry = tables.format().table(fixmap, Level::Directory);
    let number = WINDOWS.fixmap().start().as_u32() >> Active::LEAF_BITS;
    let cell = if IS_PAE {
        let Some(directory) = SWAPPER_PG_DIR.directories.last() else { return Err(NoMemory) };
        // SAFETY: a page of atomic cells.
        let directory = unsafe { &*directory.get().cast::<<Active as Format>::Table>() };
        Active::cell(directory, number)
    } else {
        Active::root_cell(tables.root(), number)
    };
    cell.set(entry);
    Ok(())
}

/// `swapper_pg_dir` once it is complete. Only cells of the windows ever change.
pub const KERNEL_TABLES: SwapperTables<Complete> = SwapperTables { frames: Complete };

/// `swapper_pg_dir`, with frames for tables that are still to come.
pub struct SwapperTables<F> {
    frames: F,
}

/// Where the tables of `swapper_pg_dir` come from.
pub trait TableFrames {
    /// A cleared one.
    fn take(&self) -> Option<Pfn>;
    fn give_back(&self, table: Pfn);
}

impl<F: TableFrames> Tables for SwapperTables<F> {
    type Format = Active;
    type Leaf<'a>
        = LeafTable
    where
        Self: 'a;

    fn format(&self) -> Active {
        paging::format()
    }

    fn root(&self) -> &<Active as Format>::Root {
        swapper_pg_dir()
    }

    fn directory(&self, table: Pfn) -> &<Active as Format>::Table {
        // SAFETY: the only directories are pages of the image.
        unsafe { &*((PAGE_OFFSET + (table.as_u32() << PAGE_SHIFT)) as *const _) }
    }

    fn leaf(&self, table: Pfn) -> LeafTable {
        LeafTable::new(table)
    }

    fn allocate(&self, _: Level) -> Option<Pfn> {
        self.frames.take()
    }

    fn free(&self, _: Level, table: Pfn) {
        self.frames.give_back(table);
    }
}

/// All tables exist from boot.
pub struct Complete;

impl TableFrames for Complete {
    fn take(&self) -> Option<Pfn> {
        None
    }

    fn give_back(&self, _: Pfn) {}
}

/// While it is being filled. The tables are reached through the fixmap, wherever they lie.
struct FromBootmem<'a, 'b>(RefCell<&'a mut Bootmem<'b>>);

impl TableFrames for FromBootmem<'_, '_> {
    fn take(&self) -> Option<Pfn> {
        let table = self.0.borrow_mut().allocate(1, 1, Pfn::new(0))?;
        let mapping = kmap_atomic(table);
        // SAFETY: the frame is ours and mapped.
        unsafe { core::ptr::write_bytes(mapping.as_ptr::<u8>(), 0, PAGE_SIZE as usize) };
        Some(table)
    }

    fn give_back(&self, table: Pfn) {
        if let Some(range) = FrameRange::with_len(table, 1) {
            self.0.borrow_mut().free(range);
        }
    }
}
