//! Two address spaces side by side, for fork.

use super::cursor::{Run, Walk};
use super::single::{ensure_leaf, leaf};
use crate::addr::PageRange;
use crate::paging::{Cell, Flush, Format, NoMemory, Tables};

/// Parent and child, run by run. Stretches that are empty in the parent are passed over.
#[derive(Clone, Debug)]
pub struct CopyWalk {
    walk: Walk,
}

impl CopyWalk {
    pub fn new(range: PageRange) -> Self {
        Self { walk: Walk::new(range) }
    }

    /// The next at most `limit` cells of the parent, not all of them empty, and the child's cells
    /// of the same pages, whose table is allocated if need be. The child must not be running.
    pub fn next<'a, T: Tables>(
        &mut self,
        parent: &'a T,
        child: &'a T,
        limit: u32,
    ) -> Result<Option<CopyRun<'a, T>>, NoMemory> {
        loop {
            let here = self.walk.clone();
            let Some(run) = self.walk.next(parent, limit) else { return Ok(None) };
            if run.is_empty() {
                continue;
            }
            let first = run.range().start();
            if let Some(to) = leaf(child, first) {
                return Ok(Some(CopyRun { from: run, to }));
            }
            // Allocating may sleep, so the parent's table must not stay mapped.
            drop(run);
            // A child that does not run has no TLB to flush.
            let _: Flush = ensure_leaf(child, first)?;
            self.walk = here;
        }
    }
}

/// Cells of the same pages in parent and child.
pub struct CopyRun<'a, T: Tables + 'a> {
    // Mapped last, so dropped first: atomic kmaps nest.
    to: super::Leaf<'a, T>,
    from: Run<'a, T>,
}

impl<'a, T: Tables> CopyRun<'a, T> {
    pub fn range(&self) -> PageRange {
        self.from.range()
    }

    /// The parent's cells that are not empty, each with its value and the child's cell beside it.
    #[inline]
    pub fn each(
        &self,
        mut copy: impl FnMut(
            <T::Format as Format>::Raw,
            &<T::Format as Format>::Cell,
            &<T::Format as Format>::Cell,
        ),
    ) {
        for (from, to) in self.from.slice().iter().zip(self.from.beside(&self.to.table)) {
            let raw = from.load();
            if raw != T::Format::EMPTY {
                copy(raw, from, to);
            }
        }
    }
}
