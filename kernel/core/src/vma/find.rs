//! Finding areas: by page, by neighbourhood, in order.

use super::{Backing, Vma, VmaId, VmaSet};
use crate::addr::{PageRange, Vpn};
use crate::arena::NIL;
use core::sync::atomic::Ordering::Relaxed;

impl<B: Backing> VmaSet<B> {
    /// The first area that ends above `page`; it may start above it too.
    #[inline]
    pub fn find(&self, page: Vpn) -> Option<(VmaId, &Vma<B>)> {
        self.last_hit(page).or_else(|| self.find_in_tree(page))
    }

    /// The area that contains `page`.
    #[inline]
    pub fn containing(&self, page: Vpn) -> Option<(VmaId, &Vma<B>)> {
        self.locate(page).ok()
    }

    /// The area that contains `page`, or else the first above.
    #[inline(always)]
    #[allow(clippy::type_complexity)]
    pub fn locate(&self, page: Vpn) -> Result<(VmaId, &Vma<B>), Option<(VmaId, &Vma<B>)>> {
        if let Some(hit) = self.last_hit(page) {
            return Ok(hit);
        }
        match self.find_in_tree(page) {
            Some((id, vma)) if vma.start() <= page => Ok((id, vma)),
            above => Err(above),
        }
    }

    /// The area that was found last, if it contains `page`.
    #[inline(always)]
    fn last_hit(&self, page: Vpn) -> Option<(VmaId, &Vma<B>)> {
        let hit = self.hit.load(Relaxed);
        let node = self.arena.get(hit)?;
        node.vma.range.contains(page).then_some((VmaId(hit), &node.vma))
    }

    #[inline(never)]
    fn find_in_tree(&self, page: Vpn) -> Option<(VmaId, &Vma<B>)> {
        let id = self.index.find(page.as_u32());
        let node = self.arena.get(id)?;
        if page < node.vma.end() {
            self.hit.store(id, Relaxed);
            return Some((VmaId(id), &node.vma));
        }
        self.listed(node.next)
    }

    pub fn get(&self, id: VmaId) -> Option<&Vma<B>> {
        self.arena.get(id.0).map(|node| &node.vma)
    }

    /// The area before `id` in order of addresses.
    pub fn prev(&self, id: VmaId) -> Option<(VmaId, &Vma<B>)> {
        self.listed(self.arena.get(id.0)?.prev)
    }

    /// The area after `id` in order of addresses.
    pub fn next(&self, id: VmaId) -> Option<(VmaId, &Vma<B>)> {
        self.listed(self.arena.get(id.0)?.next)
    }

    pub fn first(&self) -> Option<(VmaId, &Vma<B>)> {
        self.listed(self.first)
    }

    pub fn last(&self) -> Option<(VmaId, &Vma<B>)> {
        self.listed(self.last)
    }

    /// All areas in order of addresses.
    pub fn iter(&self) -> impl Iterator<Item = (VmaId, &Vma<B>)> {
        self.list_from(self.first)
    }

    /// The areas that overlap `range`, in order.
    pub fn overlapping(&self, range: PageRange) -> impl Iterator<Item = (VmaId, &Vma<B>)> {
        let first = match self.find(range.start()) {
            Some((id, _)) if !range.is_empty() => id.0,
            _ => NIL,
        };
        self.list_from(first).take_while(move |(_, vma)| vma.start() < range.end())
    }

    /// Whether areas cover all of `range`.
    pub fn covers(&self, range: PageRange) -> bool {
        let mut reached = range.start();
        for (_, vma) in self.overlapping(range) {
            if vma.start() > reached {
                return false;
            }
            reached = vma.end();
        }
        reached >= range.end()
    }

    fn listed(&self, id: u32) -> Option<(VmaId, &Vma<B>)> {
        if id == NIL { None } else { Some((VmaId(id), &self.arena[id].vma)) }
    }

    fn list_from(&self, first: u32) -> impl Iterator<Item = (VmaId, &Vma<B>)> {
        let mut next = first;
        core::iter::from_fn(move || {
            let node = if next == NIL { return None } else { &self.arena[next] };
            Some((VmaId(core::mem::replace(&mut next, node.next)), &node.vma))
        })
    }
}
