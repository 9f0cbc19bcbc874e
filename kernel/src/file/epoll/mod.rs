//! epoll: instances that remember whom they wait for.
//!
//! ```text
//!  Epoll ── watches ──► Watch ── waiter ──► the queue of a description's pollers
//!    └──── ready ────►    │ (listed by the wake-up, looked at by epoll_wait)
//! ```
//!
//! A wake-up takes the waiter out of its queue and lists the watch. Whoever looks at a listed watch
//! links the waiter in again first, and then asks what the description is ready for: nothing is
//! missed in between.
//!
//! An instance may watch instances, a few deep: to look at one is to look at what it watches. The
//! watches of those that do are kept by the lock of all [links](links), those of others by their own,
//! so no two locks of instances are ever held together.

#[cfg(feature = "ktest")]
pub mod ktest;
mod links;
mod list;
mod nesting;
mod watch;

pub use links::{Watchers, forget, max_user_watches};

use super::File;
use super::buffers::{Source, UserBuffers};
use super::caller;
use super::description::{Kind, Node};
use super::operations::{ANONYMOUS_INODES, Operations, STAYS};
use crate::result::{Errno, Result};
use crate::sync::{IrqSpinLock, Rank, SpinLock, SpinLockGuard, WaitError, WaitQueue};
use crate::task::{Sleep, might_resched};
use abi::epoll::EpollEvent;
use abi::file::{DeviceNumber, O_RDWR};
use abi::poll::{POLLIN, POLLRDNORM};
use alloc::boxed::Box;
use alloc::sync::Arc;
use alloc::vec::Vec;
use core::pin::Pin;
use core::sync::atomic::Ordering::{Acquire, Relaxed, Release};
use core::sync::atomic::{AtomicBool, AtomicPtr};
use kcore::epoll::Interest;
use kcore::user_account::UserAccount;
use links::{AT_A_TIME, Links};
use list::{List, READY};
use watch::Watch;

pub struct Epoll {
    /// By descriptor and description.
    watches: SpinLock<Watches>,
    /// It watches instances, or did.
    is_nested: AtomicBool,
    /// Its description, until that goes.
    file: AtomicPtr<File>,
    /// Whose its watches are.
    user: Arc<UserAccount>,
    /// Watches to look at, in the order in which they were listed.
    ready: IrqSpinLock<List<READY>>,
    sleepers: WaitQueue,
    pollers: WaitQueue,
}

type Watches = Vec<Pin<Box<Watch>>>;
/// Descriptor and description.
type Key = (i32, usize);

