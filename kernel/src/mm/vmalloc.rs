//! Frames side by side in the vmalloc window, with an unmapped page behind each area.
//!
//! The window's page tables exist from boot, so no address space ever misses an entry.

use super::direct_map::KERNEL_TABLES;
use super::frames::{Frame, GFP_HIGHUSER};
use super::page::page;
use crate::arch::paging::{self, Active, WINDOWS};
use crate::arch::tlb;
use crate::failpoint::fail_point;
use crate::result::{Errno, Result};
use crate::sync::{Rank, SpinLock};
use kcore::addr::PageRange;
use kcore::bitmap::bitmap_words;
use kcore::page::PageFlags;
use kcore::paging::walk::leaf;
use kcore::paging::{Access, Cell, Format, Level, Slot};
use kcore::window::Window;

const PAGES: u32 = (WINDOWS.vmalloc_end - kcore::layout::VMALLOC_START) / 4096;

static WINDOW: SpinLock<Option<Window<'static>>> = SpinLock::new(Rank::Vmalloc, None);

/// # Safety
/// Once, at boot, after the frame allocator.
pub unsafe fn initialise(_: &super::frames::Frames) {
    static mut WORDS: [u32; bitmap_words(PAGES) as usize] = [0; bitmap_words(PAGES) as usize];
    // SAFETY: called once, so this is the only reference.
    let words = unsafe { (&raw mut WORDS).as_mut_unchecked() };
    *WINDOW.lock() = Window::new(words, WINDOWS.vmalloc());
}

/// Pages that lie side by side in the kernel's address space. Freed when dropped.
#[derive(Debug)]
pub struct Area {
    range: PageRange,
}

/// `pages` pages of undefined contents, from anywhere in memory. May sleep.
pub fn vmalloc(pages: u32) -> Result<Area> {
    vmap(pages, |_| {
        let frame = Frame::allocate(&GFP_HIGHUSER)?;
        page(frame.pfn()).set(PageFlags::VMALLOC);
        Some(frame)
    })
}

/// The frames that `next` gives, side by side. ENOMEM if it gives too few. They may have other uses.
pub fn vmap(pages: u32, mut next: impl FnMut(u32) -> Option<Frame>) -> Result<Area> {
    if fail_point!(Vmalloc) {
        return Err(Errno::ENOMEM);
    }
    let range = WINDOW.lock().as_mut().and_then(|window| window.allocate(pages, 1));
    let range = range.ok_or(Errno::ENOMEM)?;
    for (index, vpn) in (0..).zip(range.pages()) {
        let Some(frame) = next(index) else {
            release(range);
            return Err(Errno::ENOMEM);
        };
        let Some(leaf) = leaf(&KERNEL_TABLES, vpn) else { panic!("the window has no tables") };
        // Nothing was mapped here, and freed areas are flushed: no TLB holds the page.
        leaf.cell(vpn).set(paging::format().page(frame.into_raw(), Access::KERNEL));
    }
    Ok(Area { range })
}

/// Unmaps what is mapped of a range, frees it, and gives the addresses back.
fn release(range: PageRange) {
    for vpn in range.pages() {
        let Some(leaf) = leaf(&KERNEL_TABLES, vpn) else { panic!("the window has no tables") };
        let raw = leaf.cell(vpn).take();
        drop(leaf);
        let Slot::Page { pfn, .. } = Active::decode(raw, Level::Leaf) else { continue };
        if let Some(address) = vpn.address() {
            tlb::flush_page(address.as_u32());
        }
        drop(Frame::from_raw(pfn));
    }
    let freed = WINDOW.lock().as_mut().map(|window| window.free(range));
    assert!(matches!(freed, Some(Ok(()))), "{range:?} is no vmalloc area");
}

impl Area {
    /// Where it starts.
    pub fn address(&self) -> u32 {
        self.range.start().address().map_or(0, |address| address.as_u32())
    }

    /// Marks its frames as a kernel stack, for whoever counts.
    pub fn mark_stack(&self) {
        for vpn in self.range.pages() {
            if let Some((pfn, _)) = kcore::paging::walk::translate(&KERNEL_TABLES, vpn) {
                page(pfn).clear(PageFlags::VMALLOC);
                page(pfn).set(PageFlags::KERNEL_STACK);
            }
        }
    }
}

impl Drop for Area {
    fn drop(&mut self) {
        release(self.range);
    }
}

/// Pages of the window, and those of them that are neither in an area nor a guard.
pub fn window_pages() -> (u32, u32) {
    (PAGES, WINDOW.lock().as_ref().map_or(0, |window| window.free_pages()))
}
