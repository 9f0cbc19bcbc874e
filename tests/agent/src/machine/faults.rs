//! A stretch of requests in which things fail.

use super::services;
use crate::message::Ended;
use alloc::vec;
use leak::{Snapshot, end_orphans};
use sys::abi::Plain;
use sys::abi::failpoint::FaultPlan;
use sys::failpoint::{self, Context};
use sys::{Errno, Result};

pub struct Faults {
    context: Context,
    before: Snapshot,
}

impl Faults {
    /// From a plan's bytes.
    pub fn begin(plan: &[u8]) -> Result<Self> {
        let (plan, rest) = FaultPlan::take(plan).ok_or(Errno::EINVAL)?;
        if !rest.is_empty() {
            return Err(Errno::EINVAL);
        }
        // What was killed before is no loss.
        let _ = services::await_all();
        let context = Context::new(&plan)?;
        Ok(Self { context, before: Snapshot::take().ok_or(Errno::ENOSYS)? })
    }

    /// What the calling process executes next is in it, and all that comes of that.
    pub fn enter(&self) -> Result<()> {
        self.context.enter()
    }

    pub fn end(self) -> Result<Ended> {
        // Whoever is left could still meet a fault.
        end_orphans();
        let state = self.context.state()?;
        let mut bytes = vec![0; size_of_val(&state)];
        state.put(&mut bytes);
        let absent = services::await_all();
        let after = Snapshot::take().ok_or(Errno::ENOSYS)?;
        Ok(Ended { state: bytes, absent, lost: self.before.difference(&after) })
    }
}

/// The calling process is in none.
pub fn leave() -> Result<()> {
    failpoint::leave()
}
