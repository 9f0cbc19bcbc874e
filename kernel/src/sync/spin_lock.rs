//! Spinlocks: short sections that never sleep.

use super::Rank;
use crate::arch::interrupts;
use crate::cpu;
use core::marker::PhantomData;
use core::ops::{Deref, DerefMut};
use spin::mutex::{SpinMutex, SpinMutexGuard};

/// Disables preemption while held. For data that interrupts do not touch.
pub struct SpinLock<T> {
    inner: SpinMutex<T>,
    #[cfg(debug_assertions)]
    rank: Rank,
}

/// Disables interrupts while held. For data that interrupts touch too.
pub struct IrqSpinLock<T> {
    lock: SpinLock<T>,
}

/// Not `Send`: it is released on the CPU that took it.
pub struct SpinLockGuard<'a, T> {
    inner: SpinMutexGuard<'a, T>,
    #[cfg(debug_assertions)]
    rank: Rank,
    not_send: PhantomData<*mut ()>,
}

pub struct IrqSpinLockGuard<'a, T> {
    guard: Option<SpinLockGuard<'a, T>>,
    were_enabled: bool,
}

impl<T> SpinLock<T> {
    pub const fn new(rank: Rank, value: T) -> Self {
        #[cfg(not(debug_assertions))]
        let _ = rank;
        Self {
            inner: SpinMutex::new(value),
            #[cfg(debug_assertions)]
            rank,
        }
    }

    #[inline]
    pub fn lock(&self) -> SpinLockGuard<'_, T> {
        cpu::preempt_disable();
        #[cfg(debug_assertions)]
        cpu::push_rank(self.rank);
        SpinLockGuard {
            inner: self.inner.lock(),
            #[cfg(debug_assertions)]
            rank: self.rank,
            not_send: PhantomData,
        }
    }

    pub fn get_mut(&mut self) -> &mut T {
        self.inner.get_mut()
    }

    pub fn into_inner(self) -> T {
        self.inner.into_inner()
    }

    /// For the panic path: nobody will release the lock any more.
    ///
    /// # Safety
    /// No other code runs again.
    pub unsafe fn force_unlock(&self) {
        // SAFETY: the caller says that the holder is gone.
        unsafe { self.inner.force_unlock() };
    }
}

impl<T> Deref for SpinLockGuard<'_, T> {
    type Target = T;

    #[inline]
    fn deref(&self) -> &T {
        &self.inner
    }
}

impl<T> DerefMut for SpinLockGuard<'_, T> {
    #[inline]
    fn deref_mut(&mut self) -> &mut T {
        &mut self.inner
    }
}

impl<T> Drop for SpinLockGuard<'_, T> {
    #[inline]
    fn drop(&mut self) {
        #[cfg(debug_assertions)]
        cpu::pop_rank(self.rank);
        cpu::preempt_enable();
    }
}

impl<T> IrqSpinLock<T> {
    pub const fn new(rank: Rank, value: T) -> Self {
        Self { lock: SpinLock::new(rank, value) }
    }

    #[inline]
    pub fn lock(&self) -> IrqSpinLockGuard<'_, T> {
        let were_enabled = interrupts::save_and_disable();
        IrqSpinLockGuard { guard: Some(self.lock.lock()), were_enabled }
    }

    /// For the panic path.
    ///
    /// # Safety
    /// No other code runs again.
    pub unsafe fn force_unlock(&self) {
        // SAFETY: passed on to the caller.
        unsafe { self.lock.force_unlock() };
    }
}

impl<T> Deref for IrqSpinLockGuard<'_, T> {
    type Target = T;

    #[inline]
    fn deref(&self) -> &T {
        // Emptied only by drop.
        match &self.guard {
            Some(guard) => guard,
            None => unreachable!(),
        }
    }
}

impl<T> DerefMut for IrqSpinLockGuard<'_, T> {
    #[inline]
    fn deref_mut(&mut self) -> &mut T {
        match &mut self.guard {
            Some(guard) => guard,
            None => unreachable!(),
        }
    }
}

impl<T> Drop for IrqSpinLockGuard<'_, T> {
    #[inline]
    fn drop(&mut self) {
        // The lock goes before interrupts come back.
        self.guard = None;
        interrupts::restore(self.were_enabled);
    }
}
