//! Who may look into whom.

use crate::process::{Process, current};
use crate::result::{Errno, Result};
use kcore::credentials::may_trace;

/// Whether the running process may look into another and change it. EPERM: it is `init`, acts for
/// somebody else (Linux's rule), or is more trusted. Calls only go down, so nobody can stop what it might
/// itself be waiting for.
pub fn check(target: &Process) -> Result<()> {
    let own = current();
    let own = own.process();
    if core::ptr::eq(own, target) {
        return Ok(());
    }
    let (one, other) = (own.credentials(), target.credentials());
    let permitted = may_trace(&one.user, &one.group, &other.user, &other.group);
    let permitted = permitted && !target.is_unkillable;
    if permitted && own.ipc.level() <= target.ipc.level() { Ok(()) } else { Err(Errno::EPERM) }
}
