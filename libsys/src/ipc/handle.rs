//! A handle that somebody owns.

use crate::Result;
use abi::ipc::Rights;

/// A handle of this process, closed when dropped. (`handle_close`)
#[derive(Debug, PartialEq, Eq)]
pub struct Handle(u32);

impl Handle {
    /// Takes over a handle by its number.
    pub const fn from_raw(raw: u32) -> Self {
        Self(raw)
    }

    /// The number.
    pub const fn raw(&self) -> u32 {
        self.0
    }

    /// Lets go of the number without closing it.
    pub fn into_raw(self) -> u32 {
        let raw = self.0;
        core::mem::forget(self);
        raw
    }

    /// Another handle for the same object, with those of `rights` that this one has.
    ///
    /// EPERM: it lacks DUPLICATE. (`handle_duplicate`)
    pub fn duplicate(&self, rights: Rights) -> Result<Self> {
        kernel::duplicate(self.0, rights).map(Self)
    }

    /// The same with a badge, not 0 and below 2^31, by which a server knows the calls that come by
    /// it. Only a handle without badge can be given one.
    ///
    /// EPERM: it lacks DUPLICATE, or has a badge. (`handle_mint`)
    pub fn mint(&self, rights: Rights, badge: u32) -> Result<Self> {
        kernel::mint(self.0, rights, badge).map(Self)
    }

    /// Makes all other handles for the object worthless, whoever has them.
    ///
    /// EPERM: it lacks REVOKE. (`handle_revoke`)
    pub fn revoke_others(&self) -> Result<()> {
        kernel::revoke(self.0)
    }
}

impl Drop for Handle {
    fn drop(&mut self) {
        kernel::close(self.0);
    }
}

#[cfg(target_arch = "x86")]
use crate::machine::ipc::handle as kernel;

/// Where there is no kernel, numbers are only numbers.
#[cfg(not(target_arch = "x86"))]
mod kernel {
    use crate::{Errno, Result};
    use abi::ipc::Rights;

    pub fn duplicate(handle: u32, _: Rights) -> Result<u32> {
        Ok(handle)
    }

    pub fn mint(handle: u32, _: Rights, _: u32) -> Result<u32> {
        Ok(handle)
    }

    pub fn revoke(_: u32) -> Result<()> {
        Err(Errno::ENOSYS)
    }

    pub fn close(_: u32) {}
}
