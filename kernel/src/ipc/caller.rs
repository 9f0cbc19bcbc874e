//! The caller's side of a port.

use super::attachments::Attachments;
use super::port::{Port, STATE, State};
use super::slot::{Outcome, Owner, Slot, Words};
use crate::result::restart::ERESTARTSYS;
use crate::result::{Errno, Result};
use crate::task::{self, Sleep, work};
use abi::ipc::{Kind, Level, Tag};
use alloc::boxed::Box;
use kcore::endpoint::{CallKind, CallOutcome, CancelOutcome, Interrupt, OnServerDeath};

/// What a caller says besides words.
pub struct Call {
    pub tag: Tag,
    pub badge: u32,
    /// The caller's level.
    pub from: Level,
    pub on_server_death: OnServerDeath,
    pub attachments: Option<Box<Attachments>>,
}

impl Port {
    /// Calls as the running task, whose slot is `own`, and sleeps until the reply is there;
    /// `take` is shown the slot with it. `fill` writes the words; its error means that nothing has
    /// been sent.
    #[inline]
    pub fn call<R>(
        &self,
        own: u32,
        call: &mut Call,
        fill: impl FnOnce(&mut Words) -> Result<()>,
        take: impl FnOnce(&mut Slot) -> R,
    ) -> Result<R> {
        let receiver = {
            let mut state = STATE.lock();
            let receiver = state.send(self, own, call, fill)?;
            task::prepare_to_sleep(Sleep::Interruptible);
            receiver
        };
        match receiver {
            Some(owner) => owner.run(),
            None => task::schedule(),
        }
        self.await_reply(own, take)
    }

    /// Sleeps until the call has come to something.
    #[inline]
    pub(super) fn await_reply<R>(&self, own: u32, take: impl FnOnce(&mut Slot) -> R) -> Result<R> {
        let mut how = Sleep::Interruptible;
        loop {
            let told = {
                let mut state = STATE.lock();
                let slot = &mut state.slots[own];
                match slot.take_outcome() {
                    Outcome::Arrived => return Ok(take(slot)),
                    Outcome::Failed(errno) => return Err(errno),
                    Outcome::Waiting => {}
                }
                let told = if task::sleep_is_over(how) {
                    how = Sleep::Killable;
                    state.interrupt(self, own)?
                } else {
                    None
                };
                task::prepare_to_sleep(how);
                told
            };
            if let Some(owner) = told {
                owner.wake();
            }
            task::schedule();
        }
    }
}

impl State {
    /// Delivers or queues a call. Returns who runs next, if anybody in particular.
    #[inline]
    pub(super) fn send(
        &mut self,
        port: &Port,
        own: u32,
        call: &mut Call,
        fill: impl FnOnce(&mut Words) -> Result<()>,
    ) -> Result<Option<Owner>> {
        let endpoint = &mut self.meetings[port.number].endpoint;
        let is_retry = call.on_server_death == OnServerDeath::Retry;
        let receiver = endpoint.next_receiver();
        // What may be done again has to stay here.
        let target = receiver.filter(|_| !is_retry).unwrap_or(own);
        fill(&mut self.slots[target].words)?;
        let priority = task::current().priority();
        let kind = CallKind { on_server_death: call.on_server_death, priority };
        let outcome = endpoint.call(&mut self.slots, own, call.from, kind)?;
        if call.attachments.is_some() {
            self.slots[own].attachments = call.attachments.take();
        }
        match outcome {
            CallOutcome::Deliver { receiver, token } if !is_retry => {
                self.slots[receiver].serve(self.slots.get(own), token);
                Ok(Some(self.slots.arrive(receiver, call.tag, call.badge, token)))
            }
            _ => {
                let slot = &mut self.slots[own];
                (slot.tag, slot.badge) = (call.tag, call.badge);
                match outcome {
                    CallOutcome::Deliver { receiver, token } => {
                        Ok(Some(self.slots.deliver(own, receiver, token)))
                    }
                    CallOutcome::Block => Ok(None),
                }
            }
        }
    }

    /// A signal has come for a caller. An error ends the call; else it goes on, and somebody may
    /// have to be told.
    #[cold]
    fn interrupt(&mut self, port: &Port, own: u32) -> Result<Option<Owner>> {
        let is_killed = task::current().work() & work::KILL != 0;
        let interrupt = if is_killed { Interrupt::Kill } else { Interrupt::Signal };
        let endpoint = &mut self.meetings[port.number].endpoint;
        match endpoint.interrupt(&mut self.slots, own, interrupt) {
            CancelOutcome::Tell { receiver, token } => {
                Ok(Some(self.slots.arrive(receiver, Tag::of_kind(Kind::Cancel), 0, token)))
            }
            CancelOutcome::Wait => Ok(None),
            // Nobody has seen it.
            CancelOutcome::Gone => Err(ERESTARTSYS),
            CancelOutcome::Revoke | CancelOutcome::NotWaiting => Err(Errno::EINTR),
        }
    }
}
