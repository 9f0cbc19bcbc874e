//! An address space: Linux's `mm_struct`.
//!
//! Lock order: `layout` (sleeping; faults read, edits write), then the page-table lock. Whoever
//! takes entries away by reverse map reads `layout` too, that of one address space after the other:
//! what an area shows stays where it is meanwhile.
//!
//! Page-table entries hold one reference to their frame each. The kernel's part of the tables is
//! `swapper_pg_dir`'s and the same everywhere.

use super::direct_map::lowmem_address;
use super::frames::{free_chain, put_page};
use super::layout::LayoutLock;
use super::object::Object;
use super::page::mem_map;
use super::rmap::AnonMm;
use super::table_cache;
use super::tables::LeafTable;
use crate::arch::paging::{self, Active, PAGE_OFFSET};
use crate::arch::tlb;
use crate::failpoint::fail_point;
use crate::result::{Errno, Result};
use crate::sync::{Rank, SpinLock, SpinLockGuard};
use crate::task::AddressSpace;
use alloc::sync::{Arc, Weak};
use core::any::Any;
use core::cell::Cell as StdCell;
use core::sync::atomic::{AtomicBool, AtomicU32, Ordering::Relaxed};
use kcore::addr::{PAGE_SHIFT, Pfn, VirtAddr, Vpn};
use kcore::paging::{Flush, Format, Gather, Level, Released, Tables};
use kcore::vma::{Backing, Vma};

/// The end of user space.
pub const TASK_SIZE: Vpn = VirtAddr::new(PAGE_OFFSET).vpn();
/// Below it nothing can be mapped: mmap_min_addr.
pub const MMAP_MIN: Vpn = VirtAddr::new(0x10000).vpn();

/// What a mapping keeps open: an open-file description, of which memory knows no more.
pub trait KeptOpen: Any + Send + Sync {}

/// What an area's pages come from.
#[derive(Clone)]
pub struct AreaBacking {
    /// `None` for private memory.
    pub object: Option<Arc<Object>>,
    /// As whose the object was mapped.
    pub file: Option<Arc<dyn KeptOpen>>,
}

impl AreaBacking {
    /// Zeros until written.
    pub const fn anonymous() -> Self {
        Self { object: None, file: None }
    }

    /// An object, perhaps mapped as a file.
    pub const fn of(object: Arc<Object>, file: Option<Arc<dyn KeptOpen>>) -> Self {
        Self { object: Some(object), file }
    }

    fn same_file(&self, other: &Self) -> bool {
        match (&self.file, &other.file) {
            (None, None) => true,
            (Some(one), Some(other)) => Arc::ptr_eq(one, other),
            _ => false,
        }
    }
}

impl Backing for AreaBacking {
    #[inline]
    fn merges_with(&self, next: &Self) -> bool {
        match (&self.object, &next.object) {
            (None, None) => true,
            (Some(one), Some(other)) => Arc::ptr_eq(one, other) && self.same_file(next),
            _ => false,
        }
    }

    #[inline]
    fn is_anonymous(&self) -> bool {
        self.object.is_none()
    }
}

pub type Area = Vma<AreaBacking>;

pub struct Mm {
    root: Pfn,
    /// For whoever found it in a reverse map.
    itself: Weak<Self>,
    /// Where its private pages are found again.
    pub(super) anon: Arc<AnonMm>,
    pub layout: LayoutLock,
    page_table: SpinLock<()>,
    /// Threads that run in it.
    users: AtomicU32,
    /// Resident pages: changed with the page tables locked, or with `layout` for writing.
    pub rss_anon: AtomicU32,
    pub rss_file: AtomicU32,
    /// Most pages it had before it last lost some.
    max_rss: AtomicU32,
    pub page_tables: AtomicU32,
    /// As many as who last looked at all found: [`Mm::resident_shared`].
    pub(super) shared_found: AtomicU32,
    /// Where in the vDSO's code its programs go on after SYSENTER.
    pub(super) landing: AtomicU32,
    /// Whether it may be shown to other processes of its user.
    is_dumpable: AtomicBool,
}

