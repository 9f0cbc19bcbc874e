//! A range without areas.

use super::index::Path;
use super::{Backing, Edit, Extent, Vma, VmaId, VmaSet};
use crate::addr::{PageRange, Vpn};
use crate::arena::NoMemory;

impl<B: Backing> VmaSet<B> {
    /// Removes all that lies in `range`. Adds an area where `range` punches a hole into one, and
    /// only then can it fail.
    pub fn unmap(
        &mut self,
        range: PageRange,
        report: &mut impl FnMut(Edit<'_, B>),
    ) -> Result<(), NoMemory> {
        let Some((VmaId(first), vma)) = self.find(range.start()) else { return Ok(()) };
        let was = vma.extent();
        if range.is_empty() || !was.range.overlaps(range) {
            return Ok(());
        }
        let mut id = first;
        if was.range.start() < range.start() {
            if range.end() < was.range.end() {
                let mut path = self.reserve_split(first, 1)?;
                let upper = self.arena[first].vma.above(range.end());
                self.add_after(&mut path, first, upper, report);
            }
            let lower = Extent { range: was.range.below(range.start()), ..was };
            self.reshape(first, lower, report);
            id = self.arena[first].next;
        }
        while let Some(node) = self.arena.get(id) {
            let (was, next) = (node.vma.extent(), node.next);
            if range.end() <= was.range.start() {
                break;
            }
            if range.end() < was.range.end() {
                self.reshape(id, was.above(range.end()), report);
                break;
            }
            let vma = self.unlink(id);
            report(Edit::Removed { id: VmaId(id), vma: &vma });
            id = next;
        }
        Ok(())
    }

    /// Splits the area that contains `page` and starts below it.
    pub fn split_at(
        &mut self,
        page: Vpn,
        report: &mut impl FnMut(Edit<'_, B>),
    ) -> Result<(), NoMemory> {
        let Some((VmaId(id), vma)) = self.containing(page) else { return Ok(()) };
        let was = vma.extent();
        if was.range.start() == page {
            return Ok(());
        }
        let path = self.reserve_split(id, 1)?;
        self.split_off(path, id, page, report);
        Ok(())
    }

    /// Makes an area of what lies in `id`, at `path`, from `page` on. A slot was reserved.
    pub(super) fn split_off(
        &mut self,
        path: Path,
        id: u32,
        page: Vpn,
        report: &mut impl FnMut(Edit<'_, B>),
    ) {
        let vma = &self.arena[id].vma;
        let (was, upper) = (vma.extent(), vma.above(page));
        self.add_after(&mut { path }, id, upper, report);
        self.reshape(id, Extent { range: was.range.below(page), ..was }, report);
    }

    /// Links `vma`, part of `id` at `path`, behind it. A slot was reserved.
    pub(super) fn add_after(
        &mut self,
        path: &mut Path,
        id: u32,
        vma: Vma<B>,
        report: &mut impl FnMut(Edit<'_, B>),
    ) -> u32 {
        let next = self.arena[id].next;
        let start = self.arena[id].vma.start().as_u32();
        let (id, path_holds) = self.link(path, id, next, vma);
        if !path_holds {
            *path = self.index.seek(start);
        }
        report(Edit::Added { id: VmaId(id), vma: &self.arena[id].vma });
        id
    }
}
