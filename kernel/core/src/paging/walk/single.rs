//! The walk to one page.

use crate::addr::{PageRange, Pfn, Vpn};
use crate::paging::{Access, Cell, Flush, Format, Level, NoMemory, Slot, Tables};

type CellOf<T> = <<T as Tables>::Format as Format>::Cell;

/// A mapped leaf table. The address space's verbs address its cells by page.
pub struct Leaf<'a, T: Tables + 'a> {
    pub(super) table: T::Leaf<'a>,
}

impl<'a, T: Tables> Leaf<'a, T> {
    /// The cell of `page`, which must belong to this table.
    #[inline]
    pub fn cell(&self, page: Vpn) -> &CellOf<T> {
        T::Format::cell(&self.table, page.as_u32())
    }
}

/// The cell that points to the leaf table of this number, if there is a directory.
#[inline]
pub(super) fn directory_cell<T: Tables>(tables: &T, leaf_number: u32) -> Option<&CellOf<T>> {
    if !T::Format::DIRECTORIES {
        return Some(T::Format::root_cell(tables.root(), leaf_number));
    }
    let top = T::Format::root_cell(tables.root(), leaf_number >> T::Format::LEAF_BITS);
    match T::Format::decode(top.load(), Level::Top) {
        Slot::Table(pfn) => Some(T::Format::cell(tables.directory(pfn), leaf_number)),
        _ => None,
    }
}

#[inline]
pub(super) fn leaf_number<T: Tables>(page: u32) -> u32 {
    page >> T::Format::LEAF_BITS
}

#[inline]
pub(super) fn leaf_pfn<T: Tables>(tables: &T, page: u32) -> Option<Pfn> {
    let cell = directory_cell(tables, leaf_number::<T>(page))?;
    match T::Format::decode(cell.load(), Level::Directory) {
        Slot::Table(pfn) => Some(pfn),
        _ => None,
    }
}

/// The leaf table `page` belongs to, if there is one.
#[inline]
pub fn leaf<T: Tables>(tables: &T, page: Vpn) -> Option<Leaf<'_, T>> {
    let pfn = leaf_pfn(tables, page.as_u32())?;
    Some(Leaf { table: tables.leaf(pfn) })
}

/// Sees to it that `page` has a leaf table. The flush is for the CPUs that run the address space:
/// they cache PAE's top entries. After a failure all has to be flushed: a directory may be new.
#[cold]
pub fn ensure_leaf<T: Tables>(tables: &T, page: Vpn) -> Result<Flush, NoMemory> {
    let (cell, flush) = ensure_directory(tables, page)?;
    if T::Format::decode(cell.load(), Level::Directory) == Slot::Empty {
        put_in(tables, cell, Level::Directory)?;
    }
    Ok(flush)
}

/// The cell that points, or will point, to the leaf table of `page`.
pub(in crate::paging) fn ensure_directory<T: Tables>(
    tables: &T,
    page: Vpn,
) -> Result<(&CellOf<T>, Flush), NoMemory> {
    let number = leaf_number::<T>(page.as_u32());
    let mut flush = Flush::Nothing;
    loop {
        if let Some(cell) = directory_cell(tables, number) {
            return Ok((cell, flush));
        }
        let top = T::Format::root_cell(tables.root(), number >> T::Format::LEAF_BITS);
        put_in(tables, top, Level::Top)?;
        flush = Flush::All;
    }
}

/// [`ensure_leaf`] for every page of a range.
pub fn ensure_leaves<T: Tables>(tables: &T, range: PageRange) -> Result<Flush, NoMemory> {
    let mut flush = Flush::Nothing;
    let mut page = range.start().as_u32();
    while page < range.end().as_u32() {
        if ensure_leaf(tables, Vpn::new(page))? != Flush::Nothing {
            flush = Flush::All;
        }
        page = (leaf_number::<T>(page) + 1) << T::Format::LEAF_BITS;
    }
    Ok(flush)
}

/// Puts a new table into a cell that was empty, unless somebody else did while we allocated.
fn put_in<T: Tables>(tables: &T, cell: &CellOf<T>, level: Level) -> Result<(), NoMemory> {
    let table = tables.allocate(level).ok_or(NoMemory)?;
    if T::Format::decode(cell.load(), level) == Slot::Empty {
        cell.set(tables.format().table(table, level));
    } else {
        tables.free(level, table);
    }
    Ok(())
}

/// What the entry of `page` says: its leaf entry, or the big page that covers it.
pub fn lookup<T: Tables>(tables: &T, page: Vpn) -> Slot {
    let Some(cell) = directory_cell(tables, leaf_number::<T>(page.as_u32())) else {
        return Slot::Empty;
    };
    match T::Format::decode(cell.load(), Level::Directory) {
        Slot::Table(pfn) => {
            let leaf = Leaf::<T> { table: tables.leaf(pfn) };
            T::Format::decode(leaf.cell(page).load(), Level::Leaf)
        }
        slot => slot,
    }
}

/// The frame the CPU finds for `page`, if any.
pub fn translate<T: Tables>(tables: &T, page: Vpn) -> Option<(Pfn, Access)> {
    match lookup(tables, page) {
        Slot::Page { pfn, access } if !access.contains(Access::PROT_NONE) => Some((pfn, access)),
        Slot::BigPage { pfn, access } => {
            let inside = page.as_u32() & ((1 << T::Format::LEAF_BITS) - 1);
            Some((pfn.checked_add(inside)?, access))
        }
        _ => None,
    }
}

/// Gives a new root the kernel's entries, from the page at PAGE_OFFSET on.
pub fn share_kernel<F: Format>(kernel: &F::Root, root: &F::Root, page_offset: Vpn) {
    let bits = F::LEAF_BITS + if F::DIRECTORIES { F::LEAF_BITS } else { 0 };
    for index in page_offset.as_u32() >> bits..F::ROOT_LEN {
        F::root_cell(root, index).set(F::root_cell(kernel, index).load());
    }
}
