//! Spinlocks: short sections that never sleep.

use super::Rank;
use crate::arch::interrupts;
use crate::cpu;
use core::marker::PhantomData;
use core::mem::ManuallyDrop;
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
    inner: ManuallyDrop<SpinMutexGuard<'a, T>>,
    #[cfg(debug_assertions)]
    rank: Rank,
    not_send: PhantomData<*mut ()>,
}

pub struct IrqSpinLockGuard<'a, T> {
    guard: ManuallyDrop<SpinLockGuard<'a, T>>,
    were_enabled: bool,
}

impl<T> SpinLock<T> {
    pub const fn new(rank: Rank, value: T) -> Self {
        assert!(!rank.is_for_interrupts(), "a rank of locks that interrupts take");
        Self::of_any_rank(rank, value)
    }

    const fn of_any_rank(rank: Rank, value: T) -> Self {
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
            inner: ManuallyDrop::new(match self.inner.try_lock() {
                Some(guard) => guard,
                None => self.spin(),
            }),
            #[cfg(debug_assertions)]
            rank: self.rank,
            not_send: PhantomData,
        }
    }

    /// Apart, because a loop in line would be aligned, and the padding executed.
    #[cold]
    fn spin(&self) -> SpinMutexGuard<'_, T> {
        self.inner.lock()
    }

    /// Releases the lock after its guard has been forgotten: the scheduler takes its lock in one
    /// task and releases it in the next.
    ///
    /// # Safety
    /// This CPU holds the lock and no guard of it is left.
    #[inline]
    pub unsafe fn release(&self) {
        // SAFETY: passed on to the caller.
        unsafe { self.inner.force_unlock() };
        #[cfg(debug_assertions)]
        cpu::pop_rank(self.rank);
        cpu::preempt_enable();
    }

    pub fn get_mut(&mut self) -> &mut T {
        self.inner.get_mut()
    }

    /// Whether somebody holds it, for assertions.
    #[inline]
    pub fn is_locked(&self) -> bool {
        self.inner.is_locked()
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
        // SAFETY: not used again. The lock goes before preemption comes back.
        unsafe { ManuallyDrop::drop(&mut self.inner) };
        #[cfg(debug_assertions)]
        cpu::pop_rank(self.rank);
        cpu::preempt_enable();
    }
}

impl<T> IrqSpinLock<T> {
    pub const fn new(rank: Rank, value: T) -> Self {
        assert!(rank.is_for_interrupts(), "a rank of locks that interrupts do not take");
        Self { lock: SpinLock::of_any_rank(rank, value) }
    }

    #[inline]
    pub fn lock(&self) -> IrqSpinLockGuard<'_, T> {
        let were_enabled = interrupts::save_and_disable();
        IrqSpinLockGuard { guard: ManuallyDrop::new(self.lock.lock()), were_enabled }
    }

    /// For callers that have disabled interrupts already, and enable them after the guard is gone.
    #[inline]
    pub fn lock_with_interrupts_off(&self) -> SpinLockGuard<'_, T> {
        debug_assert!(!interrupts::are_enabled());
        self.lock.lock()
    }

    /// Releases the lock after its guard has been forgotten. Interrupts stay off.
    ///
    /// # Safety
    /// This CPU holds the lock and no guard of it is left.
    #[inline]
    pub unsafe fn release(&self) {
        // SAFETY: passed on to the caller.
        unsafe { self.lock.release() };
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
        &self.guard
    }
}

impl<T> DerefMut for IrqSpinLockGuard<'_, T> {
    #[inline]
    fn deref_mut(&mut self) -> &mut T {
        &mut self.guard
    }
}

impl<T> Drop for IrqSpinLockGuard<'_, T> {
    #[inline]
    fn drop(&mut self) {
        // SAFETY: not used again. The lock goes before interrupts come back.
        unsafe { ManuallyDrop::drop(&mut self.guard) };
        interrupts::restore(self.were_enabled);
    }
}
