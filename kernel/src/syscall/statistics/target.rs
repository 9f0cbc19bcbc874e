//! Of whom one may ask.

use crate::ipc::statistics_right::StatisticsRight;
use crate::mm::space::Mm;
use crate::process::{self, Process, current, details};
use crate::result::{Errno, Result};
use abi::ipc::{Level, Rights};
use alloc::sync::Arc;

/// A handle for asking of anybody.
pub fn statistics_create() -> Result<u32> {
    let thread = current();
    let holder = &thread.process().ipc;
    if holder.level() != Level::INIT {
        return Err(Errno::EPERM);
    }
    holder.give(StatisticsRight::new()?)
}

/// EBADF, EPERM unless `right` is the right to ask of everything.
pub fn check(right: u32) -> Result<()> {
    let thread = current();
    thread.process().ipc.object::<StatisticsRight>(right, Rights::READ).map(|_| ())
}

/// The process that is asked of: without the right, one's own. EPERM, ESRCH.
pub fn process(right: u32, pid: i32) -> Result<Arc<Process>> {
    if right != 0 {
        check(right)?;
        return details::find(pid);
    }
    let thread: process::CurrentThread = current();
    let own = &thread.process;
    let is_own = pid == own.pid().cast_signed() || own.thread(pid.cast_unsigned()).is_some();
    if is_own { Ok(own.clone()) } else { Err(Errno::EPERM) }
}

/// Whether who asks may know which frames a process has: root, and who may ask of everything. To
/// others they would say where in memory to look for flaws of its chips.
pub fn may_see_frames(right: u32) -> bool {
    right != 0 || current().process().credentials().is_privileged()
}

/// Its address space; ESRCH if it has none any more.
pub fn space(right: u32, pid: i32) -> Result<Arc<Mm>> {
    process(right, pid)?.mm().ok_or(Errno::ESRCH)
}
