//! A new area, alone or as part of its neighbours.

use super::area::joins;
use super::{Backing, Edit, Extent, MAX_MAP_COUNT, Vma, VmaId, VmaSet};
use crate::addr::Vpn;
use crate::arena::{NIL, NoMemory};

impl<B: Backing> VmaSet<B> {
    /// Puts an area where none is (else it panics) and merges it with its neighbours if they
    /// agree. Returns the area it became part of. Adds at most one area.
    pub fn insert(
        &mut self,
        vma: Vma<B>,
        report: &mut impl FnMut(Edit<'_, B>),
    ) -> Result<VmaId, NoMemory> {
        debug_assert!(!vma.range.is_empty());
        let path = self.index.seek(vma.start().as_u32());
        let (prev, next) = self.around(&path);
        let (mut with_prev, mut with_next) = (false, false);
        if prev != NIL {
            let below = &self.arena[prev].vma;
            assert!(below.end() <= vma.start(), "areas overlap");
            with_prev = joins(below.extent(), &below.backing, vma.extent(), &vma.backing);
        }
        if next != NIL {
            let above = &self.arena[next].vma;
            assert!(vma.end() <= above.start(), "areas overlap");
            with_next = joins(vma.extent(), &vma.backing, above.extent(), &above.backing);
        }
        let id = match (with_prev, with_next) {
            (true, with_next) => {
                self.extend_up(prev, vma.end(), report);
                self.inherit(prev, &vma);
                if with_next {
                    self.merge_with_next(prev, report);
                }
                prev
            }
            (false, true) => {
                self.extend_down(next, vma.extent(), report);
                self.inherit(next, &vma);
                next
            }
            (false, false) => {
                if self.len() > MAX_MAP_COUNT {
                    return Err(NoMemory);
                }
                self.index.reserve(&path, 1)?;
                self.arena.reserve(1)?;
                let (id, _) = self.link(&path, prev, next, vma);
                report(Edit::Added { id: VmaId(id), vma: &self.arena[id].vma });
                id
            }
        };
        Ok(VmaId(id))
    }

    /// Makes `id` and the area above it one, if they agree.
    pub(super) fn merge_with_next(&mut self, id: u32, report: &mut impl FnMut(Edit<'_, B>)) {
        let next = self.arena[id].next;
        if self.joins(id, next) {
            let end = self.arena[next].vma.end();
            self.extend_up(id, end, report);
            self.swallow(next, id, report);
        }
    }

    /// Removes `id`, whose pages become part of `by`.
    pub(super) fn swallow(&mut self, id: u32, by: u32, report: &mut impl FnMut(Edit<'_, B>)) {
        let vma = self.unlink(id);
        self.inherit(by, &vma);
        report(Edit::Removed { id: VmaId(id), vma: &vma });
    }

    /// Pages of `from` have become part of `id`.
    fn inherit(&self, id: u32, from: &Vma<B>) {
        if from.has_private() {
            self.arena[id].vma.note_private();
        }
    }

    pub(super) fn extend_up(&mut self, id: u32, end: Vpn, report: &mut impl FnMut(Edit<'_, B>)) {
        let was = self.arena[id].vma.extent();
        self.reshape(id, Extent { range: was.range.up_to(end), ..was }, report);
    }

    /// Lets `id` start where `piece`, directly below it, does.
    pub(super) fn extend_down(
        &mut self,
        id: u32,
        piece: Extent,
        report: &mut impl FnMut(Edit<'_, B>),
    ) {
        let was = self.arena[id].vma.extent();
        let range = piece.range.up_to(was.range.end());
        self.reshape(id, Extent { range, pgoff: piece.pgoff, ..was }, report);
    }
}
