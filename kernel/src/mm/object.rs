//! Objects: what files and shared memory are to the VM. An object's pages are the page cache;
//! `read`, `write`, `mmap` and `exec` all go through it, so they agree by construction.
//!
//! One lock, `PAGE_TREE`, guards the index of every object and its size. A page in the index has
//! one reference for it; `mapping` and `index` of its `Page` say where it belongs.

use super::frames::{Frame, GFP_HIGHUSER, clear_highpage, get_page, put_page};
use super::kmap::{copy_from_phys, kmap_atomic};
use super::page::page;
use super::rmap::Mappings;
use crate::arch::string::clear_shared;
use crate::result::{Errno, Result};
use crate::sync::{Rank, SpinLock};
use crate::task::might_resched;
use alloc::sync::Arc;
use core::cell::UnsafeCell;
use core::slice;
use core::sync::atomic::{AtomicU64, Ordering::Relaxed};
use kcore::addr::{FrameRange, PAGE_SHIFT, PAGE_SIZE, Pfn, PhysAddr};
use kcore::page::PageFlags;
use kcore::page_index::{Nodes, PageIndex};

static PAGE_TREE: SpinLock<Nodes> = SpinLock::new(Rank::Object, Nodes::new());

/// The largest size of an object: 2^32 pages less one.
pub const MAX_SIZE: u64 = (u32::MAX as u64) << PAGE_SHIFT;
/// Pages a long loop treats before others may run.
pub(super) const STEP: u32 = 64;

/// Where pages come from that the cache does not have.
pub(super) enum Source {
    /// Nowhere: they are zero until written. `/tmp`, memfd, shared anonymous memory.
    Memory,
    /// Nowhere either: all are there from the beginning and stay, because devices and the kernel
    /// know the frames.
    Fixed,
    /// The boot archive: `len` bytes from `start`. Whole pages of an aligned file are the
    /// archive's own frames, and so are always there.
    Archive { start: PhysAddr, len: u32, own: FrameRange },
}

pub(super) struct Cached {
    pub(super) index: PageIndex,
    /// In bytes.
    pub(super) size: u64,
}

pub struct Object {
    /// Under `PAGE_TREE`.
    cached: UnsafeCell<Cached>,
    pub(super) source: Source,
    /// 0 until somebody asks for it.
    number: AtomicU64,
    /// The areas that map it, if it [may lose pages](Self::may_lose_pages).
    pub mappings: Mappings,
}

// SAFETY: `cached` is touched only with `PAGE_TREE` held.
unsafe impl Sync for Object {}
// SAFETY: nothing in it belongs to a task.
unsafe impl Send for Object {}

/// What the cache says of a page.
pub enum Lookup {
    /// It is there; the caller has one reference more.
    Cached(Pfn),
    /// Nobody has written it yet.
    Hole,
    /// Past the end.
    Beyond,
}

impl Object {
    /// Memory that is zero until written.
    pub fn memory(size: u64) -> Result<Arc<Self>> {
        Self::new(size, Source::Memory)
    }

    /// Memory whose pages are filled in at once and are never taken away.
    pub fn fixed(size: u64) -> Result<Arc<Self>> {
        let object = Self::new(size, Source::Fixed)?;
        for index in 0..object.pages() {
            object.fill_hole(index)?;
            might_resched();
        }
        Ok(object)
    }

    /// A file of the boot archive.
    pub fn archive(start: PhysAddr, len: u32) -> Result<Arc<Self>> {
        let aligned = start.as_u64().is_multiple_of(u64::from(PAGE_SIZE));
        let own = start.pfn().filter(|_| aligned);
        let own = own.and_then(|first| FrameRange::with_len(first, len >> PAGE_SHIFT));
        let own = own.unwrap_or_default();
        let object = Self::new(u64::from(len), Source::Archive { start, len, own })?;
        for index in 0..object.pages() {
            if let Some(pfn) = object.archive_frame(index) {
                let page = page(pfn);
                page.set(PageFlags::CACHE | PageFlags::UPTODATE);
                page.set_mapping(object.word(), index);
            }
        }
        Ok(object)
    }

    fn new(size: u64, source: Source) -> Result<Arc<Self>> {
        let cached = UnsafeCell::new(Cached { index: PageIndex::new(), size });
        let (number, mappings) = (AtomicU64::new(0), Mappings::new());
        Arc::try_new(Self { cached, source, number, mappings }).map_err(|_| Errno::ENOMEM)
    }

    /// A number that no other object ever has, and that is no address.
    pub fn number(&self) -> u64 {
        static NEXT: AtomicU64 = AtomicU64::new(1 << 32);
        let number = self.number.load(Relaxed);
        if number != 0 {
            return number;
        }
        let new = NEXT.fetch_add(1, Relaxed);
        match self.number.compare_exchange(0, new, Relaxed, Relaxed) {
            Ok(_) => new,
            Err(number) => number,
        }
    }

