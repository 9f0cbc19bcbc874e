//! Tracing: telling one program what the threads of others do. What it sees is `abi::trace`.
//!
//! A [`Tracer`] is what a handle stands for; a thread that is traced has a [`Tracee`]. The thread
//! leaves its event with the tracer and sleeps until it is resumed or killed. Each thread has one
//! place for an event, which is enough because it stands still; only faults inside the kernel, where
//! it must not, lie in a ring that the tracer has the size of. So telling needs no memory and never
//! fails, and an end is told whatever else is not yet taken.
//!
//! Whoever is not traced pays nothing: calls and faults of traced programs enter by stubs of their
//! own (`arch::idt`, `trap::traced`), and what was done about a fault is seen from outside
//! (`mm::observe`). The other places look at `Task::is_traced`, off the hot paths.

mod attach;
mod fault;
mod tell;
mod tracee;
mod tracer;

pub use attach::{Follow, attach};
pub use fault::observe;
pub use tell::{call_entered, call_left, signal, started, stopped};
pub(super) use tell::{ended, executed, force_signal};
pub use tracee::Tracee;
pub use tracer::{Tracer, TracerHandle};
