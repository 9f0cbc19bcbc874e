//! Tracing: part of Folio's own table, entered by `int 0x81`. What is told is said in
//! [`crate::trace`]. Rows as in [`super::linux`].

/// The types the rows use.
pub mod kinds {
    pub use crate::UserMutPtr;
    pub use crate::argument::{Argument, Registers};
    pub use crate::trace::Event;
}

/// Hands the rows of all calls to `callback!`, ordered by number.
#[macro_export]
macro_rules! for_each_trace_call {
    ($callback:ident) => {
        $callback! {
            /// Makes a tracer, with room for `faults` page faults inside the kernel that have not
            /// been taken yet.
            ///
            /// EINVAL: more than 1024. EMFILE, ENOMEM: no room.
            64 trace_create(faults: u32);
            /// Traces a thread, by id; with TRACE_CHILDREN all threads of its process, or none of
            /// them. What it does from its next call or fault on is told.
            ///
            /// EBADF: `tracer` is none. EINVAL: `options` has other bits than TRACE_ALL. ESRCH: there
            /// is no such thread, or it ends. EPERM: the caller may not trace it; it is of the
            /// calling process; it is traced already, or with TRACE_CHILDREN another tracer has
            /// one of the others.
            65 trace_attach(tracer: u32, tid: i32, options: u32);
            /// Waits for the next event and takes it.
            ///
            /// ECHILD: nothing is left that is traced. EINTR: a signal came. EFAULT: `event` cannot
            /// be written; the event is lost.
            66 trace_next(tracer: u32, event: UserMutPtr<Event>);
            /// Lets a thread go on after its event.
            ///
            /// ESRCH: no such thread stands still.
            67 trace_resume(tracer: u32, tid: i32);
        }
    };
}