    /// Whether its pages belong to no file of a server or of the archive.
    pub(super) const fn is_shared_memory(&self) -> bool {
        matches!(self.source, Source::Memory)
    }

    /// Of its cached pages.
    const fn page_flags(&self) -> PageFlags {
        let cached = PageFlags::CACHE.union(PageFlags::UPTODATE);
        if self.is_shared_memory() { cached.union(PageFlags::SHARED_MEMORY) } else { cached }
    }

    /// What `Page::mapping` says of this object's pages.
    fn word(&self) -> u32 {
        &raw const *self as u32
    }

    #[inline]
    pub(super) fn with<R>(&self, work: impl FnOnce(&mut Cached, &mut Nodes) -> R) -> R {
        let mut nodes = PAGE_TREE.lock();
        // SAFETY: the lock is held, and `work` cannot get here again: the lock's rank forbids it.
        work(unsafe { &mut *self.cached.get() }, &mut nodes)
    }

    /// Whether pages may be taken away, and have to be found for that wherever they are mapped.
    #[inline]
    pub fn may_lose_pages(&self) -> bool {
        matches!(self.source, Source::Memory)
    }

    /// In bytes.
    pub fn size(&self) -> u64 {
        self.with(|cached, _| cached.size)
    }

    /// In pages, the last of which may be partly used.
    pub fn pages(&self) -> u32 {
        pages(self.size())
    }

    /// Cached pages, the archive's own frames not among them.
    pub fn cached_pages(&self) -> u32 {
        self.with(|cached, _| cached.index.len())
    }

    /// The archive's own frame for a page, if it has one.
    #[inline]
    fn archive_frame(&self, index: u32) -> Option<Pfn> {
        match self.source {
            Source::Archive { own, .. } if index < own.len() => own.start().checked_add(index),
            _ => None,
        }
    }

    /// What there is of page `index`.
    #[inline]
    pub fn lookup(&self, index: u32) -> Lookup {
        if let Some(pfn) = self.archive_frame(index) {
            get_page(pfn);
            return Lookup::Cached(pfn);
        }
        self.with(|cached, nodes| match cached.index.get(nodes, index) {
            _ if index >= pages(cached.size) => Lookup::Beyond,
            Some(number) => {
                let pfn = Pfn::new(number);
                get_page(pfn);
                Lookup::Cached(pfn)
            }
            None => Lookup::Hole,
        })
    }

    /// Shows the cached pages among `count` from `first`.
    pub fn for_each_cached(&self, first: u32, count: u32, mut show: impl FnMut(u32, Pfn)) {
        let end = first.saturating_add(count);
        if let Source::Archive { .. } = self.source {
            for index in first..end {
                if let Some(pfn) = self.archive_frame(index) {
                    show(index, pfn);
                }
            }
        }
        self.with(|cached, nodes| {
            let end = end.min(pages(cached.size));
            let mut from = first;
            while let Some((index, number)) = cached.index.next(nodes, from) {
                if index >= end {
                    break;
                }
                show(index, Pfn::new(number));
                from = index + 1;
            }
        });
    }

    /// Gives a page that nobody has a frame: zero, or what the archive says. May sleep.
    pub fn fill_hole(&self, index: u32) -> Result<()> {
        self.fill(index, |size| index < pages(size))
    }

    /// [`fill_hole`](Self::fill_hole) if the size is still right.
    fn fill(&self, index: u32, is_wanted: impl FnOnce(u64) -> bool) -> Result<()> {
        let frame = Frame::allocate(&GFP_HIGHUSER).ok_or(Errno::ENOMEM)?;
        clear_highpage(frame.pfn());
        if let Source::Archive { start, len, .. } = self.source {
            copy_from_archive(frame.pfn(), start, len, index);
        }
        self.with(|cached, nodes| {
            if !is_wanted(cached.size) || cached.index.get(nodes, index).is_some() {
                // Cut off, or filled by somebody else.
                return Ok(());
            }
            let pfn = frame.pfn();
            cached.index.insert(nodes, index, pfn.as_u32()).map_err(|_| Errno::ENOMEM)?;
            let page = page(pfn);
            page.set(self.page_flags());
            page.set_mapping(self.word(), index);
            frame.into_raw();
            Ok(())
        })
    }

    /// The page with a reference, filled if need be. It may lie past the end, where nobody else
    /// sees it, until [`written`](Self::written) is called.
    #[inline]
    pub(super) fn page_for_write(&self, index: u32) -> Result<Pfn> {
        loop {
            let found = self.with(|cached, nodes| {
                let pfn = Pfn::new(cached.index.get(nodes, index)?);
                get_page(pfn);
                Some(pfn)
            });
            match found {
                Some(pfn) => return Ok(pfn),
                None => self.fill(index, |_| true)?,
            }
        }
    }

