//! A machine for tests: tables in memory, a CPU that caches what it walked, and frames that must
//! not be given away while it does.

use super::walk::translate;
use super::{Access, Cell, Features, Flush, Format, Level, Pae, PaeCell, Slot, Tables, TwoLevel};
use crate::addr::{Pfn, Vpn};
use crate::page::Page;
use core::array::from_fn;
use core::cell::{Cell as Plain, RefCell};
use core::ops::Deref;
use core::sync::atomic::AtomicU32;
use std::boxed::Box;
use std::collections::{BTreeSet, HashMap};
use std::vec::Vec;

/// Table frames have the numbers from here on.
pub const FIRST_TABLE: u32 = 1000;

/// A format whose tables a test can make.
pub trait Host: Format {
    fn make_table() -> Box<Self::Table>;
    fn make_root() -> Box<Self::Root>;
}

impl Host for TwoLevel {
    fn make_table() -> Box<Self::Table> {
        Box::new(from_fn(|_| AtomicU32::new(0)))
    }

    fn make_root() -> Box<Self::Root> {
        Self::make_table()
    }
}

impl Host for Pae {
    fn make_table() -> Box<Self::Table> {
        Box::new(from_fn(|_| PaeCell::new(0)))
    }

    fn make_root() -> Box<Self::Root> {
        Box::new(from_fn(|_| PaeCell::new(0)))
    }
}

/// The frames that can become tables.
pub struct Store<F: Host> {
    tables: Vec<Box<F::Table>>,
    free: RefCell<Vec<u32>>,
    mapped: Plain<u32>,
    pub pages: Vec<Page>,
}

impl<F: Host> Store<F> {
    pub fn new(tables: u32) -> Self {
        Self {
            tables: (0..tables).map(|_| F::make_table()).collect(),
            free: RefCell::new((0..tables).collect()),
            mapped: Plain::new(0),
            pages: (0..FIRST_TABLE + tables).map(|_| Page::reserved()).collect(),
        }
    }

    pub fn free_tables(&self) -> usize {
        self.free.borrow().len()
    }

    fn table(&self, pfn: Pfn) -> &F::Table {
        &self.tables[(pfn.as_u32() - FIRST_TABLE) as usize]
    }

    pub fn page(&self, pfn: Pfn) -> &Page {
        &self.pages[pfn.as_u32() as usize]
    }

    /// Takes a table back, which must have no entries any more.
    pub fn release(&self, table: Pfn) {
        let empty = |cell: &F::Cell| cell.load() == F::EMPTY;
        assert!(F::cells(self.table(table)).iter().all(empty), "{table:?} freed with entries");
        let number = table.as_u32() - FIRST_TABLE;
        assert!(!self.free.borrow().contains(&number), "{table:?} freed twice");
        self.free.borrow_mut().push(number);
    }
}

/// One address space.
pub struct Space<'s, F: Host> {
    pub store: &'s Store<F>,
    root: Box<F::Root>,
    format: F,
}

impl<'s, F: Host> Space<'s, F> {
    pub fn new(store: &'s Store<F>, features: Features) -> Self {
        Self { store, root: F::make_root(), format: F::new(features) }
    }
}

/// A mapped leaf table; the store counts them.
pub struct Mapped<'a, F: Host> {
    table: &'a F::Table,
    mapped: &'a Plain<u32>,
}

impl<F: Host> Deref for Mapped<'_, F> {
    type Target = F::Table;

    fn deref(&self) -> &F::Table {
        self.table
    }
}

impl<F: Host> Drop for Mapped<'_, F> {
    fn drop(&mut self) {
        self.mapped.set(self.mapped.get() - 1);
    }
}

impl<'s, F: Host> Tables for Space<'s, F> {
    type Format = F;
    type Leaf<'a>
        = Mapped<'a, F>
    where
        Self: 'a;

    fn format(&self) -> F {
        self.format
    }

    fn root(&self) -> &F::Root {
        &self.root
    }

    fn directory(&self, table: Pfn) -> &F::Table {
        assert!(F::DIRECTORIES);
        self.store.table(table)
    }

    fn leaf(&self, table: Pfn) -> Mapped<'_, F> {
        let mapped = &self.store.mapped;
        mapped.set(mapped.get() + 1);
        assert!(mapped.get() <= 2, "more than two tables mapped");
        Mapped { table: self.store.table(table), mapped }
    }

    fn allocate(&self, _level: Level) -> Option<Pfn> {
        assert_eq!(self.store.mapped.get(), 0, "may sleep with a table mapped");
        Some(Pfn::new(FIRST_TABLE + self.store.free.borrow_mut().pop()?))
    }

    fn free(&self, _level: Level, table: Pfn) {
        self.store.release(table);
    }
}

/// A CPU's TLB with its caches of upper tables: it keeps all it has seen until told otherwise.
#[derive(Default)]
pub struct Tlb {
    pages: HashMap<Vpn, (Pfn, Access)>,
    tables: BTreeSet<Pfn>,
}

impl Tlb {
    /// The CPU uses a page: from its cache, or by a walk that sets the A bit.
    pub fn touch<F: Host>(&mut self, space: &Space<'_, F>, page: Vpn) -> Option<(Pfn, Access)> {
        if let Some(&found) = self.pages.get(&page) {
            return Some(found);
        }
        let mut table = None;
        let mut index = page.as_u32() >> F::LEAF_BITS;
        if F::DIRECTORIES {
            let top = F::root_cell(space.root(), index >> F::LEAF_BITS);
            if let Slot::Table(pfn) = F::decode(top.load(), Level::Top) {
                self.tables.insert(pfn);
                table = Some(space.store.table(pfn));
            }
        }
        let cell = match table {
            Some(directory) => F::cell(directory, index),
            None if F::DIRECTORIES => return None,
            None => F::root_cell(space.root(), index),
        };
        let Slot::Table(pfn) = F::decode(cell.load(), Level::Directory) else { return None };
        self.tables.insert(pfn);
        index = page.as_u32();
        let cell = F::cell(space.store.table(pfn), index);
        if !F::is_present(cell.load()) {
            return None;
        }
        cell.set_bits(Access::ACCESSED);
        let Slot::Page { pfn, access } = F::decode(cell.load(), Level::Leaf) else { return None };
        self.pages.insert(page, (pfn, access));
        Some((pfn, access))
    }

    pub fn invalidate(&mut self, flush: Flush) {
        match flush {
            Flush::Nothing => return,
            Flush::Pages(range) => self.pages.retain(|&page, _| !range.contains(page)),
            Flush::All => self.pages.clear(),
        }
        self.tables.clear();
    }

    /// Nothing is cached that the tables do not allow any more.
    pub fn assert_current<F: Host>(&self, space: &Space<'_, F>) {
        for (&page, &(pfn, access)) in &self.pages {
            let (now, allowed) = translate(space, page).expect("a cached page is not present");
            assert!(now == pfn && allowed.contains(access & Access::WRITE), "{page:?} is stale");
        }
    }

    /// A frame or table is given away.
    pub fn assert_forgotten(&self, pfn: Pfn) {
        assert!(self.pages.values().all(|&(cached, _)| cached != pfn), "{pfn:?} is still cached");
        assert!(!self.tables.contains(&pfn), "{pfn:?} is still cached");
    }
}
