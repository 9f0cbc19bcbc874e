//! The areas of a forked process.

use super::{Account, Backing, VmFlags, Vma, VmaId, VmaSet};
use crate::arena::NoMemory;

impl<B: Backing> VmaSet<B> {
    /// The set of a fork's child: the same areas under the same ids, unlocked, without those
    /// marked DONTCOPY. `backing` says what the child's area comes from.
    pub fn duplicate(
        &self,
        mut backing: impl FnMut(VmaId, &Vma<B>) -> B,
    ) -> Result<Self, NoMemory> {
        let mut skip = false;
        let mut account = Account::default();
        let arena = self.arena.duplicate(|id, node| {
            let flags = node.vma.flags.difference(VmFlags::LOCKED | VmFlags::LOCKONFAULT);
            skip |= flags.contains(VmFlags::DONTCOPY);
            account.add(flags, node.vma.range.len());
            let backing = backing(VmaId(id), &node.vma);
            node.with(Vma { range: node.vma.range, flags, pgoff: node.vma.pgoff, backing })
        })?;
        let mut child = Self {
            arena,
            tree: self.tree,
            first: self.first,
            last: self.last,
            account,
            ..Self::new()
        };
        let mut id = if skip { child.first } else { crate::arena::NIL };
        while let Some(node) = child.arena.get(id) {
            let next = node.next;
            if node.vma.flags.contains(VmFlags::DONTCOPY) {
                child.unlink(id);
            }
            id = next;
        }
        Ok(child)
    }
}
