//! Which instances watch which description: for when one of both goes.

use super::Epoll;
use crate::file::File;
use crate::result::{Errno, Result};
use crate::sync::{Rank, SpinLock, SpinLockGuard};
use alloc::vec::Vec;

/// Sorted. One entry for each watch.
pub struct Links(Vec<(usize, usize)>);

/// While it is held, no description and no instance of an entry goes away.
static LINKS: SpinLock<Links> = SpinLock::new(Rank::EpollLinks, Links(Vec::new()));

pub fn lock() -> SpinLockGuard<'static, Links> {
    LINKS.lock()
}

impl Links {
    pub fn add(&mut self, file: &File, epoll: *const Epoll) -> Result<()> {
        self.0.try_reserve(1).map_err(|_| Errno::ENOMEM)?;
        let entry = (core::ptr::from_ref(file) as usize, epoll as usize);
        let place = self.0.partition_point(|other| *other < entry);
        self.0.insert(place, entry);
        file.set_watched();
        Ok(())
    }

    pub fn remove(&mut self, file: *const File, epoll: *const Epoll) {
        if let Ok(place) = self.0.binary_search(&(file as usize, epoll as usize)) {
            self.0.remove(place);
        }
        if self.0.is_empty() {
            self.0 = Vec::new();
        }
    }

    /// All instances that watch a description.
    pub fn instances_of(&self, file: *const File) -> impl Iterator<Item = *const Epoll> {
        let first = self.0.partition_point(|(other, _)| *other < file as usize);
        let entries = self.0.iter().skip(first).take_while(move |entry| entry.0 == file as usize);
        entries.map(|(_, epoll)| *epoll as *const Epoll)
    }

    fn instance_of(&self, file: *const File) -> Option<*const Epoll> {
        self.instances_of(file).next()
    }
}

/// A description goes away: nobody watches it any more.
pub fn forget(file: &File) {
    let mut links = lock();
    while let Some(epoll) = links.instance_of(file) {
        links.remove(file, epoll);
        // SAFETY: it is linked, and goes only without links.
        let epoll = unsafe { &*epoll };
        let mut watches = epoll.watches.lock();
        if let Some(place) = watches.iter().position(|watch| core::ptr::eq(watch.file(), file)) {
            epoll.drop_watch(&mut watches, place);
        }
    }
}
