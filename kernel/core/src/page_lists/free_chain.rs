//! Frames that become free one after the other and are given to a stack all at once.

use crate::addr::Pfn;
use crate::index_list::entry;
use crate::page::{NO_PFN, Page, PageFlags};

/// Free frames of one zone, linked through `Page::next`. Nobody else knows them.
#[derive(Debug)]
#[must_use = "frames that are dropped are lost"]
pub struct FreeChain {
    first: u32,
    last: u32,
    len: u32,
    /// The flags of a free frame of this zone.
    zone: PageFlags,
}

/// What [`FreeChain::take`] did with a page.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Taken {
    /// The frame is in the chain.
    Freed,
    /// Nothing: it is private, but others have it, too.
    Shared,
    /// Nothing: it is not private, or there is more to it.
    Not,
}

impl Default for FreeChain {
    fn default() -> Self {
        Self::new()
    }
}

impl FreeChain {
    pub const fn new() -> Self {
        Self { first: NO_PFN, last: NO_PFN, len: 0, zone: PageFlags::empty() }
    }

    pub const fn len(&self) -> u32 {
        self.len
    }

    pub const fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// Frees a private page, `pages[pfn]`, whose entry the caller has removed, if that entry was
    /// all that held it.
    #[inline(always)]
    pub fn take(&mut self, page: &Page, pfn: Pfn) -> Taken {
        let flags = page.flags();
        if flags != self.zone | PageFlags::ANON && !self.begin(flags) {
            return Taken::Not;
        }
        if !page.free_private(self.zone) {
            return Taken::Shared;
        }
        page.set_next((self.first != NO_PFN).then_some(Pfn::new(self.first)));
        if self.first == NO_PFN {
            self.last = pfn.as_u32();
        }
        self.first = pfn.as_u32();
        self.len = self.len.wrapping_add(1);
        Taken::Freed
    }

    /// The first page says which zone the chain is of.
    #[cold]
    fn begin(&mut self, flags: PageFlags) -> bool {
        let zone = flags & (PageFlags::ZONE | PageFlags::HIGHMEM);
        let begins = self.is_empty() && flags == zone | PageFlags::ANON;
        if begins {
            self.zone = zone;
        }
        begins
    }

    /// Its frames. The chain must not change meanwhile.
    pub fn iter<'a>(&self, pages: &'a [Page]) -> impl Iterator<Item = Pfn> + use<'a> {
        let mut next = (!self.is_empty()).then_some(Pfn::new(self.first));
        core::iter::from_fn(move || {
            let pfn = next?;
            next = entry(pages, pfn).next();
            Some(pfn)
        })
    }

    /// First and last frame, and how many there are.
    pub(super) fn into_parts(self) -> Option<(Pfn, Pfn, u32)> {
        (!self.is_empty()).then_some((Pfn::new(self.first), Pfn::new(self.last), self.len))
    }
}
