//! Locks. The type says what a lock disables; the rank says in which order locks are taken.

mod boot_cell;
#[cfg_attr(not(feature = "ktest"), expect(dead_code, reason = "of requests to servers"))]
mod completion;
mod held;
#[cfg(feature = "ktest")]
pub mod ktest;
mod mutex;
mod rank;
mod rw_lock;
mod spin_lock;
mod wait_queue;

pub use boot_cell::BootCell;
#[cfg_attr(not(feature = "ktest"), expect(unused_imports, reason = "of requests to servers"))]
pub use completion::Completion;
pub use held::sleeping_locks;
pub use mutex::Mutex;
pub use rank::Rank;
pub use rw_lock::{ReadGuard, RwLock, WriteGuard};
pub use spin_lock::{IrqSpinLock, SpinLock, SpinLockGuard};
pub use wait_queue::{WaitError, WaitQueue, Waiter};