    /// The page has been written up to byte `end` of the object, if at all: the size follows. A
    /// page that lies past the end even so goes.
    #[inline]
    pub(super) fn written(&self, index: u32, pfn: Pfn, end: Option<u64>) {
        page(pfn).set(PageFlags::DIRTY);
        let unused = self.with(|cached, nodes| {
            // A cut that took the page away came later than the write.
            if page(pfn).has(PageFlags::CACHE)
                && let Some(end) = end
            {
                cached.size = cached.size.max(end);
            }
            if index < pages(cached.size) { None } else { cached.index.remove(nodes, index) }
        });
        if let Some(number) = unused {
            forget(Pfn::new(number));
        }
    }

    /// Sets the size. Pages beyond it go, out of every address space too; the rest of the last
    /// page becomes zero, and what a mapping left there goes when the object grows.
    pub fn truncate(&self, size: u64) -> Result<()> {
        if size > MAX_SIZE {
            return Err(Errno::EFBIG);
        }
        self.check_may_lose_pages()?;
        let before = self.with(|cached, _| core::mem::replace(&mut cached.size, size));
        if size >= before {
            self.clear_tail(before);
            return Ok(());
        }
        let first = pages(size);
        // No fault maps them any more.
        self.mappings.zap(first, u32::MAX, true);
        self.remove(first, u32::MAX);
        self.clear_tail(size);
        Ok(())
    }

    /// Drops pages: what they held reads as zero from now on. Private copies stay.
    pub fn punch_hole(&self, first: u32, count: u32) -> Result<()> {
        self.check_may_lose_pages()?;
        let end = first.saturating_add(count);
        // Entries, then pages, then entries that a fault put in between the two.
        self.mappings.zap(first, end, false);
        self.remove(first, end);
        self.mappings.zap(first, end, false);
        Ok(())
    }

    fn check_may_lose_pages(&self) -> Result<()> {
        match self.source {
            Source::Memory => Ok(()),
            Source::Fixed => Err(Errno::EINVAL),
            Source::Archive { .. } => Err(Errno::EROFS),
        }
    }

    /// Takes the pages from `first` to before `end` out of the cache.
    fn remove(&self, first: u32, end: u32) {
        loop {
            let removed = self.with(|cached, nodes| {
                let mut removed = 0;
                while removed < STEP
                    && let Some((index, number)) = cached.index.next(nodes, first)
                    && index < end
                {
                    cached.index.remove(nodes, index);
                    forget(Pfn::new(number));
                    removed += 1;
                }
                removed
            });
            if removed < STEP {
                return;
            }
            might_resched();
        }
    }

    /// The object is about to grow, and bytes behind its end to belong to it: whoever had the page
    /// mapped may have left something there.
    pub fn clear_behind_end(&self) {
        self.clear_tail(self.size());
    }

    fn clear_tail(&self, size: u64) {
        let within = (size % u64::from(PAGE_SIZE)) as usize;
        if within == 0 {
            return;
        }
        if let Lookup::Cached(pfn) = self.lookup(page_of(size)) {
            let mapping = kmap_atomic(pfn);
            // SAFETY: the mapping covers the frame.
            unsafe {
                let tail = mapping.as_ptr::<u8>().add(within);
                clear_shared(tail, PAGE_SIZE as usize - within);
            }
            drop(mapping);
            put_page(pfn);
        }
    }
}

impl Drop for Object {
    fn drop(&mut self) {
        debug_assert!(self.mappings.is_empty(), "an object dies while it is mapped");
        self.remove(0, u32::MAX);
    }
}

/// Gives back the memory of the page index that holds nothing.
pub fn shrink_page_tree() {
    PAGE_TREE.lock().shrink();
}

/// A page that has been taken out of the index.
pub(super) fn forget(pfn: Pfn) {
    let page = page(pfn);
    page.clear(PageFlags::CACHE | PageFlags::DIRTY | PageFlags::SHARED_MEMORY);
    page.set_mapping(0, 0);
    put_page(pfn);
}

/// Pages that `size` bytes take.
#[inline]
fn pages(size: u64) -> u32 {
    // At most MAX_SIZE, so it fits.
    size.div_ceil(u64::from(PAGE_SIZE)) as u32
}

#[inline]
pub(super) fn page_of(offset: u64) -> u32 {
    (offset >> PAGE_SHIFT) as u32
}

/// Fills a zeroed frame with the archive's bytes of page `index`.
fn copy_from_archive(pfn: Pfn, start: PhysAddr, len: u32, index: u32) {
    let offset = u64::from(index) << PAGE_SHIFT;
    let count = u64::from(len).saturating_sub(offset).min(u64::from(PAGE_SIZE)) as usize;
    let mapping = kmap_atomic(pfn);
    // SAFETY: the mapping covers the frame, which is nobody else's yet.
    let to = unsafe { slice::from_raw_parts_mut(mapping.as_ptr::<u8>(), count) };
    let from = PhysAddr::new(start.as_u64() + offset);
    let copied = copy_from_phys(from, to);
    debug_assert!(copied.is_some(), "the archive lies beyond memory");
}
