//! Requests of the kernel itself.
//!
//! A program's system call that a server has to answer is a [`call`] by its own task. A
//! [`Request`] waits for nobody: it lies in a slot of its own, made beforehand, and sending it
//! needs no memory. Page-outs, for one, must get through when there is none.

use super::attachments::Attachments;
use super::caller::Call;
use super::port::{Port, STATE};
use super::slot::{Outcome, Owner, Words, own_slot};
use crate::failpoint::fail_point;
use crate::result::{Errno, Result};
use crate::sync::{WaitError, WaitQueue};
use crate::task::Sleep;
use abi::ipc::{Level, Tag};
use alloc::boxed::Box;
use alloc::sync::Arc;
use kcore::endpoint::{Interrupt, OnServerDeath};

/// What a server replied.
pub struct Answer {
    /// 0, or an error number.
    pub tag: Tag,
    pub words: Words,
    /// Those of the request, with the handles of the reply.
    pub attachments: Option<Box<Attachments>>,
}

impl Answer {
    fn check(self) -> Result<Self> {
        match Errno::from_number(self.tag.label()) {
            Some(errno) => Err(errno),
            None => Ok(self),
        }
    }
}

/// What a server is asked.
pub struct Question {
    /// With label and numbers of words, leases and handles.
    pub tag: Tag,
    pub words: Words,
    /// The level of the process that it is asked for.
    pub from: Level,
    pub attachments: Option<Box<Attachments>>,
}

impl Question {
    fn into_call(self) -> (Call, Words) {
        let on_server_death = match self.tag.is_retry() {
            true => OnServerDeath::Retry,
            false => OnServerDeath::IoError,
        };
        let tag = self.tag.from_kernel();
        let Self { from, attachments, .. } = self;
        (Call { tag, badge: 0, from, on_server_death, attachments }, self.words)
    }
}

/// Asks and waits for the answer, as the running task. A signal ends the wait as it ends a
/// program's call.
pub fn call(port: &Port, question: Question) -> Result<Answer> {
    if fail_point!(Message) {
        return Err(Errno::EIO);
    }
    let own = own_slot()?;
    let (mut call, words) = question.into_call();
    let answer = port.call(
        own,
        &mut call,
        |to| {
            *to = words;
            Ok(())
        },
        |slot| (slot.tag, slot.words),
    );
    let attachments = STATE.lock().slots[own].attachments.take();
    let (tag, words) = answer?;
    Answer { tag, words, attachments }.check()
}

/// Somebody waits for a request to be answered.
pub struct Completed(WaitQueue);

impl Completed {
    pub fn complete(&self) {
        self.0.wake_all();
    }
}

/// A request that can be sent again and again, one at a time.
pub struct Request {
    slot: u32,
    completed: Arc<Completed>,
    /// While it is on its way.
    port: Option<Arc<Port>>,
}

impl Request {
    pub fn new() -> Result<Self> {
        let completed = Completed(WaitQueue::new());
        let completed = Arc::try_new(completed).map_err(|_| Errno::ENOMEM)?;
        let slot = STATE.lock().slots.insert(Owner::Request(completed.clone()))?;
        Ok(Self { slot, completed, port: None })
    }

    /// Sends it on its way. EBUSY if it is.
    pub fn send(&mut self, port: &Arc<Port>, question: Question) -> Result<()> {
        if self.port.is_some() {
            return Err(Errno::EBUSY);
        }
        let (mut call, words) = question.into_call();
        let receiver = STATE.lock().send(port, self.slot, &mut call, |to| {
            *to = words;
            Ok(())
        })?;
        self.port = Some(port.clone());
        if let Some(owner) = receiver {
            owner.wake();
        }
        Ok(())
    }

    /// Waits for the answer. An interrupted wait can be taken up again.
    pub fn wait(&mut self, how: Sleep) -> core::result::Result<Result<Answer>, WaitError> {
        let slot = self.slot;
        let done = || self.port.is_none() || STATE.lock().slots[slot].outcome != Outcome::Waiting;
        self.completed.0.wait_for(how, None, || done().then_some(()))?;
        if self.port.take().is_none() {
            return Ok(Err(Errno::EINVAL));
        }
        let (outcome, answer) = {
            let slot = &mut STATE.lock().slots[slot];
            let attachments = slot.attachments.take();
            (slot.take_outcome(), Answer { tag: slot.tag, words: slot.words, attachments })
        };
        match outcome {
            Outcome::Failed(errno) => Ok(Err(errno)),
            _ => Ok(answer.check()),
        }
    }
}

impl Drop for Request {
    fn drop(&mut self) {
        let port = self.port.take();
        let slot = {
            let mut state = STATE.lock();
            let state = &mut *state;
            if let Some(port) = &port {
                let endpoint = &mut state.meetings[port.number].endpoint;
                endpoint.interrupt(&mut state.slots, self.slot, Interrupt::Kill);
            }
            state.slots.remove(self.slot)
        };
        drop(slot);
    }
}
