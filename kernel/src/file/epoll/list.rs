//! Lists of watches, linked through the watches themselves.

use super::watch::Watch;
use core::cell::Cell;
use core::ptr::null;

/// The list of those to look at, of an instance.
pub const READY: usize = 0;
/// The list of those that watch one description.
pub const OF_FILE: usize = 1;

/// A watch's place in one list: its neighbours in a circle, or nothing.
pub struct Place {
    next: Cell<*const Watch>,
    previous: Cell<*const Watch>,
}

/// Oldest first. A watch leaves its lists before it goes.
pub struct List<const KIND: usize> {
    first: *const Watch,
    len: usize,
}

// SAFETY: the watches are there as long as they are listed.
unsafe impl<const KIND: usize> Send for List<KIND> {}

impl Place {
    pub const fn new() -> Self {
        Self { next: Cell::new(null()), previous: Cell::new(null()) }
    }
}

impl<const KIND: usize> List<KIND> {
    pub const fn new() -> Self {
        Self { first: null(), len: 0 }
    }

    pub const fn len(&self) -> usize {
        self.len
    }

    pub fn first(&self) -> Option<*const Watch> {
        (!self.first.is_null()).then_some(self.first)
    }

    pub fn last(&self) -> Option<*const Watch> {
        self.first().map(|first| Self::place(first).previous.get())
    }

    pub fn iter(&self) -> impl Iterator<Item = *const Watch> {
        let next = |watch: &*const Watch| Some(Self::place(*watch).next.get());
        core::iter::successors(self.first(), next).take(self.len)
    }

    fn place<'a>(watch: *const Watch) -> &'a Place {
        // SAFETY: it is listed, or its caller's.
        unsafe { &(*watch).places[KIND] }
    }

    /// Adds what is in no list of this kind.
    pub fn push(&mut self, watch: *const Watch) {
        let place = Self::place(watch);
        debug_assert!(place.next.get().is_null());
        if self.first.is_null() {
            self.first = watch;
            place.previous.set(watch);
        }
        let last = Self::place(self.first).previous.replace(watch);
        place.previous.set(last);
        place.next.set(self.first);
        Self::place(last).next.set(watch);
        self.len += 1;
    }

    /// Takes a watch out, unless it is in no list.
    pub fn remove(&mut self, watch: *const Watch) {
        let place = Self::place(watch);
        let (next, previous) = (place.next.replace(null()), place.previous.replace(null()));
        if next.is_null() {
            return;
        }
        self.len -= 1;
        if core::ptr::eq(next, watch) {
            self.first = null();
            return;
        }
        Self::place(next).previous.set(previous);
        Self::place(previous).next.set(next);
        if core::ptr::eq(self.first, watch) {
            self.first = next;
        }
    }

    /// Takes the oldest out.
    pub fn pop(&mut self) -> Option<*const Watch> {
        let first = self.first()?;
        self.remove(first);
        Some(first)
    }
}
