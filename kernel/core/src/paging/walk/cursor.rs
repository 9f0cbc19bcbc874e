//! Ranges as runs of cells.

use super::single::{directory_cell, leaf_number};
use crate::addr::{PageRange, Pfn, Vpn};
use crate::paging::{Access, Cell, Format, Gather, Level, Slot, Tables};

/// The pages of a range that have a leaf table, in steps.
#[derive(Clone, Debug)]
pub struct Walk {
    next: u32,
    end: u32,
}

impl Walk {
    #[inline]
    pub fn new(range: PageRange) -> Self {
        Self { next: range.start().as_u32(), end: range.end().as_u32() }
    }

    /// Maps the next leaf table and hands out at most `limit` (but at least one) of its cells.
    #[inline]
    pub fn next<'a, T: Tables>(&mut self, tables: &'a T, limit: u32) -> Option<Run<'a, T>> {
        let table = self.seek(tables)?;
        let run = self.pass::<T>(limit);
        let (first, end) = (run.start().as_u32(), run.end().as_u32());
        Some(Run { table: tables.leaf(table), first, end })
    }

    /// Passes over at most `limit` (but at least one) pages of one leaf table and says which.
    #[inline]
    pub(super) fn pass<T: Tables>(&mut self, limit: u32) -> PageRange {
        let first = self.next;
        let behind = (leaf_number::<T>(first) + 1) << T::Format::LEAF_BITS;
        self.next = self.end.min(behind).min(first + limit.max(1));
        PageRange::new(Vpn::new(first), Vpn::new(self.next)).unwrap_or_default()
    }

    /// Whether the end has been reached.
    #[inline]
    pub fn is_done(&self) -> bool {
        self.next >= self.end
    }

    /// Goes on to the next page that has a leaf table.
    #[inline]
    pub(super) fn seek<T: Tables>(&mut self, tables: &T) -> Option<Pfn> {
        let bits = T::Format::LEAF_BITS;
        while self.next < self.end {
            let number = leaf_number::<T>(self.next);
            match directory_cell(tables, number) {
                None => self.next = ((number >> bits) + 1) << (2 * bits),
                Some(cell) => match T::Format::decode(cell.load(), Level::Directory) {
                    Slot::Table(table) => return Some(table),
                    _ => self.next = (number + 1) << bits,
                },
            }
        }
        None
    }

    /// Where the next run would begin, at the earliest.
    pub fn position(&self) -> Vpn {
        Vpn::new(self.next.min(self.end))
    }
}

/// Neighbouring cells of one mapped leaf table.
pub struct Run<'a, T: Tables + 'a> {
    table: T::Leaf<'a>,
    first: u32,
    end: u32,
}

impl<'a, T: Tables> Run<'a, T> {
    pub fn range(&self) -> PageRange {
        PageRange::new(Vpn::new(self.first), Vpn::new(self.end)).unwrap_or_default()
    }

    /// Each page with its cell.
    #[inline]
    pub fn cells(&self) -> impl Iterator<Item = (Vpn, &<T::Format as Format>::Cell)> {
        (self.first..self.end).zip(self.slice()).map(|(page, cell)| (Vpn::new(page), cell))
    }

    /// Each page whose entry is not empty.
    #[inline]
    pub fn used(&self) -> impl Iterator<Item = (Vpn, &<T::Format as Format>::Cell)> {
        (self.first..self.end)
            .zip(self.slice())
            .filter(|(_, cell)| cell.load() != T::Format::EMPTY)
            .map(|(page, cell)| (Vpn::new(page), cell))
    }

    /// Empties every cell that is not. `taken` has the gather hold the frame whose entry it was;
    /// the run must not be longer than the gather has room.
    #[inline]
    pub fn take_each(
        &self,
        gather: &mut Gather<'_>,
        mut taken: impl FnMut(&mut Gather<'_>, Vpn, Slot),
    ) {
        let mut cells = self.slice().iter();
        // Which page it is follows from how many come behind it.
        let page = |behind: usize| Vpn::new(self.end.wrapping_sub(behind as u32 + 1));
        let (mut first, mut last) = (None, 0);
        while let Some(cell) = cells.next() {
            if cell.load() == T::Format::EMPTY {
                continue;
            }
            let raw = cell.take();
            if T::Format::is_present(raw) {
                last = cells.len();
                first = first.or(Some(last));
            }
            taken(gather, page(cells.len()), T::Format::decode(raw, Level::Leaf));
        }
        if let Some(first) = first {
            gather.note(page(first));
            gather.note(page(last));
        }
    }

    /// [`Run::take_each`], but only of the entries that are `wanted`.
    #[inline]
    pub fn take_those(
        &self,
        gather: &mut Gather<'_>,
        mut wanted: impl FnMut(Slot) -> bool,
        mut taken: impl FnMut(&mut Gather<'_>, Vpn, Slot),
    ) {
        for (page, cell) in self.used() {
            if !wanted(T::Format::decode(cell.load(), Level::Leaf)) {
                continue;
            }
            let raw = cell.take();
            if T::Format::is_present(raw) {
                gather.note(page);
            }
            taken(gather, page, T::Format::decode(raw, Level::Leaf));
        }
    }

    /// Empties every cell of tables that no CPU uses or has anything of in its TLB.
    #[inline]
    pub fn empty_each(&self, mut emptied: impl FnMut(Slot)) {
        for cell in self.slice() {
            let raw = cell.load();
            if raw != T::Format::EMPTY {
                cell.set(T::Format::EMPTY);
                emptied(T::Format::decode(raw, Level::Leaf));
            }
        }
    }

    /// Gives every page, hidden ones too, the rights that `change` returns for it. What the CPU
    /// noted in A and D stays. Only a tightened entry has to be flushed.
    #[inline]
    pub fn change_each(
        &self,
        format: T::Format,
        gather: &mut Gather<'_>,
        mut change: impl FnMut(Vpn, Pfn, Access) -> Access,
    ) {
        for (page, cell) in self.used() {
            let raw = cell.load();
            let Slot::Page { pfn, access } = T::Format::decode(raw, Level::Leaf) else { continue };
            let wanted = change(page, pfn, access);
            let noted = Access::ACCESSED | Access::DIRTY;
            if wanted | noted == access | noted {
                continue;
            }
            let Slot::Page { access: last, .. } = T::Format::decode(cell.take(), Level::Leaf)
            else {
                continue;
            };
            cell.set(format.page(pfn, wanted | last & noted));
            let tightened = wanted.contains(Access::PROT_NONE) || !wanted.contains(access - noted);
            if T::Format::is_present(raw) && tightened {
                gather.note(page);
            }
        }
    }

    /// Whether all cells are empty.
    #[inline]
    pub fn is_empty(&self) -> bool {
        self.slice().iter().all(|cell| cell.load() == T::Format::EMPTY)
    }

    /// The cells of the run's pages in another table.
    #[inline]
    pub(super) fn beside<'t>(
        &self,
        table: &'t <T::Format as Format>::Table,
    ) -> &'t [<T::Format as Format>::Cell] {
        let from = self.first & ((1 << T::Format::LEAF_BITS) - 1);
        let to = from + (self.end - self.first);
        T::Format::cells(table).get(from as usize..to as usize).unwrap_or(&[])
    }

    #[inline]
    pub(super) fn slice(&self) -> &[<T::Format as Format>::Cell] {
        self.beside(&self.table)
    }
}
