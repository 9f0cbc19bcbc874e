//! Where the page tables of other address spaces begin: each root has the kernel's entries.

use super::memory::Memory;
use super::walk::{Format, NOTED, PAGE};

/// P, and what is not reserved, in an entry of PAE's first table.
const PRESENT: u64 = 1;

/// The roots in memory whose entries from `page_offset` on are those of `known`, which is one.
pub fn all(memory: &Memory, format: Format, known: u64, page_offset: u32) -> Vec<u64> {
    let shape = Shape::of(format, page_offset);
    let kernel: Vec<Option<u64>> =
        (shape.first..shape.entries).map(|index| shape.entry(memory, known, index)).collect();
    let is_root = |&root: &u64| {
        (shape.first..shape.entries)
            .zip(&kernel)
            .all(|(index, entry)| shape.entry(memory, root, index) == *entry)
            && (0..shape.first).all(|index| shape.may_be_a_programs(memory, root, index))
    };
    // The kernel takes a frame for each.
    (0..memory.size()).step_by(PAGE as usize).filter(is_root).collect()
}

struct Shape {
    entries: u64,
    /// The first that is the kernel's.
    first: u64,
    is_pae: bool,
}

impl Shape {
    fn of(format: Format, page_offset: u32) -> Self {
        let is_pae = matches!(format, Format::Pae { .. });
        let (entries, shift) = if is_pae { (4, 30) } else { (1024, 22) };
        Self { entries, first: u64::from(page_offset >> shift), is_pae }
    }

    fn entry(&self, memory: &Memory, root: u64, index: u64) -> Option<u64> {
        let entry = match self.is_pae {
            true => memory.long(root + index * 8),
            false => memory.word(root + index * 4).map(u64::from),
        };
        entry.map(|entry| entry & !NOTED)
    }

    fn may_be_a_programs(&self, memory: &Memory, root: u64, index: u64) -> bool {
        let is_inside = |entry: u64| entry & !0xfff < memory.size();
        match self.entry(memory, root, index) {
            None => false,
            Some(0) => true,
            Some(entry) => entry & PRESENT != 0 && is_inside(entry & !(1 << 63)),
        }
    }
}
