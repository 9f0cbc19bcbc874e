//! A stretch of requests in which things fail.

use super::services;
use crate::message::Ended;
use alloc::vec;
use core::time::Duration;
use leak::{Snapshot, end_orphans};
use sys::abi::Plain;
use sys::abi::failpoint::FaultPlan;
use sys::failpoint::{self, Context};
use sys::{Errno, Result};

/// How runs have left the kernel before. What is lost does not come back: whatever is as it was once has
/// lost nothing since.
pub struct Known {
    /// Made at once, so that noting one more does not change what is counted.
    states: [Option<Snapshot>; KNOWN],
    next: usize,
}

const KNOWN: usize = 16;

impl Known {
    pub const fn new() -> Self {
        Self { states: [const { None }; KNOWN], next: 0 }
    }

    fn has(&self, state: &Snapshot) -> bool {
        self.states.iter().flatten().any(|known| known == state)
    }

    /// Notes one more, in the place of the oldest one.
    fn note(&mut self, state: Snapshot) {
        if let Some(place) = self.states.get_mut(self.next) {
            *place = Some(state);
        }
        self.next = (self.next + 1) % KNOWN;
    }
}

/// Services that were disturbed before have their servers by then.
const SETTLING: Duration = Duration::from_secs(5);

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
        let _ = services::await_all(SETTLING);
        let context = Context::new(&plan)?;
        Ok(Self { context, before: Snapshot::take().ok_or(Errno::ENOSYS)? })
    }

    /// What the calling process executes next is in it, and all that comes of that.
    pub fn enter(&self) -> Result<()> {
        self.context.enter()
    }

    /// Services may take so long until each has a server.
    pub fn end(self, patience: Duration, known: &mut Known) -> Result<Ended> {
        // Whoever is left could still meet a fault.
        end_orphans();
        let state = self.context.state()?;
        let mut bytes = vec![0; size_of_val(&state)];
        state.put(&mut bytes);
        let absent = services::await_all(patience);
        let mut after = Snapshot::take().ok_or(Errno::ENOSYS)?;
        if after != self.before {
            // A server that has just begun may still be about to settle down.
            after = Snapshot::settled().ok_or(Errno::ENOSYS)?;
        }
        let lost = self.before.difference(&after).filter(|_| !known.has(&after));
        if lost.is_some() {
            known.note(self.before);
        }
        Ok(Ended { state: bytes, absent, lost })
    }
}

/// The calling process is in none.
pub fn leave() -> Result<()> {
    failpoint::leave()
}
