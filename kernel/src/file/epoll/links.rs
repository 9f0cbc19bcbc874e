//! Who watches which description: for when one of both goes.

use super::list::{List, OF_FILE};
use super::watch::Watch;
use crate::file::File;
use crate::mm::frames::low_pages;
use crate::result::{Errno, Result};
use crate::sync::{Rank, SpinLock, SpinLockGuard};
use crate::task::might_resched;
use core::cell::UnsafeCell;
use core::sync::atomic::{AtomicBool, Ordering::Relaxed};
use kcore::addr::PAGE_SIZE;
use kcore::user_account::Resource;

/// Who watches which description.
pub struct Links(());

/// While it is held, no description and no instance of a watch goes away.
static LINKS: SpinLock<Links> = SpinLock::new(Rank::EpollLinks, Links(()));

/// So many watches go before others have a turn.
pub const AT_A_TIME: usize = 64;
/// All watches of a user take no more than this part of the low memory.
const SHARE: u32 = 25;

pub fn lock() -> SpinLockGuard<'static, Links> {
    LINKS.lock()
}

/// How many watches a user may have.
pub fn max_user_watches() -> u32 {
    low_pages() / SHARE * PAGE_SIZE / size_of::<Watch>() as u32
}

/// A description's watches.
pub struct Watchers {
    list: UnsafeCell<List<OF_FILE>>,
    /// It has some, or had.
    any: AtomicBool,
}

// SAFETY: the list is reached through the one `Links` only, which a lock guards.
unsafe impl Sync for Watchers {}

impl Watchers {
    pub const fn new() -> Self {
        Self { list: UnsafeCell::new(List::new()), any: AtomicBool::new(false) }
    }

    fn edit<'a>(&'a self, _: &'a mut Links) -> &'a mut List<OF_FILE> {
        // SAFETY: there is one `Links`, and this borrows it for as long.
        unsafe { &mut *self.list.get() }
    }

    fn look<'a>(&'a self, _: &'a Links) -> &'a List<OF_FILE> {
        // SAFETY: as above.
        unsafe { &*self.list.get() }
    }
}

impl Links {
    /// A new one of a user's. ENOSPC if they are too many.
    pub fn add(&mut self, file: &File, watch: &Watch, most: u32) -> Result<()> {
        if !watch.epoll().user.try_add(Resource::Watches, most) {
            return Err(Errno::ENOSPC);
        }
        file.watchers().any.store(true, Relaxed);
        file.watchers().edit(self).push(watch);
        Ok(())
    }

    pub fn remove(&mut self, watch: &Watch) {
        watch.file().watchers().edit(self).remove(watch);
        watch.epoll().user.remove(Resource::Watches);
    }

    /// All watches of a description.
    pub fn watches_of<'a>(
        &'a self,
        file: &'a File,
    ) -> impl Iterator<Item = *const Watch> + use<'a> {
        file.watchers().look(self).iter()
    }
}

/// A description goes away: nobody watches it any more.
#[inline]
pub fn forget(file: &File) {
    if file.watchers().any.load(Relaxed) {
        while forget_some(file) {
            might_resched();
        }
    }
}

/// Returns whether there may be more.
#[cold]
fn forget_some(file: &File) -> bool {
    let mut links = lock();
    for _ in 0..AT_A_TIME {
        let Some(watch) = file.watchers().look(&links).last() else { return false };
        // SAFETY: it is linked, and goes only without links.
        let watch = unsafe { &*watch };
        links.remove(watch);
        watch.epoll().drop_watch(watch.key());
    }
    true
}
