//! Ports: where callers and servers meet.
//!
//! One lock guards all rendezvous and slots. Whoever delivers a message copies its words straight
//! into the other side's slot, by a function that its caller hands in: it may read user memory, but
//! not sleep, and says so with EFAULT. Then nothing has happened, and the caller tries again once
//! the memory is there.

use super::notification::Notification;
use super::object::Revocations;
use super::slot::{Outcome, Owner, Slots};
use crate::result::{Errno, Result};
use crate::sync::{Rank, SpinLock};
use crate::task;
use abi::ipc::Level;
use alloc::sync::Arc;
use kcore::arena::{Arena, NIL, NoMemory};
use kcore::endpoint::{Endpoint, Orphan};

pub struct Port {
    pub(super) number: u32,
    level: Level,
    pub notification: Notification,
    pub revocations: Revocations,
}

/// A port's rendezvous, and the process behind it.
pub(super) struct Meeting {
    pub endpoint: Endpoint,
    pub server: u32,
}

/// No process.
const NOBODY: u32 = 0;

pub(super) struct State {
    pub slots: Slots,
    pub meetings: Arena<Meeting, 32>,
}

pub(super) static STATE: SpinLock<State> =
    SpinLock::new(Rank::Ipc, State { slots: Slots::new(), meetings: Arena::new() });

impl Port {
    pub fn new(level: Level) -> Result<Arc<Self>> {
        let number = {
            let mut state = STATE.lock();
            state.meetings.reserve(1).map_err(|NoMemory| Errno::ENOMEM)?;
            let unnumbered = Meeting { endpoint: Endpoint::new(NIL, level), server: NOBODY };
            let number = state.meetings.insert(unnumbered);
            state.meetings[number].endpoint = Endpoint::new(number, level);
            number
        };
        let (notification, revocations) = (Notification::new(), Revocations::new());
        let port = Self { number, level, notification, revocations };
        Arc::try_new(port).map_err(|_| Errno::ENOMEM)
    }

    pub fn level(&self) -> Level {
        self.level
    }

    /// Makes process `server` the one behind the port. Whoever was it has died, as far as the
    /// port's callers know.
    pub fn attach(&self, server: u32) {
        self.perform(|endpoint, slots| endpoint.server_died(slots));
        let mut state = STATE.lock();
        let meeting = &mut state.meetings[self.number];
        meeting.server = server;
        meeting.endpoint.reopen();
    }

    /// Process `server` has died, if it is the one behind the port.
    pub fn detach(&self, server: u32) {
        {
            let mut state = STATE.lock();
            let meeting = &mut state.meetings[self.number];
            if meeting.server != server {
                return;
            }
            meeting.server = NOBODY;
        }
        self.perform(|endpoint, slots| endpoint.server_died(slots));
    }

    /// The process behind the port.
    pub fn server(&self) -> Option<u32> {
        let server = STATE.lock().meetings[self.number].server;
        (server != NOBODY).then_some(server)
    }

    /// Every call fails until somebody attaches.
    pub fn fail(&self) {
        STATE.lock().meetings[self.number].server = NOBODY;
        self.perform(|endpoint, slots| endpoint.fail(slots));
    }

    /// The task in `slot` receives no more; what it received and did not reply to is an orphan.
    pub(super) fn lose_receiver(&self, slot: u32) {
        self.perform(|endpoint, slots| endpoint.receiver_died(slots, slot));
    }

    /// Takes step after step, each under a lock of its own, until there is none.
    fn perform(&self, mut step: impl FnMut(&mut Endpoint, &mut Slots) -> Option<Orphan>) {
        loop {
            let told = {
                let mut state = STATE.lock();
                let state = &mut *state;
                let endpoint = &mut state.meetings[self.number].endpoint;
                match step(endpoint, &mut state.slots) {
                    Some(orphan) => state.slots.settle(orphan),
                    None => return,
                }
            };
            if let Some(owner) = told {
                owner.wake();
            }
            task::might_resched();
        }
    }
}

impl Drop for Port {
    fn drop(&mut self) {
        // Callers and receivers hold references, so there are none.
        STATE.lock().meetings.remove(self.number);
    }
}

impl Slots {
    /// Puts the outcome of a server's death where it belongs. Returns who has to know.
    fn settle(&mut self, orphan: Orphan) -> Option<Owner> {
        let (slot, errno) = match orphan {
            Orphan::Requeued { .. } => return None,
            Orphan::Redelivered { client, receiver, token } => {
                return Some(self.deliver(client, receiver, token));
            }
            Orphan::Failed { client, errno } => (client, errno),
            Orphan::Receiver { task } => (task, Errno::EPIPE),
        };
        let slot = &mut self[slot];
        slot.outcome = Outcome::Failed(errno);
        Some(slot.owner.clone())
    }
}

/// Slots in use.
#[cfg(feature = "ktest")]
pub fn slots_in_use() -> u32 {
    STATE.lock().slots.len()
}

/// Gives back memory that holds nothing.
pub fn shrink() {
    let mut state = STATE.lock();
    state.slots.shrink();
    state.meetings.shrink();
}
