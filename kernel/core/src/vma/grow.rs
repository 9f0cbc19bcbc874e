//! Areas that become longer or move.

use super::{Backing, Edit, Extent, MAX_MAP_COUNT, VmaId, VmaSet};
use crate::addr::{PageRange, Vpn};
use crate::arena::NoMemory;

impl<B: Backing> VmaSet<B> {
    /// Moves the start of `id` down to `start`, with nothing in between: a stack.
    pub fn grow_down(&mut self, id: VmaId, start: Vpn, report: &mut impl FnMut(Edit<'_, B>)) {
        let node = &self.arena[id.0];
        let was = node.vma.extent();
        let grown = PageRange::new(start, was.range.start());
        let pages = grown.expect("a stack grows down").len();
        let free = self.arena.get(node.prev).is_none_or(|prev| prev.vma.end() <= start);
        assert!(free, "areas overlap");
        let range = PageRange::new(start, was.range.end()).unwrap_or(was.range);
        let pgoff = was.pgoff.wrapping_sub(pages);
        self.reshape(id.0, Extent { range, pgoff, ..was }, report);
    }

    /// Moves the end of `id` up to `end`, with nothing in between, and merges with what lies
    /// there if they agree.
    pub fn grow_up(&mut self, id: VmaId, end: Vpn, report: &mut impl FnMut(Edit<'_, B>)) {
        let node = &self.arena[id.0];
        let was = node.vma.extent();
        let free = self.arena.get(node.next).is_none_or(|next| end <= next.vma.start());
        assert!(free && was.range.end() <= end, "areas overlap");
        self.reshape(id.0, Extent { range: was.range.up_to(end), ..was }, report);
        self.merge_with_next(id.0, report);
    }

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
        let places = [from.end(), to.start()].map(|page| self.index.seek(page.as_u32()));
        self.index.reserve_both(&places[0], &places[1])?;
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
}
