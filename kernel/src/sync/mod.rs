//! Locks. The type says what a lock disables; the rank says in which order locks are taken.

mod boot_cell;
mod rank;
mod spin_lock;

pub use boot_cell::BootCell;
pub use rank::Rank;
pub use spin_lock::{IrqSpinLock, IrqSpinLockGuard, SpinLock, SpinLockGuard};
