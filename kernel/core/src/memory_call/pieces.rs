//! A range, area by area.

use crate::addr::{PageRange, Vpn};
use crate::vma::{Backing, VmaId, VmaSet};

/// The next part of a range.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Piece {
    /// Part of one area.
    Area { id: VmaId, range: PageRange },
    /// Pages without an area.
    Hole,
}

/// Walks a range. Holds no reference: areas may be split and merged between two steps.
#[derive(Clone, Copy, Debug)]
pub struct Pieces {
    at: Vpn,
    end: Vpn,
}

impl Pieces {
    pub const fn new(range: PageRange) -> Self {
        Self { at: range.start(), end: range.end() }
    }

    pub fn next<B: Backing>(&mut self, set: &VmaSet<B>) -> Option<Piece> {
        if self.at >= self.end {
            return None;
        }
        let rest = PageRange::new(self.at, self.end)?;
        let piece = match set.find(self.at) {
            Some((id, vma)) => match vma.range().intersection(rest) {
                Some(range) if range.start() == self.at => Piece::Area { id, range },
                Some(range) => {
                    self.at = range.start();
                    return Some(Piece::Hole);
                }
                None => Piece::Hole,
            },
            None => Piece::Hole,
        };
        self.at = match piece {
            Piece::Area { range, .. } => range.end(),
            Piece::Hole => self.end,
        };
        Some(piece)
    }
}
