//! Who a process acts for.

use super::{current, user_accounts};
use crate::result::{Errno, Result};
use abi::permission::Looker;
use alloc::sync::Arc;
use alloc::vec::Vec;
use kcore::credentials::{Ids, MAX_GROUPS};

/// Replaced as a whole, never changed.
#[derive(Debug, Default)]
pub struct Credentials {
    pub user: Ids,
    pub group: Ids,
    /// Supplementary groups.
    pub groups: Vec<u32>,
}

impl Credentials {
    /// Whether permission checks do not bind it.
    #[inline]
    pub fn is_privileged(&self) -> bool {
        self.user.effective == 0
    }

    /// Who looks into processes otherwise than by files.
    pub fn looker(&self) -> Looker {
        let (user, group) = (self.user.real, self.group.real);
        Looker { user, group, is_privileged: self.is_privileged() }
    }

    /// Whether whoever it acts for is who it is.
    pub fn acts_for_itself(&self) -> bool {
        self.user.effective == self.user.real && self.group.effective == self.group.real
    }

    /// Whether `new` may do other things to files or in the name of somebody else.
    pub fn differ(&self, new: &Self) -> bool {
        self.user.differs(&new.user) || self.group.differs(&new.group)
    }

    /// As a new program begins with them.
    pub fn for_program(self: &Arc<Self>) -> Result<Arc<Self>> {
        let (user, group) = (self.user.for_program(), self.group.for_program());
        if (user, group) == (self.user, self.group) {
            return Ok(self.clone());
        }
        Arc::try_new(Self { user, group, ..self.copy()? }).map_err(|_| Errno::ENOMEM)
    }

    fn copy(&self) -> Result<Self> {
        let mut groups = Vec::new();
        groups.try_reserve_exact(self.groups.len()).map_err(|_| Errno::ENOMEM)?;
        groups.extend_from_slice(&self.groups);
        Ok(Self { user: self.user, group: self.group, groups })
    }
}

/// Changes the ids of the current process; `change` gets the old ids and whether it may do all.
pub fn change(change: impl FnOnce(&mut Credentials, bool) -> Result<()>) -> Result<()> {
    let thread = current();
    let old = thread.process.credentials();
    let mut new = old.copy()?;
    change(&mut new, old.is_privileged())?;
    let is_other = new.user.real != old.user.real;
    let account = is_other.then(|| user_accounts::of(new.user.real)).transpose()?;
    let new = Arc::try_new(new).map_err(|_| Errno::ENOMEM)?;
    if old.differ(&new)
        && let Some(mm) = thread.process.mm()
    {
        // What it got as somebody else is not for its new user.
        mm.set_dumpable(false);
    }
    match account {
        Some(account) => thread.process.set_user(new, account),
        None => thread.process.set_credentials(new),
    }
    thread.process.bind_memory();
    Ok(())
}

/// `setgroups`, after the list has been read.
pub fn set_groups(groups: Vec<u32>) -> Result<()> {
    change(|new, _| {
        new.groups = groups;
        Ok(())
    })
}

/// EPERM, then EINVAL, before the list is read.
pub fn may_set_groups(count: u32) -> Result<()> {
    if !current().process.credentials().is_privileged() {
        return Err(Errno::EPERM);
    }
    if count > MAX_GROUPS { Err(Errno::EINVAL) } else { Ok(()) }
}
