//! Who may look into whom: Linux's `ptrace_may_access`, whichever call or file asks.

use super::{Process, current};
use crate::result::{Errno, Result};
use abi::permission::Looker;

/// Whether the running process may look into another, in the name of `looker`: with its real ids
/// (PTRACE_MODE_REALCREDS), or by a file of `/proc` (PTRACE_MODE_FSCREDS).
pub fn may_look_into(target: &Process, looker: Looker) -> bool {
    if core::ptr::eq(current().process(), target) {
        return true;
    }
    let credentials = target.credentials();
    let (users, groups) = (credentials.user.all(), credentials.group.all());
    looker.may_look_into(users, groups, target.is_dumpable())
}

/// Whether the running process may also stop and change it (PTRACE_MODE_ATTACH). EPERM: it may not
/// look, or that is `init` or more trusted. Calls only go down, so nobody can stop what it might itself
/// be waiting for.
pub fn may_change(target: &Process) -> Result<()> {
    let own = current();
    let own = own.process();
    if core::ptr::eq(own, target) {
        return Ok(());
    }
    let permitted = may_look_into(target, own.credentials().looker()) && !target.is_unkillable;
    if permitted && own.ipc.level() <= target.ipc.level() { Ok(()) } else { Err(Errno::EPERM) }
}
