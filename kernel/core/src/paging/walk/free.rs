//! Tables that no mapping needs any more.

use super::single::directory_cell;
use crate::addr::{PageRange, Vpn};
use crate::page::Page;
use crate::paging::{Cell, Format, Gather, Level, Slot, Tables};

/// Takes away the leaf tables of a range that has just been unmapped. `neighbours` reaches from
/// the end of the mapping before the range to the start of the one behind it; a table is taken if
/// it lies wholly in between, so nobody has to count entries.
pub fn free_tables<T: Tables>(
    tables: &T,
    pages: &[Page],
    range: PageRange,
    neighbours: PageRange,
    gather: &mut Gather<'_>,
) {
    let bits = T::Format::LEAF_BITS;
    let size = 1 << bits;
    let (floor, ceiling) = (neighbours.start().as_u32(), neighbours.end().as_u32());
    let mut first = range.start().as_u32() >> bits;
    if first << bits < floor {
        first = floor.div_ceil(size);
    }
    let mut end = range.end().as_u32().div_ceil(size);
    if end << bits > ceiling {
        end = ceiling >> bits;
    }
    while first < end {
        let Some(cell) = directory_cell(tables, first) else {
            first = ((first >> bits) + 1) << bits;
            continue;
        };
        if let Slot::Table(table) = T::Format::decode(cell.load(), Level::Directory) {
            cell.take();
            gather.hold_table(pages, table);
        }
        first += 1;
    }
}

/// Takes away PAE's directories below `end` when the address space dies, after
/// [`free_tables`] of all of it. While it lives they stay: the CPU caches the entries of the root.
pub fn free_directories<T: Tables>(tables: &T, pages: &[Page], end: Vpn, gather: &mut Gather<'_>) {
    if !T::Format::DIRECTORIES {
        return;
    }
    for index in 0..end.as_u32() >> (2 * T::Format::LEAF_BITS) {
        let top = T::Format::root_cell(tables.root(), index);
        if let Slot::Table(directory) = T::Format::decode(top.load(), Level::Top) {
            top.take();
            gather.hold_table(pages, directory);
        }
    }
}
