//! Signals: sent, pending, delivered on the way to user mode.
//!
//! The rules are `kcore::signal`'s. Here are the locks around them, the way into a program's
//! stack and back, stopping and going on.
//!
//! Lock order: the family, then one process's signals, then the pool of infos. Whatever may stop
//! or continue a process, and so tells its parent, is sent with the family locked.

mod action;
mod deliver;
mod fault;
mod fpu;
mod frame;
mod mask;
mod news;
mod send;
mod state;
mod stop;
mod timed_wait;

pub(super) use action::{default_actions, share_actions};
pub use deliver::serve;
pub use fault::{force_fault, on_exception};
pub use fpu::image_bytes;
pub use frame::{rt_sigreturn, sigreturn};
pub use mask::{change_blocked, restore_mask, set_blocked, set_temporary_mask};
pub use send::{
    check_permission, is_interrupted, raise, send_from_kernel_to_group, send_if_permitted,
    send_to_all, send_to_group, send_to_process, send_to_thread,
};
pub(super) use send::{forget_timer, post_from_kernel, post_timer};
pub use state::{SignalGuard, SignalRoom, Signals, ThreadSignals, shrink};
pub(super) use stop::{child_info, report_stopped};
pub use timed_wait::{dequeue, is_pending, sleep_for_signal, take};
