//! epoll: instances that remember whom they wait for.
//!
//! ```text
//!  Epoll ── watches ──► Watch ── waiter ──► the queue of a description's pollers
//!    └──── ready ────►    │ (listed by the wake-up, looked at by epoll_wait)
//! ```
//!
//! A wake-up takes the waiter out of its queue and lists the watch. Whoever looks at a listed watch
//! links the waiter in again first, and then asks what the description is ready for: nothing is
//! missed in between. An instance does not watch instances.

mod links;
mod watch;

pub use links::forget;

use super::File;
use super::buffers::{Source, UserBuffers};
use super::caller;
use super::description::{Kind, Node};
use super::operations::{ANONYMOUS_INODES, Operations};
use crate::result::{Errno, Result};
use crate::sync::{IrqSpinLock, Rank, SpinLock, WaitError, WaitQueue};
use crate::task::Sleep;
use abi::epoll::EpollEvent;
use abi::file::{DeviceNumber, O_RDWR};
use abi::poll::{POLLIN, POLLRDNORM};
use alloc::collections::VecDeque;
use alloc::sync::Arc;
use alloc::vec::Vec;
use core::pin::Pin;
use kcore::epoll::Interest;
use watch::Watch;

pub struct Epoll {
    /// By descriptor and description.
    watches: SpinLock<Vec<Pin<alloc::boxed::Box<Watch>>>>,
    ready: IrqSpinLock<Ready>,
    sleepers: WaitQueue,
    pollers: WaitQueue,
}

/// Watches to look at, in the order in which they were listed. There is room for all of them.
struct Ready(VecDeque<*const Watch>);

// SAFETY: a watch leaves the list before it goes.
unsafe impl Send for Ready {}

/// A new instance, as an open file.
pub fn create() -> Result<Arc<File>> {
    let epoll = Epoll {
        watches: SpinLock::new(Rank::Epoll, Vec::new()),
        ready: IrqSpinLock::new(Rank::Ready, Ready(VecDeque::new())),
        sleepers: WaitQueue::new(),
        pollers: WaitQueue::new(),
    };
    let epoll = Arc::try_new(epoll).map_err(|_| Errno::ENOMEM)?;
    let identity = caller::identity();
    let node = Node::anonymous(identity.user(), identity.group());
    File::new(Kind::Epoll(epoll), node, O_RDWR)
}

/// What was reported, for [`Epoll::take_back`].
pub struct Reported {
    pub event: EpollEvent,
    watch: *const Watch,
    before: Interest,
}

impl Epoll {
    /// Watches a description under a descriptor. EEXIST; EPERM for what is always ready.
    pub fn add(&self, fd: i32, file: &File, interest: Interest) -> Result<()> {
        if file.pollers().is_none() {
            return Err(Errno::EPERM);
        }
        let watch = Watch::new(self, fd, file, interest)?;
        let mut links = links::lock();
        let mut watches = self.watches.lock();
        let Err(place) = find(&watches, fd, file) else { return Err(Errno::EEXIST) };
        watches.try_reserve(1).map_err(|_| Errno::ENOMEM)?;
        let count = watches.len() + 1;
        self.ready.lock().reserve(count)?;
        links.add(file, self)?;
        watches.insert(place, watch);
        if let Some(watch) = watches.get(place)
            && watch.look() != 0
        {
            watch.list();
        }
        Ok(())
    }

    /// ENOENT; EINVAL for what cannot be changed.
    pub fn modify(&self, fd: i32, file: &File, interest: Interest) -> Result<()> {
        let watches = self.watches.lock();
        let place = find(&watches, fd, file).map_err(|_| Errno::ENOENT)?;
        let Some(watch) = watches.get(place) else { return Err(Errno::ENOENT) };
        if watch.interest().is_exclusive() {
            return Err(Errno::EINVAL);
        }
        watch.set_interest(interest);
        if watch.look() != 0 {
            watch.list();
        }
        Ok(())
    }

    /// ENOENT.
    pub fn remove(&self, fd: i32, file: &File) -> Result<()> {
        let mut links = links::lock();
        let mut watches = self.watches.lock();
        let place = find(&watches, fd, file).map_err(|_| Errno::ENOENT)?;
        links.remove(file, self);
        self.drop_watch(&mut watches, place);
        Ok(())
    }

    fn drop_watch(&self, watches: &mut Vec<Pin<alloc::boxed::Box<Watch>>>, place: usize) {
        let watch = watches.remove(place);
        watch.unlink();
        let listed = &raw const *watch;
        self.ready.lock().0.retain(|other| !core::ptr::eq(*other, listed));
    }

    /// The next watch that is ready, which is reported with this.
    pub fn next(&self) -> Option<Reported> {
        let watches = self.watches.lock();
        // Those that are listed again meanwhile wait for the next look.
        for _ in 0..watches.len() {
            let listed = self.ready.lock().0.pop_front()?;
            // SAFETY: a listed watch is there as long as the watches are locked.
            let watch = unsafe { &*listed };
            watch.unlist();
            let events = watch.look();
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
            return Some(Reported { event, watch: listed, before });
        }
        None
    }

    /// The program could not be told.
    pub fn take_back(&self, reported: &Reported) {
        let watches = self.watches.lock();
        if let Some(watch) =
            watches.iter().find(|watch| core::ptr::eq(&raw const ***watch, reported.watch))
        {
            watch.set_interest(reported.before);
            watch.list();
        }
    }

    /// Watches that are listed now.
    pub fn listed(&self) -> usize {
        self.ready.lock().0.len()
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
        let watches = self.watches.lock();
        for _ in 0..watches.len() {
            let Some(&listed) = self.ready.lock().0.front() else { break };
            // SAFETY: a listed watch is there as long as the watches are locked.
            let watch = unsafe { &*listed };
            if watch.look() != 0 {
                return POLLIN | POLLRDNORM;
            }
            self.ready.lock().0.pop_front();
            watch.unlist();
            // Something may have come between the look and this.
            if watch.look() != 0 {
                watch.list();
                return POLLIN | POLLRDNORM;
            }
        }
        0
    }

    /// A watch is to be looked at.
    fn list(&self, watch: *const Watch) {
        self.ready.lock().0.push_back(watch);
        self.sleepers.wake_one();
        self.pollers.wake_all();
    }
}

impl Ready {
    fn reserve(&mut self, count: usize) -> Result<()> {
        let more = count.saturating_sub(self.0.len());
        self.0.try_reserve(more).map_err(|_| Errno::ENOMEM)
    }
}

impl Drop for Epoll {
    fn drop(&mut self) {
        let mut links = links::lock();
        let mut watches = self.watches.lock();
        while let Some(last) = watches.len().checked_sub(1) {
            if let Some(watch) = watches.get(last) {
                links.remove(watch.file(), self);
            }
            self.drop_watch(&mut watches, last);
        }
    }
}

/// The place of a watch, or the one it would have.
fn find(
    watches: &[Pin<alloc::boxed::Box<Watch>>],
    fd: i32,
    file: *const File,
) -> core::result::Result<usize, usize> {
    watches.binary_search_by_key(&(fd, file as usize), |watch| watch.key())
}

impl Operations for Epoll {
    fn read(&self, _: &File, _: &mut UserBuffers) -> Result<usize> {
        Err(Errno::EINVAL)
    }

    fn write(&self, _: &File, _: &mut Source) -> Result<usize> {
        Err(Errno::EINVAL)
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
}
