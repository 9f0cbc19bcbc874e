//! The server's side of a port.

use super::attachments::Attachments;
use super::port::{Port, STATE, State};
use super::slot::{Outcome, Owner, Slot, Slots, Words};
use crate::failpoint;
use crate::result::restart::ERESTARTNOHAND;
use crate::result::{Errno, Result};
use crate::task::{self, Sleep};
use crate::time::{self, Timer};
use abi::ipc::{Kind, Tag};
use alloc::boxed::Box;
use alloc::sync::Arc;
use core::pin::pin;
use kcore::endpoint::{ReceiveOutcome, ReplyToken};

/// What a server says besides words.
pub struct Reply {
    /// The process that replies.
    pub server: u32,
    pub token: ReplyToken,
    pub tag: Tag,
    pub attachments: Option<Box<Attachments>>,
}

/// What a server waits for.
#[derive(Clone, Copy)]
pub struct Wanted {
    /// The process that receives.
    pub server: u32,
    /// Monotonic time.
    pub deadline: Option<u64>,
}

/// Ends a call. A call that is over already is no error. `fill` writes the words; its
/// error means that the call goes on.
pub fn reply(reply: &mut Reply, fill: impl FnOnce(&mut Words) -> Result<()>) -> Result<()> {
    let owner = STATE.lock().reply(reply, fill)?;
    if let Some(owner) = owner {
        owner.wake();
    }
    Ok(())
}

/// Ends a call with an error that the server did not choose.
pub fn fail_call(server: u32, token: ReplyToken, errno: Errno) -> Result<()> {
    let tag = Tag::new(errno.number(), 0);
    reply(&mut Reply { server, token, tag, attachments: None }, |_| Ok(()))
}

/// The thread id of the task whose call process `server` works on. The kernel's own requests have
/// none.
pub fn caller(server: u32, token: ReplyToken) -> Option<u32> {
    let state = STATE.lock();
    let client = state.waiting(server, token)?;
    match &state.slots[client].owner {
        Owner::Task(task) => Some(task.tid()),
        Owner::Request(_) => None,
    }
}

impl Port {
    /// The running task, whose slot is `own`, receives from this port from now on, and is woken
    /// for bits of `mask`. EBUSY if another task is.
    pub fn subscribe(self: &Arc<Self>, own: u32, mask: u32) -> Result<()> {
        let task = task::current();
        let (old, old_mask) = {
            let slot = &STATE.lock().slots[own];
            (slot.receives.clone(), slot.mask)
        };
        match &old {
            Some(old) if Arc::ptr_eq(old, self) && old_mask == mask => return Ok(()),
            Some(old) if !Arc::ptr_eq(old, self) => old.notification.stop_waiting(task),
            _ => {}
        }
        self.notification.wait(task, mask)?;
        let slot = &mut STATE.lock().slots[own];
        slot.mask = mask;
        slot.receives = Some(self.clone());
        Ok(())
    }
}

/// Receives as the running task, whose slot is `own`, from the port it has subscribed to, after a
/// reply if there is one; `take` is shown the slot with the message. `fill` is as for [`reply`]; its
/// error means that nothing was done. EPERM without a subscription.
#[inline]
pub fn receive<R>(
    own: u32,
    wanted: Wanted,
    reply: Option<&mut Reply>,
    fill: impl FnOnce(&mut Words) -> Result<()>,
    take: impl FnOnce(&mut Slot) -> R,
) -> Result<R> {
    let woken = {
        let mut state = STATE.lock();
        let woken = match reply {
            Some(reply) => state.reply(reply, fill)?,
            None => None,
        };
        match state.receive(own, wanted.server) {
            Ok(false) => {
                task::prepare_to_sleep(Sleep::Interruptible);
                woken
            }
            done => {
                let result = done.map(|_| state.slots[own].take_message(take));
                drop(state);
                if let Some(owner) = woken {
                    owner.wake();
                }
                return result;
            }
        }
    };
    if wanted.deadline.is_some() {
        return await_until(own, wanted, take);
    }
    match woken {
        Some(owner) => owner.run(),
        None => task::schedule(),
    }
    await_message(own, wanted, take)
}

/// The same with a timer. Nobody was replied to.
#[cold]
fn await_until<R>(own: u32, wanted: Wanted, take: impl FnOnce(&mut Slot) -> R) -> Result<R> {
    let timer = pin!(Timer::waking_current());
    if let Some(deadline) = wanted.deadline {
        timer.as_ref().arm(deadline);
    }
    await_message(own, wanted, take)
}

