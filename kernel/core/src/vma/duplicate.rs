//! The areas of a forked process.

use super::index::Entry;
use super::set::Node;
use super::{Backing, VmFlags, Vma, VmaSet};
use crate::arena::{NIL, NoMemory};

impl<B: Backing> VmaSet<B> {
    /// The set of a fork's child: the same areas without those marked DONTCOPY.
    pub fn duplicate(&self) -> Result<Self, NoMemory> {
        let mut child = Self::new();
        child.arena.reserve(self.len())?;
        let mut next = self.first;
        while let Some(node) = self.arena.get(next) {
            let vma = &node.vma;
            next = node.next;
            if !vma.flags.contains(VmFlags::DONTCOPY) {
                child.push(vma.of_child())?;
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
