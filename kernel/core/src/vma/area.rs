//! One area: a range of pages with the same rights and the same backing.

use super::VmFlags;
use crate::addr::{PageRange, Vpn};

/// What an area's pages come from. The set clones it when an area splits, drops it when an area
/// goes, and asks it whether two neighbours may become one.
pub trait Backing: Clone {
    /// Whether an area with this backing and the `next` one upwards may be one: the same object
    /// (or none), and anon chains that are equal or of which one is absent. Flags and offsets
    /// are compared by the set.
    fn merges_with(&self, next: &Self) -> bool;

    /// Whether there is an anon chain: private pages may exist.
    fn has_chain(&self) -> bool;

    /// Takes a reference to the anon chain of `other`. Called where `self` has none.
    fn adopt_chain(&mut self, other: &Self);

    /// Whether there is no object: a private anonymous area.
    fn is_anonymous(&self) -> bool;
}

/// A range of pages with the same rights and the same backing.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Vma<B> {
    pub(super) range: PageRange,
    pub(super) flags: VmFlags,
    pub(super) pgoff: u32,
    /// May be changed at will as long as reverse maps follow.
    pub backing: B,
}

/// Where an area was and what it allowed.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Extent {
    pub range: PageRange,
    pub flags: VmFlags,
    pub pgoff: u32,
}

impl Extent {
    /// The part from `page` on.
    pub(super) const fn above(self, page: Vpn) -> Self {
        let range = self.range.above(page);
        let pgoff = self.pgoff.wrapping_add(self.range.len() - range.len());
        Self { range, pgoff, ..self }
    }
}

impl<B> Vma<B> {
    /// `pgoff` is the page of the backing that `range` starts at; private anonymous areas start
    /// with their own page number. 32 bits of pages are 44 bits of file, more than mmap2 can name.
    /// `range` must not be empty.
    pub const fn new(range: PageRange, flags: VmFlags, pgoff: u32, backing: B) -> Self {
        Self { range, flags, pgoff, backing }
    }

    pub const fn range(&self) -> PageRange {
        self.range
    }

    pub const fn start(&self) -> Vpn {
        self.range.start()
    }

    pub const fn end(&self) -> Vpn {
        self.range.end()
    }

    pub const fn flags(&self) -> VmFlags {
        self.flags
    }

    /// The page of the backing at the area's start.
    pub const fn pgoff(&self) -> u32 {
        self.pgoff
    }

    pub const fn extent(&self) -> Extent {
        Extent { range: self.range, flags: self.flags, pgoff: self.pgoff }
    }

    /// The page of the backing behind `page` of this area: what a page's `index` holds.
    pub const fn index_of(&self, page: Vpn) -> u32 {
        self.pgoff.wrapping_add(page.as_u32().wrapping_sub(self.start().as_u32()))
    }

    /// First page the area keeps others away from: a stack has its guard gap below it.
    pub(super) const fn guarded_start(&self) -> u32 {
        let start = self.start().as_u32();
        if self.flags.contains(VmFlags::GROWSDOWN) {
            start.saturating_sub(super::STACK_GUARD_GAP)
        } else {
            start
        }
    }
}

/// Whether the area `upper` could be part of the area `lower`.
#[inline]
pub(super) fn joins<B: Backing>(lower: Extent, below: &B, upper: Extent, above: &B) -> bool {
    lower.range.end() == upper.range.start()
        && lower.flags == upper.flags
        && !lower.flags.intersects(VmFlags::SPECIAL)
        && lower.pgoff.wrapping_add(lower.range.len()) == upper.pgoff
        && below.merges_with(above)
}

impl<B: Backing> Vma<B> {
    /// The part from `page` on, as an area of its own.
    pub(super) fn above(&self, page: Vpn) -> Self {
        let Extent { range, flags, pgoff } = self.extent().above(page);
        Self { range, flags, pgoff, backing: self.backing.clone() }
    }

    /// This area's part `piece` as it lies at `to` after an mremap.
    pub fn moved(&self, piece: PageRange, to: PageRange) -> Self {
        let Extent { range, flags, pgoff } = self.moved_extent(piece, to);
        Self { range, flags, pgoff, backing: self.backing.clone() }
    }

    /// Private anonymous memory nobody has written yet is numbered anew, so that it can merge
    /// where it goes.
    pub(super) fn moved_extent(&self, piece: PageRange, to: PageRange) -> Extent {
        let untouched = self.backing.is_anonymous() && !self.backing.has_chain();
        let pgoff = if untouched { to.start().as_u32() } else { self.index_of(piece.start()) };
        Extent { range: to, flags: self.flags, pgoff }
    }
}
