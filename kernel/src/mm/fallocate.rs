//! Frames for pages that nobody has written yet: fallocate.

use super::frames::put_page;
use super::object::{Object, STEP, forget};
use super::page::page;
use crate::result::{Errno, Result};
use crate::task::{self, might_resched, work};
use kcore::addr::Pfn;
use kcore::page::PageFlags;

impl Object {
    /// Gives the pages from `first` to before `end` frames; past the size too, which the caller
    /// sets then. All of them or none: EINTR after a signal, ENOSPC without memory. `is_interrupted`
    /// tells whether there is one; without [`work::SIGNAL`] it is not asked.
    pub fn allocate(&self, first: u32, end: u32, is_interrupted: impl Fn() -> bool) -> Result<()> {
        for index in first..end {
            let page = if task::current().work() & work::SIGNAL != 0 && is_interrupted() {
                Err(Errno::EINTR)
            } else {
                self.page_for_write(index).map_err(|_| Errno::ENOSPC)
            };
            match page {
                Ok(pfn) => put_page(pfn),
                Err(errno) => {
                    self.remove_unwritten(first, index);
                    return Err(errno);
                }
            }
            might_resched();
        }
        Ok(())
    }

    /// Takes pages away that are still as they were made: neither written nor in use.
    fn remove_unwritten(&self, first: u32, end: u32) {
        let mut from = first;
        while from < end {
            from = self.with(|cached, nodes| {
                let mut from = from;
                for _ in 0..STEP {
                    let Some((index, number)) = cached.index.next(nodes, from) else { return end };
                    if index >= end {
                        return end;
                    }
                    let pfn = Pfn::new(number);
                    // One more reference is somebody who maps it, or is about to.
                    if page(pfn).refcount() == 1 && !page(pfn).has(PageFlags::DIRTY) {
                        cached.index.remove(nodes, index);
                        forget(pfn);
                    }
                    from = index + 1;
                }
                from
            });
            might_resched();
        }
    }
}
