//! What the rest of the kernel asks of fault injection, in images without it.

use crate::task::Task;
use core::fmt::Arguments;
use kcore::cmdline::CommandLine;

#[inline(always)]
pub const fn is_armed() -> bool {
    false
}

#[inline(always)]
pub fn configure(_: &CommandLine) {}

#[inline(always)]
pub fn in_interrupt(work: impl FnOnce()) {
    work();
}

#[inline(always)]
pub fn exempt<R>(_: bool, work: impl FnOnce() -> R) -> R {
    work()
}

#[inline(always)]
pub fn inherit(_: &Task, _: bool) {}

#[inline(always)]
pub fn leave(_: &Task, _: i32) {}

#[inline(always)]
pub fn close_all_of(_: u32) {}

#[inline(always)]
pub fn describe(_: impl FnMut(Arguments)) {}
