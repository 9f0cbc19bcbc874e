//! Areas that become longer.

use super::{Backing, Edit, Extent, VmaId, VmaSet};
use crate::addr::{PageRange, Vpn};

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
}
