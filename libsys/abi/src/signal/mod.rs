//! Signals: numbers, handlers, and what a handler finds on its stack.

mod action;
mod context;
mod descriptor;
mod event;
mod frame;
mod info;
mod number;
mod set;
mod stack;

pub use action::*;
pub use context::*;
pub use descriptor::*;
pub use event::*;
pub use frame::*;
pub use info::*;
pub use number::*;
pub use set::*;
pub use stack::*;
