//! One area: a range of pages with the same rights and the same backing.

use super::VmFlags;
use crate::addr::{PageRange, Vpn};
use core::sync::atomic::{AtomicBool, Ordering::Relaxed};

/// What an area's pages come from. The set clones it when an area splits, drops it when an area
/// goes, and asks it whether two neighbours may become one.
pub trait Backing: Clone {
    /// Whether an area with this backing and the `next` one upwards may be one: the same object,
    /// or none. Flags and offsets are compared by the set.
    fn merges_with(&self, next: &Self) -> bool;

    /// Whether there is no object: a private anonymous area.
    fn is_anonymous(&self) -> bool;
}

/// A range of pages with the same rights and the same backing.
#[derive(Debug)]
pub struct Vma<B> {
    pub(super) range: PageRange,
    pub(super) flags: VmFlags,
    pub(super) pgoff: u32,
    pub(super) moved: u32,
    private: AtomicBool,
    pub backing: B,
}

/// Where an area was and what it allowed.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Extent {
    pub range: PageRange,
    pub flags: VmFlags,
    pub pgoff: u32,
    /// How far its private pages are from home: see [`Vma::home_of`].
    pub moved: u32,
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
        Self { range, flags, pgoff, moved: 0, private: AtomicBool::new(false), backing }
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
        Extent { range: self.range, flags: self.flags, pgoff: self.pgoff, moved: self.moved }
    }

    /// The page of the backing behind `page` of this area: what the `index` of an object's page
    /// holds.
    pub const fn index_of(&self, page: Vpn) -> u32 {
        self.pgoff.wrapping_add(page.as_u32().wrapping_sub(self.start().as_u32()))
    }

    /// Where a private page at `page` of this area would be, had mremap never moved it: what the
    /// `index` of a private page holds.
    #[inline]
    pub const fn home_of(&self, page: Vpn) -> u32 {
        page.as_u32().wrapping_sub(self.moved)
    }

    /// Whether mremap moved its private pages away from home.
    #[inline]
    pub const fn is_away(&self) -> bool {
        self.moved != 0
    }

    /// Whether there may be private pages.
    #[inline]
    pub fn has_private(&self) -> bool {
        self.private.load(Relaxed)
    }

    /// There is a private page from now on. A fault says so, so whoever only reads areas has to
    /// keep faults away.
    #[inline]
    pub fn note_private(&self) {
        self.private.store(true, Relaxed);
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
        && lower.moved == upper.moved
        && lower.pgoff.wrapping_add(lower.range.len()) == upper.pgoff
        && below.merges_with(above)
}

impl<B: Backing> Vma<B> {
    /// This area with another extent.
    pub(super) fn with(&self, extent: Extent) -> Self {
        let Extent { range, flags, pgoff, moved } = extent;
        let private = AtomicBool::new(self.has_private());
        Self { range, flags, pgoff, moved, private, backing: self.backing.clone() }
    }

    /// The same area in a forked child: unlocked, and without the pages if they are to be wiped.
    pub(super) fn of_child(&self) -> Self {
        let flags = self.flags.difference(VmFlags::LOCKED.union(VmFlags::LOCKONFAULT));
        let mut area = self.with(Extent { flags, ..self.extent() });
        if flags.contains(VmFlags::WIPEONFORK) {
            area.private = AtomicBool::new(false);
        }
        area
    }

    /// The part from `page` on, as an area of its own.
    pub(super) fn above(&self, page: Vpn) -> Self {
        self.with(self.extent().above(page))
    }

    /// This area's part `piece` as it lies at `to` after an mremap.
    pub fn moved(&self, piece: PageRange, to: PageRange) -> Self {
        self.with(self.moved_extent(piece, to))
    }

    /// Without private pages an area is at home wherever it is; and private anonymous memory is
    /// then numbered anew, so that it can merge where it goes.
    pub(super) fn moved_extent(&self, piece: PageRange, to: PageRange) -> Extent {
        let (from, start) = (piece.start(), to.start().as_u32());
        let (pgoff, moved) = match (self.has_private(), self.backing.is_anonymous()) {
            (true, _) => (self.index_of(from), start.wrapping_sub(self.home_of(from))),
            (false, true) => (start, 0),
            (false, false) => (self.index_of(from), 0),
        };
        Extent { range: to, flags: self.flags, pgoff, moved }
    }
}