/// Sleeps until there is a message, bits, a signal, or no time left.
#[inline]
pub(super) fn await_message<R>(
    own: u32,
    wanted: Wanted,
    take: impl FnOnce(&mut Slot) -> R,
) -> Result<R> {
    loop {
        {
            let mut state = STATE.lock();
            let slot = &mut state.slots[own];
            match slot.take_outcome() {
                Outcome::Arrived => {
                    task::finish_sleep();
                    return Ok(take(slot));
                }
                Outcome::Failed(errno) => {
                    task::finish_sleep();
                    return Err(errno);
                }
                Outcome::Waiting => {}
            }
            task::prepare_to_sleep(Sleep::Interruptible);
            if let Some(result) = state.something_else(own, wanted) {
                task::finish_sleep();
                return result.map(|()| state.slots[own].take_message(take));
            }
        }
        task::schedule();
    }
}

impl Slot {
    fn take_message<R>(&mut self, take: impl FnOnce(&mut Self) -> R) -> R {
        self.outcome = Outcome::Waiting;
        take(self)
    }
}

impl State {
    /// Returns whom to wake. As far as faults go, the request is over also if its caller is gone.
    #[inline]
    fn reply(
        &mut self,
        reply: &mut Reply,
        fill: impl FnOnce(&mut Words) -> Result<()>,
    ) -> Result<Option<Owner>> {
        let owner = self.answer(reply, fill)?;
        if failpoint::is_armed() {
            task::current().scope.finish(reply.token.raw());
        }
        Ok(owner)
    }

    /// `None` if the call is over already.
    #[inline]
    fn answer(
        &mut self,
        reply: &mut Reply,
        fill: impl FnOnce(&mut Words) -> Result<()>,
    ) -> Result<Option<Owner>> {
        let token = reply.token;
        let Some(slot) = self.slots.get_mut(token.client()) else { return Ok(None) };
        let Some(port) = slot.client.called_port() else { return Ok(None) };
        let meeting = &mut self.meetings[port];
        if meeting.server != reply.server || !meeting.endpoint.waits(&slot.client, token) {
            return Ok(None);
        }
        fill(&mut slot.words)?;
        (slot.tag, slot.outcome) = (reply.tag, Outcome::Arrived);
        if reply.attachments.is_some() {
            slot.attach(&mut reply.attachments);
        }
        let owner = slot.owner.clone();
        meeting.endpoint.finish(&mut self.slots, token.client());
        Ok(Some(owner))
    }

    /// The meeting of the call that a token is for.
    #[inline]
    fn meeting_of(&self, token: ReplyToken) -> Option<u32> {
        self.slots.get(token.client())?.client.called_port()
    }

    /// The attachments of a call that process `server` works on.
    pub fn attachments(&mut self, server: u32, token: ReplyToken) -> Option<&mut Attachments> {
        let client = self.waiting(server, token)?;
        self.slots[client].attachments.as_deref_mut()
    }

    /// The caller that a token of process `server` stands for.
    fn waiting(&self, server: u32, token: ReplyToken) -> Option<u32> {
        let meeting = self.meetings.get(self.meeting_of(token)?)?;
        let is_its = meeting.server == server;
        meeting.endpoint.waiting(&self.slots, token).filter(|_| is_its)
    }

    /// Takes what is there, or gets in line. Returns whether something has arrived.
    #[inline]
    fn receive(&mut self, own: u32, server: u32) -> Result<bool> {
        let slot = &self.slots[own];
        let port = slot.receives.as_ref().ok_or(Errno::EPERM)?;
        let meeting = &mut self.meetings[port.number];
        if meeting.server != server {
            return Err(Errno::EPIPE);
        }
        let bits = port.notification.take(slot.mask);
        if bits != 0 {
            self.slots.arrive_bits(own, bits);
            return Ok(true);
        }
        match meeting.endpoint.receive(&mut self.slots, own)? {
            ReceiveOutcome::Block => return Ok(false),
            ReceiveOutcome::Call { client, token } => {
                self.slots.deliver(client, own, token);
            }
            ReceiveOutcome::Cancel { token } => {
                self.slots.arrive(own, Tag::of_kind(Kind::Cancel), 0, token);
            }
        }
        Ok(true)
    }

    /// What may end the wait of a receiver besides a message. It is out of the line then.
    fn something_else(&mut self, own: u32, wanted: Wanted) -> Option<Result<()>> {
        let slot = &self.slots[own];
        let port = slot.receives.as_ref()?;
        let (number, bits) = (port.number, port.notification.take(slot.mask));
        let result = if bits != 0 {
            Ok(())
        } else if wanted.deadline.is_some_and(|deadline| time::monotonic() >= deadline) {
            Err(Errno::ETIMEDOUT)
        } else if task::sleep_is_over(Sleep::Interruptible) {
            Err(ERESTARTNOHAND)
        } else {
            return None;
        };
        self.meetings[number].endpoint.stop_receiving(&mut self.slots, own);
        if bits != 0 {
            self.slots.arrive_bits(own, bits);
        }
        Some(result)
    }
}

impl Slots {
    fn arrive_bits(&mut self, own: u32, bits: u32) {
        self.arrive(own, Tag::of_kind(Kind::Notification), 0, ReplyToken::from_raw(0));
        let [first, ..] = &mut self[own].words;
        *first = bits;
    }
}
