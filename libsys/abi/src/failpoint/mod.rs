//! Failpoints: places where a kernel built for it fails on request, so that a test can see what
//! comes of every failure that can happen.
//!
//! A test makes a context of a [`FaultPlan`] (`fault_create`), has a thread enter it (`fault_enter`),
//! and asks afterwards what happened (`fault_state`). Each time that a thread in the context passes
//! one of the plan's points is an *opportunity*, numbered from 1 on. The context goes along with the
//! thread's messages: what a server does for it counts too; what is done for others does not. Kernels
//! built without failpoints answer ENOSYS.
//!
//! Besides, there are machine-wide contexts ([`FAULT_MACHINE`]), which the kernel's command line makes
//! too, and one for each thread in which only the nth opportunity fails ([`FAULT_THREAD_NTH`]). That one
//! comes before the thread's own, and both before those of the machine.

mod opportunities;
mod plan;
mod point;

pub use opportunities::Opportunities;
pub use plan::*;
pub use point::{Effect, Failpoint};
