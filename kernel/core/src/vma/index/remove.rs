//! An entry less: nodes that became small are merged.

use super::tree::{Above, Gaps, Index, Path};
use crate::arena::NIL;

impl<const F: usize> Index<F> {
    /// Removes the area that starts last up to the place.
    pub fn remove(&mut self, path: &Path, above: Option<Above>) {
        let (leaf, behind) = path.steps[0];
        let at = behind as usize - 1;
        let node = &mut self.nodes[leaf];
        let gone = node.remove(at).gap;
        let (mut apart, mut gaps) = (above, Gaps { went: gone, came: 0 });
        if let Some(above) = above
            && let Some(behind) = node.gap_mut(at)
        {
            gaps = Gaps { went: gone.max(*behind), came: above.gap };
            *behind = above.gap;
            apart = None;
        }
        if self.height == 1 {
            self.lower_root();
        } else {
            self.thin_out(path, gaps);
        }
        if let Some(above) = apart {
            self.set_gap(above.start, above.gap);
        }
    }

    /// Merges the leaf, from which an entry went, with a neighbour if they fit; and so on above.
    fn thin_out(&mut self, path: &Path, gaps: Gaps) {
        let (mut path, mut gaps) = (*path, gaps);
        for level in 0..self.height - 1 {
            let (id, _) = path.steps[level];
            let len = self.nodes[id].len();
            let (parent, at) = path.steps[level + 1];
            let above = &self.nodes[parent];
            let at = at as usize;
            let fits = |n: usize| len + self.nodes[above.id(n)].len() <= Self::MERGED;
            let lower = if len == 0 {
                gaps = Gaps { went: above.entry(at).gap, came: 0 };
                self.nodes.remove(id);
                self.nodes[parent].remove(at);
                continue;
            } else if len > Self::MERGED {
                None
            } else if at + 1 < above.len() && fits(at + 1) {
                Some(at)
            } else if at > 0 && fits(at - 1) {
                Some(at - 1)
            } else {
                None
            };
            let Some(lower) = lower else {
                self.settle(&path, level, gaps);
                return;
            };
            let (into, from) = (above.entry(lower), above.entry(lower + 1));
            if let Some(mut node) = self.nodes.remove(from.id) {
                node.move_tail(0, &mut self.nodes[into.id]);
            }
            let merged = self.summary(into.id);
            gaps = Gaps { went: into.gap.max(from.gap), came: merged.gap };
            let above = &mut self.nodes[parent];
            above.remove(lower + 1);
            above.set(lower, merged);
            path.steps[level + 1].1 = lower as u32;
        }
        self.lower_root();
    }

    fn lower_root(&mut self) {
        while self.height > 0 {
            let root = &self.nodes[self.root];
            let child = match (root.len(), self.height) {
                (0, _) => NIL,
                (1, 2..) => root.id(0),
                _ => return,
            };
            self.nodes.remove(self.root);
            self.root = child;
            self.height = if child == NIL { 0 } else { self.height - 1 };
        }
    }
}
