//! Where a traveller is.

use core::sync::atomic::{AtomicU32, Ordering::Relaxed};

/// What [`Travellers`](super::Travellers) keeps in each of them, and nobody else changes.
#[derive(Debug)]
pub struct Mark {
    place: AtomicU32,
    number: AtomicU32,
}

impl Default for Mark {
    fn default() -> Self {
        Self::new()
    }
}

impl Mark {
    const NONE: u32 = u32::MAX;

    #[must_use]
    pub const fn new() -> Self {
        Self { place: AtomicU32::new(Self::NONE), number: AtomicU32::new(Self::NONE) }
    }

    /// In the list.
    pub(super) fn place(&self) -> usize {
        self.place.load(Relaxed) as usize
    }

    pub(super) fn set_place(&self, place: usize) {
        self.place.store(place as u32, Relaxed);
    }

    /// In a search.
    pub(super) fn number(&self) -> Option<u32> {
        Some(self.number.load(Relaxed)).filter(|number| *number != Self::NONE)
    }

    pub(super) fn set_number(&self, number: Option<u32>) {
        self.number.store(number.unwrap_or(Self::NONE), Relaxed);
    }
}
