//! The nearest gap that is large enough.

use super::node::Entry;
use super::tree::{Index, Path};

#[derive(Clone, Copy, PartialEq, Eq)]
enum Towards {
    Lower,
    Higher,
}

impl<const F: usize> Index<F> {
    /// The nearest area before the place with `pages` free in front of it.
    pub fn gap_below(&self, path: &Path, pages: u32) -> Option<u32> {
        self.gap(path, pages, Towards::Lower)
    }

    /// The nearest area behind the place with `pages` free in front of it.
    pub fn gap_above(&self, path: &Path, pages: u32) -> Option<u32> {
        self.gap(path, pages, Towards::Higher)
    }

    fn gap(&self, path: &Path, pages: u32, towards: Towards) -> Option<u32> {
        let nearest = |entries: &[Entry]| match towards {
            Towards::Lower => entries.iter().rev().find(|entry| entry.gap >= pages).copied(),
            Towards::Higher => entries.iter().find(|entry| entry.gap >= pages).copied(),
        };
        for (level, &(id, at)) in path.steps[..self.height].iter().enumerate() {
            let (entries, at) = (self.nodes[id].entries.as_slice(), at as usize);
            let beside = match towards {
                Towards::Lower => &entries[..at],
                // In an inner node the place is in the entry, in a leaf before it.
                Towards::Higher => &entries[at + usize::from(level > 0)..],
            };
            if let Some(mut entry) = nearest(beside) {
                for _ in 0..level {
                    entry = nearest(&self.nodes[entry.id].entries)?;
                }
                return Some(entry.id);
            }
        }
        None
    }
}
