//! What the two formats have in common.

use super::{Access, SwapEntry};
use crate::addr::Pfn;
use core::fmt::Debug;

/// Which table an entry belongs to; the same bits mean different things.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Level {
    /// Entries of pages.
    Leaf,
    /// Entries of leaf tables and big pages.
    Directory,
    /// PAE's four entries of directories.
    Top,
}

/// What an entry means.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Slot {
    Empty,
    /// The next table.
    Table(Pfn),
    /// A page with its frame, also while [`Access::PROT_NONE`] hides it from the CPU.
    Page {
        pfn: Pfn,
        access: Access,
    },
    /// 4 MiB (two-level) or 2 MiB (PAE), from its first frame on.
    BigPage {
        pfn: Pfn,
        access: Access,
    },
    Swap(SwapEntry),
    /// Not written by this kernel.
    Other,
}

/// What of the optional bits this CPU has.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Features {
    /// Global pages: bit 8.
    pub global: bool,
    /// Execute-disable, switched on in EFER. Without it bit 63 is reserved.
    pub no_execute: bool,
}

/// One of the two formats, with the bits the CPU at hand knows.
pub trait Format: Copy + 'static {
    /// An entry's value.
    type Raw: Copy + Eq + Debug;
    /// An entry in its table.
    type Cell: Cell<Raw = Self::Raw> + Sync + 'static;
    /// A leaf table or a directory.
    type Table: Sync + 'static;
    /// What CR3 points to.
    type Root: Sync + 'static;

    /// Bits of the address each level consumes, the root's first.
    const INDEX_BITS: &'static [u32];
    /// A leaf table has `1 << LEAF_BITS` entries.
    const LEAF_BITS: u32;
    /// Whether there are directories between root and leaf tables.
    const DIRECTORIES: bool;
    /// Entries of the root.
    const ROOT_LEN: u32;
    /// All bits zero.
    const EMPTY: Self::Raw;

    fn new(features: Features) -> Self;

    /// The entry of a page.
    fn page(self, pfn: Pfn, access: Access) -> Self::Raw;
    /// `raw`, the entry of frame 0, for another frame.
    fn at_frame(raw: Self::Raw, pfn: Pfn) -> Self::Raw;
    /// The entry of a big page. Its first frame must be aligned to its size.
    fn big_page(self, pfn: Pfn, access: Access) -> Self::Raw;
    /// The entry at `level` of a table. Rights are decided in the leaf alone.
    fn table(self, pfn: Pfn, level: Level) -> Self::Raw;
    fn swap(self, entry: SwapEntry) -> Self::Raw;
    fn decode(raw: Self::Raw, level: Level) -> Slot;

    /// The entry of a page with rights and notes taken away; EXEC is not among those.
    fn without(raw: Self::Raw, taken: Access) -> Self::Raw;

    /// Whether the CPU uses the entry, and so may have it in its TLB.
    fn is_present(raw: Self::Raw) -> bool;

    /// `index` is cut to the table's size.
    fn cell(table: &Self::Table, index: u32) -> &Self::Cell;
    /// `index` is cut to the root's size.
    fn root_cell(root: &Self::Root, index: u32) -> &Self::Cell;
    fn cells(table: &Self::Table) -> &[Self::Cell];

    /// The entry of any slot; `None` for what has no entry at that level.
    fn encode(self, slot: Slot, level: Level) -> Option<Self::Raw> {
        match (slot, level) {
            (Slot::Empty, _) => Some(Self::EMPTY),
            (Slot::Page { pfn, access }, Level::Leaf) => Some(self.page(pfn, access)),
            (Slot::Swap(entry), Level::Leaf) => Some(self.swap(entry)),
            (Slot::BigPage { pfn, access }, Level::Directory) => Some(self.big_page(pfn, access)),
            (Slot::Table(pfn), Level::Directory) => Some(self.table(pfn, level)),
            (Slot::Table(pfn), Level::Top) if Self::DIRECTORIES => Some(self.table(pfn, level)),
            _ => None,
        }
    }
}

/// An entry in memory. The CPU sets ACCESSED and DIRTY in it at any time, so whoever removes or
/// tightens a present entry uses the value that comes back.
pub trait Cell {
    type Raw;

    fn load(&self) -> Self::Raw;
    /// Writes over an entry that is not present, or that no CPU uses.
    fn set(&self, raw: Self::Raw);
    /// Empties the entry.
    fn take(&self) -> Self::Raw;
    /// Empties an entry of the kernel's, whose bits do not matter.
    fn clear(&self);
    /// Writes over any entry. In PAE it is not present for a moment.
    fn replace(&self, raw: Self::Raw) -> Self::Raw;
    /// Sets bits of a present entry; EXEC is not among those that can be changed in place.
    fn set_bits(&self, bits: Access);
    /// Clears bits of a present entry and says which of them had been set.
    fn clear_bits(&self, bits: Access) -> Access;
}
