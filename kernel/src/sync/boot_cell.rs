//! A value written once, while the machine boots on one CPU, and only read afterwards.

use core::cell::UnsafeCell;
use core::mem::MaybeUninit;
#[cfg(debug_assertions)]
use core::sync::atomic::{AtomicBool, Ordering::Relaxed};

/// Reading costs what reading a static costs; checked builds assert that it has been written.
pub struct BootCell<T> {
    value: UnsafeCell<MaybeUninit<T>>,
    #[cfg(debug_assertions)]
    is_set: AtomicBool,
}

// SAFETY: written before any other CPU or task exists; shared references are fine from then on.
unsafe impl<T: Sync> Sync for BootCell<T> {}

impl<T> BootCell<T> {
    pub const fn new() -> Self {
        Self {
            value: UnsafeCell::new(MaybeUninit::uninit()),
            #[cfg(debug_assertions)]
            is_set: AtomicBool::new(false),
        }
    }

    /// A value to start with, which boot may replace while nobody holds a reference to it.
    pub const fn with(value: T) -> Self {
        Self {
            value: UnsafeCell::new(MaybeUninit::new(value)),
            #[cfg(debug_assertions)]
            is_set: AtomicBool::new(true),
        }
    }

    /// # Safety
    /// At boot, on the only CPU; nobody has a reference to the value.
    pub unsafe fn set(&self, value: T) {
        // SAFETY: the caller says that nobody else reads or writes.
        unsafe { *self.value.get() = MaybeUninit::new(value) };
        #[cfg(debug_assertions)]
        self.is_set.store(true, Relaxed);
    }

    /// The value. Boot's order sees to it that it has been written: `set` is called by the stage
    /// that returns what later stages need.
    #[inline]
    pub fn get(&self) -> &T {
        #[cfg(debug_assertions)]
        assert!(self.is_set.load(Relaxed), "used before boot wrote it");
        // SAFETY: written by now, see above, and never again.
        unsafe { (*self.value.get()).assume_init_ref() }
    }
}
