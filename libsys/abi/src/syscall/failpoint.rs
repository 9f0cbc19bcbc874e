//! Fault injection: part of Folio's own table, entered by `int 0x81`. What the words mean is said in
//! [`crate::failpoint`]. Nothing is injected into these calls. Kernels without failpoints answer
//! ENOSYS. Rows as in [`super::linux`].

/// The types the rows use.
pub mod kinds {
    pub use crate::argument::{Argument, Registers};
    pub use crate::failpoint::{FaultPlan, FaultSite, FaultState};
    pub use crate::{UserMutPtr, UserPtr};
}

/// Hands the rows of all calls to `callback!`, ordered by number.
#[macro_export]
macro_rules! for_each_failpoint_call {
    ($callback:ident) => {
        $callback! {
            /// Makes a context; returns its number, above 0. It is gone when it is closed, or with
            /// the process that made it.
            ///
            /// EINVAL: `plan` has bits that mean nothing. ENOSPC: there are too many.
            112 fault_create(plan: UserPtr<FaultPlan>);
            /// The calling thread is in that context from now on, in none with 0; returns the one it
            /// was in.
            ///
            /// EINVAL: there is no such context.
            113 fault_enter(context: u32);
            /// What happened in a context; returns the bytes written, at most `size`.
            ///
            /// EINVAL: there is no such context. EFAULT: `to` cannot be written.
            114 fault_state(context: u32, to: UserMutPtr<FaultState>, size: u32);
            /// Nothing happens in the context any more.
            ///
            /// EINVAL: there is no such context.
            115 fault_close(context: u32);
            /// The places with failpoints from number `first` on, in the order of the catalogue in the
            /// kernel's image; returns the bytes written: whole entries, at most `size`.
            ///
            /// EFAULT: `entries` cannot be written.
            116 fault_sites(first: u32, entries: UserMutPtr<FaultSite>, size: u32);
        }
    };
}
