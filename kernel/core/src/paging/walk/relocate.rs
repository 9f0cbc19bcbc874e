//! Pages that get other addresses, for mremap.

use super::cursor::Walk;
use super::single::{ensure_leaf, leaf, leaf_number, leaf_pfn};
use crate::addr::{PageRange, Vpn};
use crate::paging::{Cell, Flush, Format, Gather, NoMemory, Tables};

/// A move of the pages of one range to another that does not overlap it and is empty.
#[derive(Clone, Debug)]
pub struct MoveWalk {
    from: PageRange,
    to: PageRange,
    walk: Walk,
}

impl MoveWalk {
    /// `None` if the ranges overlap or the target passes the end of the address space.
    pub fn new(from: PageRange, to: Vpn) -> Option<Self> {
        let to = PageRange::with_len(to, from.len())?;
        (!from.overlaps(to)).then(|| Self { from, to, walk: Walk::new(from) })
    }

    /// Allocates the tables the target needs. After it [`MoveWalk::step`] cannot fail; before it
    /// nothing has changed.
    pub fn reserve<T: Tables>(&self, tables: &T) -> Result<Flush, NoMemory> {
        let mut flush = Flush::Nothing;
        let mut walk = self.walk.clone();
        while walk.seek(tables).is_some() {
            let run = walk.pass::<T>(u32::MAX >> 1);
            let first = self.target(run.start());
            let to = PageRange::with_len(first, run.len()).unwrap_or_default();
            let mut page = to.start();
            while page < to.end() {
                let missing = leaf_pfn(tables, page.as_u32()).is_none();
                if missing && ensure_leaf(tables, page)? != Flush::Nothing {
                    flush = Flush::All;
                }
                let behind = leaf_number::<T>(page.as_u32()) + 1;
                page = Vpn::new(behind << T::Format::LEAF_BITS);
            }
        }
        Ok(flush)
    }

    /// Moves the pages of at most `limit` cells and says whether there may be more. What was
    /// present at the old place must be flushed.
    pub fn step<T: Tables>(&mut self, tables: &T, gather: &mut Gather<'_>, limit: u32) -> bool {
        if self.walk.seek(tables).is_none() {
            return false;
        }
        // A run must not cross a border of tables in the target either.
        let first = self.target(self.walk.position());
        let size = 1 << T::Format::LEAF_BITS;
        let room = size - (first.as_u32() & (size - 1));
        let Some(run) = self.walk.next(tables, limit.min(room)) else { return false };
        let Some(to) = leaf(tables, first) else {
            // A table that `reserve` itself made, for a target near the source: nothing in it.
            debug_assert!(run.used().next().is_none());
            return true;
        };
        if move_cells::<T::Format>(run.slice(), cells_from::<T::Format>(&to.table, first)) {
            gather.note_range(run.range());
        }
        !self.walk.is_done()
    }

    fn target(&self, page: Vpn) -> Vpn {
        let offset = page.as_u32() - self.from.start().as_u32();
        Vpn::new(self.to.start().as_u32() + offset)
    }
}

/// Moves the entries of some cells to as many empty ones and says whether there were any. Apart,
/// so that nothing else is in the registers.
#[inline(never)]
fn move_cells<F: Format>(from: &[F::Cell], to: &[F::Cell]) -> bool {
    let any = from.iter().any(|cell| cell.load() != F::EMPTY);
    for (from, to) in from.iter().zip(to) {
        if from.load() != F::EMPTY {
            to.set(from.take());
        }
    }
    any
}

/// The cells of a table from that of `page` on.
fn cells_from<F: Format>(table: &F::Table, page: Vpn) -> &[F::Cell] {
    let from = page.as_u32() & ((1 << F::LEAF_BITS) - 1);
    F::cells(table).get(from as usize..).unwrap_or(&[])
}