/// What keeps an instance's watches while they are looked at.
enum Kept<'a> {
    Own(SpinLockGuard<'a, Watches>),
    Links(SpinLockGuard<'static, Links>),
    /// Whoever looks at an instance that watches this one has locked the links.
    Already(&'a Links),
}

impl Kept<'_> {
    fn links(&self) -> Option<&Links> {
        match self {
            Self::Own(_) => None,
            Self::Links(links) => Some(links),
            Self::Already(links) => Some(links),
        }
    }
}

/// A new instance, as an open file.
pub fn create() -> Result<Arc<File>> {
    let epoll = Epoll::new(caller::account());
    let epoll = Arc::try_new(epoll).map_err(|_| Errno::ENOMEM)?;
    let identity = caller::identity();
    let node = Node::anonymous(identity.user(), identity.group());
    let file = File::new(Kind::Epoll(epoll.clone()), node, O_RDWR)?;
    epoll.file.store(Arc::as_ptr(&file).cast_mut(), Relaxed);
    Ok(file)
}

/// What was reported, for [`Epoll::take_back`].
pub struct Reported {
    pub event: EpollEvent,
    watch: *const Watch,
    key: Key,
    before: Interest,
    after: Interest,
}

impl Epoll {
    /// One whose watches are this user's.
    pub const fn new(user: Arc<UserAccount>) -> Self {
        Self {
            watches: SpinLock::new(Rank::Epoll, Vec::new()),
            is_nested: AtomicBool::new(false),
            file: AtomicPtr::new(core::ptr::null_mut()),
            user,
            ready: IrqSpinLock::new(Rank::Ready, List::new()),
            sleepers: WaitQueue::new(),
            pollers: WaitQueue::new(),
        }
    }

    /// Keeps the watches. `links` if they are locked already.
    fn keep<'a>(&'a self, links: Option<&'a Links>) -> Kept<'a> {
        loop {
            if self.is_nested.load(Acquire) {
                return match links {
                    Some(links) => Kept::Already(links),
                    None => Kept::Links(links::lock()),
                };
            }
            let watches = self.watches.lock();
            if !self.is_nested.load(Relaxed) {
                return Kept::Own(watches);
            }
        }
    }

    /// The watch with a key, good as long as the watches are kept.
    fn find_watch(&self, kept: &Kept, key: Key) -> Option<*const Watch> {
        let found = |watches: &Watches| {
            let watch = watches.get(find(watches, key).ok()?)?;
            Some(&raw const **watch)
        };
        match kept {
            Kept::Own(watches) => found(watches),
            _ => found(&self.watches.lock()),
        }
    }

    /// Watches a description under a descriptor. EEXIST; EPERM for what is always ready; ELOOP;
    /// ENOSPC if the user has too many.
    pub fn add(&self, fd: i32, file: &File, interest: Interest) -> Result<()> {
        self.add_within(fd, file, interest, max_user_watches())
    }

    /// The same where a user may have so many.
    fn add_within(&self, fd: i32, file: &File, interest: Interest, most: u32) -> Result<()> {
        let watch = Watch::new(self, fd, file, interest)?;
        let mut links = links::lock();
        let inner = match file.kind() {
            Kind::Epoll(inner) => Some(inner),
            _ => None,
        };
        if let Some(inner) = inner {
            nesting::check(self, inner, &links)?;
        }
        let watch = {
            let mut watches = self.watches.lock();
            let Err(place) = find(&watches, watch.key()) else { return Err(Errno::EEXIST) };
            watches.try_reserve(1).map_err(|_| Errno::ENOMEM)?;
            links.add(file, &watch, most)?;
            if inner.is_some() {
                self.is_nested.store(true, Release);
            }
            let added = &raw const *watch;
            watches.insert(place, watch);
            added
        };
        let kept = self.keep(Some(&links));
        // SAFETY: without the lock of the links no watch goes.
        let watch = unsafe { &*watch };
        if watch.look(kept.links()) != 0 {
            watch.list();
        }
        Ok(())
    }

    /// ENOENT; EINVAL for what cannot be changed.
    pub fn modify(&self, fd: i32, file: &File, interest: Interest) -> Result<()> {
        let kept = self.keep(None);
        let watch = self.find_watch(&kept, key(fd, file)).ok_or(Errno::ENOENT)?;
        // SAFETY: the watches are kept.
        let watch = unsafe { &*watch };
        if watch.interest().is_exclusive() {
            return Err(Errno::EINVAL);
        }
        watch.set_interest(interest);
        if watch.look(kept.links()) != 0 {
            watch.list();
        }
        Ok(())
    }

    /// ENOENT.
    pub fn remove(&self, fd: i32, file: &File) -> Result<()> {
        let mut links = links::lock();
        let mut watches = self.watches.lock();
        let place = find(&watches, key(fd, file)).map_err(|_| Errno::ENOENT)?;
        let watch = watches.remove(place);
        links.remove(&watch);
        self.let_go(&watch);
        Ok(())
    }

    /// The watch with a key, of which the links know nothing any more.
    fn drop_watch(&self, key: Key) {
        let mut watches = self.watches.lock();
        if let Ok(place) = find(&watches, key) {
            self.let_go(&watches.remove(place));
        }
    }

    /// Drops the last watches. Returns whether there are more.
    fn drop_some(&self) -> bool {
        let mut links = links::lock();
        let mut watches = self.watches.lock();
        for _ in 0..AT_A_TIME {
            let Some(watch) = watches.pop() else { return false };
            links.remove(&watch);
            self.let_go(&watch);
        }
        true
    }

    /// Nobody finds a watch any more.
    fn let_go(&self, watch: &Watch) {
        watch.unlink();
        self.ready.lock().remove(watch);
    }

    /// The next watch that is ready, which is reported with this.
    pub fn next(&self) -> Option<Reported> {
        let kept = self.keep(None);
        // Those that are listed again meanwhile wait for the next look.
        for _ in 0..self.listed() {
            let listed = self.ready.lock().pop()?;
            // SAFETY: a listed watch is there as long as the watches are kept.
            let watch = unsafe { &*listed };
            watch.unlist();
            let events = watch.look(kept.links());
            if events == 0 {
                continue;
            }
            let before = watch.interest();
            let mut interest = before;
            if interest.report() {
                watch.list();
            }
            watch.set_interest(interest);
            let event = EpollEvent { events, data: interest.data };
            let (key, after) = (watch.key(), interest);
            return Some(Reported { event, watch: listed, key, before, after });
        }
        None
    }

    /// The program could not be told. Another thread may have changed or removed the watch.
    pub fn take_back(&self, reported: &Reported) {
        let kept = self.keep(None);
        let Some(watch) = self.find_watch(&kept, reported.key) else { return };
        // SAFETY: the watches are kept.
        let watch = unsafe { &*watch };
        if core::ptr::eq(watch, reported.watch) && watch.interest() == reported.after {
            watch.set_interest(reported.before);
            watch.list();
        }
    }

    /// Watches that are listed now.
    pub fn listed(&self) -> usize {
        self.ready.lock().len()
    }

    /// Sleeps until a watch is listed. `false` if the deadline passed.
    pub fn wait(&self, deadline: Option<u64>) -> Result<bool> {
        let is_listed = || (self.listed() != 0).then_some(());
        loop {
            return match self.sleepers.wait_for(Sleep::Interruptible, deadline, is_listed) {
                Ok(()) => Ok(true),
                Err(WaitError::TimedOut) => Ok(false),
                Err(WaitError::Interrupted) if caller::is_interrupted() => Err(Errno::EINTR),
                Err(WaitError::Interrupted) => continue,
            };
        }
    }

    pub fn pollers(&self) -> &WaitQueue {
        &self.pollers
    }

    /// Ready for reading if a watch is.
    pub fn events(&self) -> u16 {
        self.events_within(None)
    }

    /// The same for an instance that watches this one, which has locked the links.
    fn events_within(&self, links: Option<&Links>) -> u16 {
        let kept = self.keep(links);
        for _ in 0..self.listed() {
            let Some(listed) = self.ready.lock().first() else { break };
            // SAFETY: a listed watch is there as long as the watches are kept.
            let watch = unsafe { &*listed };
            if watch.look(kept.links()) != 0 {
                return POLLIN | POLLRDNORM;
            }
            self.ready.lock().remove(listed);
            watch.unlist();
            // Something may have come between the look and this.
            if watch.look(kept.links()) != 0 {
                watch.list();
                return POLLIN | POLLRDNORM;
            }
        }
        0
    }

    /// A watch is to be looked at.
    fn list(&self, watch: *const Watch) {
        self.ready.lock().push(watch);
        self.sleepers.wake_one();
        self.pollers.wake_all();
    }
}

impl Drop for Epoll {
    fn drop(&mut self) {
        while self.drop_some() {
            might_resched();
        }
    }
}

fn key(fd: i32, file: &File) -> Key {
    (fd, core::ptr::from_ref(file) as usize)
}

/// The place of a watch, or the one it would have.
fn find(watches: &Watches, wanted: Key) -> core::result::Result<usize, usize> {
    watches.binary_search_by_key(&wanted, |watch| watch.key())
}

impl Operations for Epoll {
    fn read(&self, _: &File, _: &mut UserBuffers) -> Result<usize> {
        Err(Errno::EINVAL)
    }

    fn write(&self, _: &File, _: &mut Source) -> Result<usize> {
        Err(Errno::EINVAL)
    }

    fn has_positions(&self) -> bool {
        false
    }

    fn seek(&self, _: &File, _: i64, _: u32) -> Result<u64> {
        Ok(STAYS)
    }

    fn events(&self) -> u16 {
        self.events()
    }

    fn pollers(&self) -> Option<&WaitQueue> {
        Some(self.pollers())
    }

    fn anonymous(&self) -> (DeviceNumber, u32) {
        (ANONYMOUS_INODES, 0o600)
    }

    fn close(&self, _: &File) {
        let _links = links::lock();
        self.file.store(core::ptr::null_mut(), Relaxed);
    }
}
