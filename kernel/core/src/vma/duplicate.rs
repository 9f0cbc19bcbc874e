//! The areas of a forked process.

use super::index::Entry;
use super::set::Node;
use super::{Backing, VmFlags, Vma, VmaId, VmaSet};
use crate::arena::{NIL, NoMemory};

impl<B: Backing> VmaSet<B> {
    /// The set of a fork's child: the same areas, unlocked, without those marked DONTCOPY.
    /// `backing` says what the child's area comes from.
    pub fn duplicate(
        &self,
        mut backing: impl FnMut(VmaId, &Vma<B>) -> B,
    ) -> Result<Self, NoMemory> {
        let mut child = Self::new();
        child.arena.reserve(self.len())?;
        let mut next = self.first;
        while let Some(node) = self.arena.get(next) {
            let (id, vma) = (VmaId(next), &node.vma);
            next = node.next;
            if !vma.flags.contains(VmFlags::DONTCOPY) {
                let flags = vma.flags.difference(VmFlags::LOCKED.union(VmFlags::LOCKONFAULT));
                let backing = backing(id, vma);
                child.push(Vma { range: vma.range, flags, pgoff: vma.pgoff, backing })?;
            }
        }
        Ok(child)
    }

    /// Adds an area behind all others, into a slot reserved before.
    fn push(&mut self, vma: Vma<B>) -> Result<(), NoMemory> {
        let gap = self.gap_after(self.last, &vma);
        let (start, flags, pages) = (vma.start().as_u32(), vma.flags, vma.range.len());
        let prev = self.last;
        let id = self.arena.insert(Node { vma, prev, next: NIL });
        match prev {
            NIL => self.first = id,
            prev => self.arena[prev].next = id,
        }
        self.last = id;
        self.account.add(flags, pages);
        self.index.push(Entry { start, id, gap })
    }
}
