//! Signals: what is pending, what it does, and the stack a handler finds.
//!
//! In the order of a signal's life: [`Actions::is_discarded`] when it is sent, [`Pending::post`],
//! [`next_signal`] on the way back to user mode, [`Actions::deliver`], then for a handler
//! [`after_interruption`] (the call it interrupted) and [`FrameRequest`]; [`restored`] at
//! `sigreturn`.

mod action;
mod alternate_stack;
mod context;
mod delivery;
mod fpu;
mod frame;
mod info;
mod info_pool;
mod pending;
mod restart;
mod xsave;

pub use action::{Actions, DefaultAction, STOP, default_action};
pub use alternate_stack::AlternateStack;
pub use context::{FIX_EFLAGS, Registers, USER_CS, USER_DS, context, is_loadable, restored};
pub use delivery::{Delivery, HandlerCall, ProcessKind};
pub use fpu::{
    FSAVE_LEN, FSAVE_STATUS_OFFSET, FXSAVE_LEN, X87_LEN, empty_environment, fsave_header,
    merge_fsave_header,
};
pub use frame::{FrameError, FramePlace, FrameRequest, HandlerStart, largest_frame};
pub use info::Info;
pub use info_pool::InfoPool;
pub use pending::{Pending, Posted, SYNCHRONOUS, next_signal};
pub use restart::{AfterCall, Interrupted, after_interruption};
pub use xsave::{END_MARK, Image, LEGACY_COMPONENTS, XSAVE_MIN, in_header};
