//! Resource limits, and how an address space learns of those that bind it.

use super::Process;
use crate::mm::space::Mm;
use crate::result::{Errno, Result};
use abi::process::{RLIMIT_AS, RLIMIT_CPU, RLIMIT_DATA, RLIMIT_MEMLOCK, RLIMIT_STACK, Rlimit64};
use alloc::sync::Arc;
use core::sync::atomic::Ordering::Relaxed;
use kcore::resource_limit::Limits;

impl Process {
    /// Sets a limit; it holds at once.
    pub fn set_limit(&self, resource: u32, new: Rlimit64, privileged: bool) -> Result<()> {
        let mut limits: Limits = *self.limits();
        limits.set(resource, new, privileged)?;
        self.set_limits(Arc::try_new(limits).map_err(|_| Errno::ENOMEM)?);
        match resource {
            RLIMIT_CPU => self.update_timing(&mut self.lock_signals()),
            _ => self.bind_memory(),
        }
        Ok(())
    }

    fn is_child_of_vfork(&self) -> bool {
        let guard = self.lock_signals();
        guard.threads().any(|thread| thread.is_first() && thread.holds_parent.load(Relaxed))
    }

    /// Tells the address space of limits or privileges that have changed.
    pub(super) fn bind_memory(&self) {
        // What `vfork` lent stays as the parent wants it; what the child executes obeys the child.
        if let Some(mm) = self.mm()
            && !(mm.users() > 1 && self.is_child_of_vfork())
        {
            bind(&mm, &self.limits(), self.credentials().is_privileged());
        }
    }
}

/// Lets an address space enforce the limits of the process that runs in it.
pub(super) fn bind(mm: &Mm, limits: &Limits, privileged: bool) {
    let mut layout = mm.layout.write();
    (layout.limits.may_lock, layout.limits.raw_io) = (privileged, privileged);
    layout.stack_limit = limits.current(RLIMIT_STACK);
    layout.limits.address_space = limits.current(RLIMIT_AS);
    layout.limits.data = limits.current(RLIMIT_DATA);
    layout.limits.data_max = limits.maximum(RLIMIT_DATA);
    layout.limits.memlock = limits.current(RLIMIT_MEMLOCK);
}
