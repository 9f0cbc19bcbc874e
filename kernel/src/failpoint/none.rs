//! What the rest of the kernel asks of fault injection, in images without it.

use crate::task::Task;

#[inline(always)]
pub const fn is_armed() -> bool {
    false
}

#[inline(always)]
pub fn inherit(_: &Task, _: bool) {}

#[inline(always)]
pub fn close_all_of(_: u32) {}
