//! One description that an instance watches.

use super::Epoll;
use super::links::Links;
use super::list::Place;
use crate::file::{File, Kind};
use crate::result::{Errno, Result};
use crate::sync::{WaitQueue, Waiter};
use alloc::boxed::Box;
use core::cell::Cell;
use core::pin::Pin;
use core::sync::atomic::{AtomicBool, Ordering::Relaxed};
use kcore::epoll::Interest;

#[repr(C)]
pub struct Watch {
    /// First, so that a wake-up, which knows the waiter, finds the rest.
    waiter: Waiter,
    epoll: *const Epoll,
    fd: i32,
    file: *const File,
    /// Who are told when that changes: of signals, those of the process that added the watch.
    queue: *const WaitQueue,
    /// Under the lock of the instance's watches.
    interest: Cell<Interest>,
    is_listed: AtomicBool,
    /// In the lists of each kind.
    pub(super) places: [Place; 2],
}

// SAFETY: instance and file outlive the watch, whose own parts are atomic or under a lock.
unsafe impl Send for Watch {}

impl Watch {
    /// EPERM for what is always ready.
    pub fn new(epoll: &Epoll, fd: i32, file: &File, interest: Interest) -> Result<Pin<Box<Self>>> {
        let queue = file.pollers().ok_or(Errno::EPERM)?;
        let watch = Self {
            waiter: Waiter::calling(woken),
            epoll,
            fd,
            file,
            queue,
            interest: Cell::new(interest),
            is_listed: AtomicBool::new(false),
            places: [const { Place::new() }; 2],
        };
        Box::try_new(watch).map(Box::into_pin).map_err(|_| Errno::ENOMEM)
    }

    pub fn key(&self) -> (i32, usize) {
        (self.fd, self.file as usize)
    }

    pub fn file(&self) -> &File {
        // SAFETY: a file forgets its watches before it goes.
        unsafe { &*self.file }
    }

    pub fn epoll(&self) -> &Epoll {
        // SAFETY: an instance drops its watches before it goes.
        unsafe { &*self.epoll }
    }

    pub fn interest(&self) -> Interest {
        self.interest.get()
    }

    pub fn set_interest(&self, interest: Interest) {
        self.interest.set(interest);
    }

    /// What is to be reported now. From here on a change lists the watch. `links` are locked if it is
    /// an instance that is watched.
    pub fn look(&self, links: Option<&Links>) -> u32 {
        let file = self.file();
        // SAFETY: the queue is the file's, or is never gone. A watch lies in a pinned box, and leaves
        // the queue before it goes.
        unsafe { (*self.queue).add(Pin::new_unchecked(&self.waiter)) };
        let events = match file.kind() {
            Kind::Epoll(inner) => inner.events_within(links),
            _ => file.events(),
        };
        self.interest.get().wanted(events)
    }

    /// To be looked at, if it is not already.
    pub fn list(&self) {
        if !self.is_listed.swap(true, Relaxed) {
            self.epoll().list(self);
        }
    }

    /// It was taken from the list.
    pub fn unlist(&self) {
        self.is_listed.store(false, Relaxed);
    }

    /// No wake-up finds it any more.
    pub fn unlink(&self) {
        self.waiter.remove();
    }
}

/// From whoever wakes the pollers of a description.
fn woken(waiter: *const Waiter) {
    // SAFETY: only watches have such waiters, as their first field.
    let watch = unsafe { &*waiter.cast::<Watch>() };
    watch.list();
}
