//! Other flags for part of an area: what mprotect, mlock and madvise do.
//!
//! ```text
//!  P prev  V the area  N next        the piece (####) gets the flags of
//!  1  PPPP[####]NNNN   both   →  PPPPPPPPPPPP       P takes all
//!  2  PPPP[####]....   prev   →  PPPPPPPP           P takes V
//!  3  PPPP[##]VVNNNN   prev   →  PPPPPPVVNNNN       the border moves
//!  4  ....[####]NNNN   next   →      NNNNNNNN       N takes V
//!  5  PPPPVV[##]NNNN   next   →  PPPPVVNNNNNN       the border moves
//!  6  PPPPV[##]VNNNN   none   →  PPPPV CC VNNNN     V splits, once or twice
//! ```

use super::area::joins;
use super::{Backing, Edit, Extent, VmFlags, VmaId, VmaSet};
use crate::addr::PageRange;
use crate::arena::{NIL, NoMemory};

impl<B: Backing> VmaSet<B> {
    /// Gives `piece`, which must lie in the area `id`, the flags `flags`. Returns the area the
    /// piece is part of then. Adds at most two areas, and only then can it fail.
    pub fn change(
        &mut self,
        id: VmaId,
        piece: PageRange,
        flags: VmFlags,
        report: &mut impl FnMut(Edit<'_, B>),
    ) -> Result<VmaId, NoMemory> {
        let VmaId(id) = id;
        let node = &self.arena[id];
        let was = node.vma.extent();
        assert!(!piece.is_empty() && was.range.contains_range(piece), "piece of another area");
        if was.flags == flags {
            return Ok(VmaId(id));
        }
        let to = Extent { range: piece, flags, pgoff: node.vma.index_of(piece.start()), ..was };
        let at_start = piece.start() == was.range.start();
        let at_end = piece.end() == was.range.end();
        let (prev, next) = (node.prev, node.next);
        let with_prev = at_start && prev != NIL && {
            let prev = &self.arena[prev].vma;
            joins(prev.extent(), &prev.backing, to, &node.vma.backing)
        };
        let with_next = at_end && next != NIL && {
            let next = &self.arena[next].vma;
            joins(to, &node.vma.backing, next.extent(), &next.backing)
        };
        if !with_prev && !with_next {
            return self.split_out(id, to, report).map(VmaId);
        }
        // Below, the heir grows first, so that no gap opens on the way. Above it cannot, as no two
        // areas may have the same start.
        let heir = if with_prev { prev } else { next };
        if with_prev {
            self.extend_up(prev, piece.end(), report);
        }
        if at_start && at_end {
            self.swallow(id, heir, report);
        } else {
            let rest = match with_prev {
                true => was.above(piece.end()),
                false => Extent { range: was.range.below(piece.start()), ..was },
            };
            self.reshape(id, rest, report);
            if self.arena[id].vma.has_private() {
                self.arena[heir].vma.note_private();
            }
        }
        if !with_prev {
            self.extend_down(next, to, report);
        }
        if with_prev && with_next {
            self.merge_with_next(prev, report);
        }
        Ok(VmaId(heir))
    }

    /// Makes `to`, part of `id`, an area of its own.
    fn split_out(
        &mut self,
        id: u32,
        to: Extent,
        report: &mut impl FnMut(Edit<'_, B>),
    ) -> Result<u32, NoMemory> {
        let vma = &self.arena[id].vma;
        let was = vma.extent();
        let below = was.range.start() < to.range.start();
        let above = to.range.end() < was.range.end();
        if !below && !above {
            self.reshape(id, to, report);
            return Ok(id);
        }
        let mut path = self.reserve_split(id, u32::from(below) + u32::from(above))?;
        if above {
            let upper = self.arena[id].vma.above(to.range.end());
            self.add_after(&mut path, id, upper, report);
        }
        if below {
            let piece = self.arena[id].vma.with(to);
            let piece = self.add_after(&mut path, id, piece, report);
            self.reshape(id, Extent { range: was.range.below(to.range.start()), ..was }, report);
            return Ok(piece);
        }
        self.reshape(id, to, report);
        Ok(id)
    }
}
