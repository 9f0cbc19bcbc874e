//! Looking at one page of an address space, for those who trace its faults.

use super::frames::put_page;
use super::object::Lookup;
use super::page::page;
use super::space::{Mm, TASK_SIZE};
use super::zero_page::zero_pfn;
use core::sync::atomic::Ordering::Relaxed;
use kcore::addr::{PAGE_SHIFT, VirtAddr};
use kcore::fault::{Mapped, Sight};
use kcore::page::PageFlags;
use kcore::paging::Access;
use kcore::paging::walk::translate;

/// One page, and the area around it.
pub struct View {
    pub sight: Sight,
    pub area: Option<AreaView>,
    /// Pages of objects in the whole address space.
    pub rss_file: u32,
}

/// An area, in bytes and Linux's flags.
#[derive(Clone, Copy, Default)]
pub struct AreaView {
    pub start: u32,
    pub end: u32,
    pub flags: u32,
    /// What lies at its start, in pages of the object.
    pub page_offset: u32,
}

impl Mm {
    /// What is at an address now.
    pub fn view(&self, address: VirtAddr) -> View {
        let number = address.vpn();
        let layout = self.layout.read();
        let area = layout.areas.containing(number).map(|(_, area)| area);
        let object = area.and_then(|area| Some((area, area.backing.object.as_deref()?)));
        let is_cached =
            object.is_some_and(|(area, object)| match object.lookup(area.index_of(number)) {
                Lookup::Cached(pfn) => {
                    put_page(pfn);
                    true
                }
                Lookup::Hole | Lookup::Beyond => false,
            });
        let entry = if number < TASK_SIZE {
            let lock = self.lock_tables();
            translate(&self.tables(&lock), number)
        } else {
            None
        };
        let mapped = match entry {
            None => Mapped::Nothing,
            Some((pfn, _)) if pfn == zero_pfn() => Mapped::Zero,
            Some((pfn, access)) if access.contains(Access::SPECIAL) => Mapped::Shared(pfn),
            Some((pfn, _)) if page(pfn).has(PageFlags::ANON) => Mapped::Anon(pfn),
            Some((pfn, _)) => Mapped::Shared(pfn),
        };
        let writable = entry.is_some_and(|(_, access)| access.contains(Access::WRITE));
        View {
            sight: Sight { mapped, writable, has_object: object.is_some(), is_cached },
            area: area.map(|area| AreaView {
                start: area.start().as_u32() << PAGE_SHIFT,
                end: area.end().as_u32() << PAGE_SHIFT,
                flags: area.flags().bits(),
                page_offset: area.index_of(area.start()),
            }),
            rss_file: self.rss_file.load(Relaxed),
        }
    }
}