impl Mm {
    /// An address space without areas, the first of its lineage.
    pub fn new() -> Result<Arc<Self>> {
        Self::of(AnonMm::new()?)
    }

    /// An address space without areas.
    pub(super) fn of(anon: Arc<AnonMm>) -> Result<Arc<Self>> {
        let place = Arc::<Self>::try_new_uninit().map_err(|_| Errno::ENOMEM)?;
        let root = table_cache::new_root().ok_or(Errno::ENOMEM)?;
        let address = Arc::as_ptr(&place).cast::<Self>().cast_mut();
        if let Err(errno) = anon.join(address as u32) {
            table_cache::free_root(root);
            return Err(errno);
        }
        let itself = Weak::into_raw(Arc::downgrade(&place)).cast::<Self>();
        // SAFETY: nobody else knows the place, and a reference to it by `itself` is only made
        // once it is written, here.
        unsafe {
            address.write(Self {
                root,
                itself: Weak::from_raw(itself),
                anon,
                layout: LayoutLock::new(),
                page_table: SpinLock::new(Rank::PageTable, ()),
                users: AtomicU32::new(1),
                rss_anon: AtomicU32::new(0),
                rss_file: AtomicU32::new(0),
                max_rss: AtomicU32::new(0),
                page_tables: AtomicU32::new(0),
                shared_found: AtomicU32::new(0),
                landing: AtomicU32::new(0),
                is_dumpable: AtomicBool::new(true),
            });
            Ok(place.assume_init())
        }
    }

    /// A reference that keeps it; `None` if it is being taken down.
    pub fn upgrade(&self) -> Option<Arc<Self>> {
        self.itself.upgrade()
    }

    /// The value of CR3 that makes this the CPU's address space.
    #[inline]
    pub fn cr3(&self) -> u32 {
        paging::cr3_of(self.root)
    }

    /// What tasks need that run in it.
    #[inline]
    pub fn for_cpu(&self) -> AddressSpace {
        AddressSpace { cr3: self.cr3(), landing: &raw const self.landing }
    }

    /// Another thread runs in it.
    pub fn get_user(&self) {
        self.users.fetch_add(1, Relaxed);
    }

    /// A thread has left it for good; the last one takes everything down.
    pub fn put_user(&self) {
        if self.users.fetch_sub(1, Relaxed) == 1 {
            self.exit();
        }
    }

    /// Whether it may be shown to other processes of its user.
    pub fn is_dumpable(&self) -> bool {
        self.is_dumpable.load(Relaxed)
    }

    pub fn set_dumpable(&self, is_dumpable: bool) {
        self.is_dumpable.store(is_dumpable, Relaxed);
    }

    pub fn users(&self) -> u32 {
        self.users.load(Relaxed)
    }

