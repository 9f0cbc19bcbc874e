//! Waiting for children: `wait4`, `waitpid`, `waitid`.

use super::exit::reap;
use super::table::lock_family;
use super::usage::Used;
use super::{CurrentThread, Process};
use crate::result::Result;
use crate::result::restart::ERESTARTSYS;
use crate::task::Sleep;
use abi::process::{WNOHANG, WNOWAIT};
use alloc::sync::Arc;
use kcore::family::{Report, Wanted, Which};

/// A child that changed.
pub struct Changed {
    pub pid: u32,
    pub user: u32,
    pub report: Report,
    /// Of the child and the children it waited for.
    pub used: Used,
}

/// Waits for a change of a child; `None` with WNOHANG if there is none. `options` are `waitid`'s.
/// A child that exited is gone afterwards, unless WNOWAIT keeps it.
pub fn wait(thread: &CurrentThread, which: Which, options: u32) -> Result<Option<Changed>> {
    let process = thread.process();
    let mut buried = None;
    let attempt = || match take_change(process, which, options) {
        Ok(Some((changed, reaped))) => {
            buried = reaped;
            Some(Ok(Some(changed)))
        }
        Ok(None) if options & WNOHANG != 0 => Some(Ok(None)),
        Ok(None) => None,
        Err(errno) => Some(Err(errno)),
    };
    let outcome = process.child_changed.wait_for(Sleep::Interruptible, None, attempt);
    drop(buried);
    outcome.unwrap_or(Err(ERESTARTSYS))
}

/// `wait4`'s first argument as seen by the thread.
pub fn which(thread: &CurrentThread, pid: i32) -> Result<Which> {
    let own_group = match pid {
        0 => lock_family()[thread.process.slot()].group(),
        _ => 0,
    };
    Which::from_argument(pid, own_group)
}

type Taken = (Changed, Option<Arc<Process>>);

fn take_change(process: &Process, which: Which, options: u32) -> Result<Option<Taken>> {
    let mut family = lock_family();
    let wanted = Wanted { which, options };
    let Some(change) = family.take_change(process.slot(), wanted)? else { return Ok(None) };
    let child = family[change.slot].process.clone();
    let reaps = matches!(change.report, Report::Exited(_)) && options & WNOWAIT == 0;
    let reaped = if reaps { reap(&mut family, change.slot) } else { None };
    drop(family);
    // Whoever has exited has no threads, so this is all it used.
    let used = child.usage.ended().plus(child.usage.children());
    if reaps {
        process.usage.add_child(used);
    }
    let user = child.user();
    Ok(Some((Changed { pid: child.pid(), user, report: change.report, used }, reaped)))
}
