//! Where the tables of one address space live.

use super::{Format, Level};
use crate::addr::Pfn;
use core::ops::Deref;

/// One address space's tables. Changing verbs need its page-table lock, which is the caller's to
/// hold; an implementation may drop it inside [`Tables::allocate`].
pub trait Tables {
    type Format: Format;
    /// Keeps a leaf table mapped: a reference into the direct map, or an atomic kmap.
    type Leaf<'a>: Deref<Target = <Self::Format as Format>::Table>
    where
        Self: 'a;

    fn format(&self) -> Self::Format;

    fn root(&self) -> &<Self::Format as Format>::Root;

    /// A directory. Always in low memory; never asked for in the two-level format.
    fn directory(&self, table: Pfn) -> &<Self::Format as Format>::Table;

    /// Maps a leaf table, which may be in high memory. At most two are held at a time, and no
    /// frame is asked for meanwhile.
    fn leaf(&self, table: Pfn) -> Self::Leaf<'_>;

    /// A zeroed table to be put in at `level` ([`Level::Directory`]: a leaf table,
    /// [`Level::Top`]: a directory). May sleep.
    fn allocate(&self, level: Level) -> Option<Pfn>;

    /// Takes back a table that was never put in.
    fn free(&self, level: Level, table: Pfn);
}