    /// Takes the page-table lock.
    #[inline]
    pub fn lock_tables(&self) -> TableLock<'_> {
        TableLock { of: &self.page_table, guard: StdCell::new(Some(self.page_table.lock())) }
    }

    /// The tables, under `lock`: this address space's own, or its parent's while fork builds it,
    /// whose layout then keeps everybody else away.
    #[inline]
    pub fn tables<'a, 'l>(&'a self, lock: &'a TableLock<'l>) -> UserTables<'a, 'l> {
        UserTables { mm: self, lock }
    }

    /// Makes the TLB forget what a change of this address space made stale.
    #[inline]
    pub fn invalidate(&self, flush: Flush) {
        // The one CPU there is either has it loaded (also lazily) or has nothing of it.
        if paging::cr3() != self.cr3() {
            return;
        }
        match flush {
            Flush::Nothing => {}
            Flush::Pages(range) => {
                for page in range.pages() {
                    if let Some(address) = page.address() {
                        tlb::flush_page(address.as_u32());
                    }
                }
            }
            Flush::All => tlb::flush_user(),
        }
    }

    /// [`Mm::invalidate`] for one page.
    #[inline]
    pub fn invalidate_page(&self, page: Vpn) {
        if paging::cr3() == self.cr3() {
            tlb::flush_page(page.as_u32() << PAGE_SHIFT);
        }
    }

    /// Flushes, then lets go of frames and tables.
    #[inline]
    pub fn flush(&self, gather: &mut Gather) {
        gather.flush(
            mem_map(),
            |flush| self.invalidate(flush),
            |released| match released {
                Released::Free(chain) => free_chain(chain),
                Released::Frame(pfn) => put_page(pfn),
                Released::Table(pfn) => self.free_table(pfn),
            },
        );
    }

    fn free_table(&self, table: Pfn) {
        self.page_tables.fetch_sub(1, Relaxed);
        table_cache::free(table);
    }

    /// Whether nobody else counts resident pages now.
    fn may_count(&self) -> bool {
        self.page_table.is_locked() || self.layout.is_written()
    }

    /// Pages have been put into the tables, which are still locked.
    #[inline]
    pub fn add_rss(&self, anon: u32, file: u32) {
        debug_assert!(self.may_count());
        if anon != 0 {
            add(&self.rss_anon, anon);
        }
        if file != 0 {
            add(&self.rss_file, file);
        }
    }

    /// Most pages it ever had.
    pub fn peak_rss(&self) -> u32 {
        self.rss().max(self.max_rss.load(Relaxed))
    }

    /// Pages have been taken out of the tables, which are still locked.
    pub fn subtract_rss(&self, anon: u32, file: u32) {
        debug_assert!(self.may_count());
        self.max_rss.store(self.peak_rss(), Relaxed);
        add(&self.rss_anon, anon.wrapping_neg());
        add(&self.rss_file, file.wrapping_neg());
    }

    /// Resident pages.
    pub fn rss(&self) -> u32 {
        self.rss_anon.load(Relaxed).wrapping_add(self.rss_file.load(Relaxed))
    }
}

/// For counters that one task at a time changes.
#[inline]
fn add(counter: &AtomicU32, value: u32) {
    counter.store(counter.load(Relaxed).wrapping_add(value), Relaxed);
}

impl Drop for Mm {
    fn drop(&mut self) {
        debug_assert!(paging::cr3() != self.cr3(), "a loaded address space is freed");
        if self.users.load(Relaxed) != 0 {
            self.exit();
        }
        table_cache::free_root(self.root);
    }
}

/// The lock of some address space's tables. Allocating a table lets go of it meanwhile.
pub struct TableLock<'a> {
    of: &'a SpinLock<()>,
    guard: StdCell<Option<SpinLockGuard<'a, ()>>>,
}

impl TableLock<'_> {
    /// Runs `work`, which may sleep, without the lock.
    #[inline]
    fn released<R>(&self, work: impl FnOnce() -> R) -> R {
        self.guard.set(None);
        let result = work();
        self.guard.set(Some(self.of.lock()));
        result
    }
}

/// One address space's tables, locked.
#[derive(Clone, Copy)]
pub struct UserTables<'a, 'l> {
    mm: &'a Mm,
    lock: &'a TableLock<'l>,
}

impl Tables for UserTables<'_, '_> {
    type Format = Active;
    type Leaf<'a>
        = LeafTable
    where
        Self: 'a;

    #[inline]
    fn format(&self) -> Active {
        paging::format()
    }

    #[inline]
    fn root(&self) -> &<Active as Format>::Root {
        // SAFETY: the root is a page of cells in low memory, kept by the Mm.
        unsafe { &*(lowmem_address(self.mm.root) as *const _) }
    }

    #[inline]
    fn directory(&self, table: Pfn) -> &<Active as Format>::Table {
        // SAFETY: directories are pages of cells in low memory that live as long as the Mm.
        unsafe { &*(lowmem_address(table) as *const _) }
    }

    #[inline]
    fn leaf(&self, table: Pfn) -> LeafTable {
        LeafTable::new(table)
    }

    fn allocate(&self, level: Level) -> Option<Pfn> {
        if fail_point!(PageTable) {
            return None;
        }
        let table = match table_cache::take(level) {
            Some(table) => table,
            None => self.lock.released(|| table_cache::allocate(level))?,
        };
        self.mm.page_tables.fetch_add(1, Relaxed);
        Some(table)
    }

    fn free(&self, _: Level, table: Pfn) {
        self.mm.free_table(table);
    }
}
