//! An area, or part of one, that moves.

use super::area::joins;
use super::index::Path;
use super::{Backing, Edit, Extent, MAX_MAP_COUNT, VmaId, VmaSet};
use crate::addr::PageRange;
use crate::arena::{NIL, NoMemory};

impl<B: Backing> VmaSet<B> {
    /// Moves `from`, part of the area `id`, to the free range `to`, which may be longer. Returns
    /// the area at `to`. Adds at most two areas.
    pub fn relocate(
        &mut self,
        id: VmaId,
        from: PageRange,
        to: PageRange,
        report: &mut impl FnMut(Edit<'_, B>),
    ) -> Result<VmaId, NoMemory> {
        if self.len() >= MAX_MAP_COUNT - 3 {
            return Err(NoMemory);
        }
        let there = self.index.seek(to.start().as_u32());
        let vma = &self.arena[id.0].vma;
        if vma.range == from {
            let moved = vma.moved_extent(from, to);
            if !self.joins_at(&there, moved, &vma.backing) {
                self.index.reserve_move()?;
                self.carry(id.0, moved, report);
                return Ok(id);
            }
        }
        let behind = self.index.seek(from.end().as_u32());
        self.index.reserve_both(&behind, &there)?;
        self.arena.reserve(2)?;
        let vma = &self.arena[id.0].vma;
        let moved = vma.moved(from, to);
        if from.end() < vma.end() {
            // Before a merge removes anything, as edits promise.
            let path = self.index.seek(vma.start().as_u32());
            self.split_off(path, id.0, from.end(), report);
        }
        let moved = self.insert(moved, report)?;
        self.unmap(from, report)?;
        Ok(self.containing(to.start()).map_or(moved, |(id, _)| id))
    }

    /// Whether an area put at a place would become part of a neighbour.
    fn joins_at(&self, path: &Path, extent: Extent, backing: &B) -> bool {
        let (prev, next) = self.around(path);
        let below = prev != NIL && {
            let prev = &self.arena[prev].vma;
            joins(prev.extent(), &prev.backing, extent, backing)
        };
        let above = next != NIL && {
            let next = &self.arena[next].vma;
            joins(extent, backing, next.extent(), &next.backing)
        };
        below || above
    }

    /// Takes a whole area along to another place, where it joins nobody. Its move was reserved.
    fn carry(&mut self, id: u32, to: Extent, report: &mut impl FnMut(Edit<'_, B>)) {
        let node = &self.arena[id];
        let was = node.vma.extent();
        self.unhook(was.range.start().as_u32(), node.prev, node.next);
        let path = self.index.seek(to.range.start().as_u32());
        let (prev, next) = self.around(&path);
        let node = &mut self.arena[id];
        (node.vma.range, node.vma.pgoff, node.vma.moved) = (to.range, to.pgoff, to.moved);
        (node.prev, node.next) = (prev, next);
        self.note_peak();
        self.account.resize(to.flags, was.range.len(), to.range.len());
        self.hook(&path, id);
        report(Edit::Changed { id: VmaId(id), was, vma: &self.arena[id].vma });
    }
}
