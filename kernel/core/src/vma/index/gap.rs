//! The nearest gap that is large enough.

use super::node::Node;
use super::tree::{Index, Path};
use core::ops::Range;

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
        let nearest = |node: &Node<F>, among: Range<usize>| match towards {
            Towards::Lower => node.last_gap(among, pages),
            Towards::Higher => node.first_gap(among, pages),
        };
        for (level, &(id, at)) in path.steps[..self.height].iter().enumerate() {
            let (mut node, at) = (&self.nodes[id], at as usize);
            let beside = match towards {
                Towards::Lower => 0..at,
                // In an inner node the place is in the entry, in a leaf before it.
                Towards::Higher => at + usize::from(level > 0)..node.len(),
            };
            if let Some(mut at) = nearest(node, beside) {
                for _ in 0..level {
                    node = &self.nodes[node.id(at)];
                    at = nearest(node, 0..node.len())?;
                }
                return Some(node.id(at));
            }
        }
        None
    }
}
