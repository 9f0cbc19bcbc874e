//! Page tables as they are read by people: every entry that is not empty, big pages among them.

use super::Leaf;
use super::single::{directory_cell, leaf_number};
use crate::addr::{PageRange, Vpn};
use crate::paging::{Cell, Format, Level, Slot, Tables};

/// Shows the entries of at most the first `limit` pages of `range` that have a leaf table, and of
/// big pages on the way: first page, how many pages, what it says. Returns where to go on; the end
/// of `range` when all has been shown.
pub fn entries<T: Tables>(
    tables: &T,
    range: PageRange,
    limit: u32,
    mut show: impl FnMut(Vpn, u32, Slot),
) -> Vpn {
    let bits = T::Format::LEAF_BITS;
    let (mut next, end) = (range.start().as_u32(), range.end().as_u32());
    let mut left = limit.max(1);
    while next < end && left != 0 {
        let number = leaf_number::<T>(next);
        let behind = end.min((number + 1) << bits);
        match directory_cell(tables, number) {
            None => next = end.min(((number >> bits) + 1) << (2 * bits)),
            Some(cell) => match T::Format::decode(cell.load(), Level::Directory) {
                Slot::Table(pfn) => {
                    let leaf = Leaf::<T> { table: tables.leaf(pfn) };
                    let behind = behind.min(next + left);
                    for page in next..behind {
                        let raw = leaf.cell(Vpn::new(page)).load();
                        if raw != T::Format::EMPTY {
                            show(Vpn::new(page), 1, T::Format::decode(raw, Level::Leaf));
                        }
                    }
                    left -= behind - next;
                    next = behind;
                }
                Slot::BigPage { pfn, access } => {
                    let inside = next & ((1 << bits) - 1);
                    let pfn = pfn.checked_add(inside).unwrap_or(pfn);
                    show(Vpn::new(next), behind - next, Slot::BigPage { pfn, access });
                    left -= 1;
                    next = behind;
                }
                _ => next = behind,
            },
        }
    }
    Vpn::new(next.min(end))
}
