//! Fault injection: part of Folio's own table, entered by `int 0x81`. What the words mean is said in
//! [`crate::failpoint`]. Nothing is injected into these calls. Kernels without failpoints answer
//! ENOSYS. Rows as in [`super::linux`].

/// The types the rows use.
pub mod kinds {
    pub use crate::argument::{Argument, Registers};
    pub use crate::failpoint::{FaultPlan, FaultSite, FaultState, FaultThread};
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
            /// EINVAL: `plan` has bits that mean nothing. EPERM: only root makes machine-wide ones.
            /// ENOSPC: there are too many, or too many of a process that is not root's.
            112 fault_create(plan: UserPtr<FaultPlan>);
            /// The calling thread is in that context from now on, in none with 0; returns the one it
            /// was in.
            ///
            /// EINVAL: there is no such context, or it is machine-wide. EPERM: another process made it,
            /// the thread has not inherited it, and is not root's.
            113 fault_enter(context: u32);
            /// What happened in a context; returns the bytes written, at most `size`.
            ///
            /// EINVAL: there is no such context. EPERM: another process made it, and the caller is not
            /// root. EFAULT: `to` cannot be written.
            114 fault_state(context: u32, to: UserMutPtr<FaultState>, size: u32);
            /// Nothing happens in the context any more.
            ///
            /// EINVAL, EPERM: as above.
            115 fault_close(context: u32);
            /// The places with failpoints from number `first` on, in the order of the catalogue in the
            /// kernel's image; returns the bytes written: whole entries, at most `size`.
            ///
            /// EFAULT: `entries` cannot be written.
            116 fault_sites(first: u32, entries: UserMutPtr<FaultSite>, size: u32);
            /// A thread, of one's own process or with the `right` to ask of anybody
            /// ([`super::statistics`]); returns the bytes written, at most `size`.
            ///
            /// EBADF, EPERM: `right` is none. ESRCH: no such thread. EFAULT: `to` cannot be written.
            117 fault_thread(right: u32, tid: i32, to: UserMutPtr<FaultThread>, size: u32);
            /// Changes what a thread is, `FAULT_THREAD_*`.
            ///
            /// EINVAL: no such thing, or no such value of it. ENOSPC: there are too many contexts. EPERM:
            /// the caller is not root and marks without the `right`. Others as above.
            118 fault_set_thread(right: u32, tid: i32, what: u32, value: u32);
            /// Takes free memory of the zones whose bits are set until at most `free` frames are left
            /// in them; what was taken before goes back first, as it does when the process ends.
            /// Returns how many are taken.
            ///
            /// EPERM: the caller is not root. EINVAL: no such zone.
            119 fault_take_memory(zones: u32, free: u32);
            /// Moves the time of day by so many nanoseconds, a signed number in two words.
            ///
            /// EPERM: the caller is not root. EINVAL: it would lie before 1970 or after 2554.
            120 fault_step_clock(low: u32, high: u32);
            /// Changes `size` bytes of a process's private memory, in one page, whatever rights the
            /// process has there: it gets a page of its own, and nobody else sees the change.
            ///
            /// EPERM: the caller is not root. ESRCH: no such process. EINVAL: it is more than one page.
            /// EFAULT: no memory is there, or at `from`. EACCES: others share it.
            121 fault_poke(pid: i32, address: u32, from: UserPtr<u8>, size: u32);
        }
    };
}
