//! What IPC keeps for each task that takes part, and for each of the kernel's own requests.

use super::attachments::Attachments;
use super::port::{Port, STATE};
use super::request::Completed;
use crate::failpoint;
use crate::result::{Errno, Result};
use crate::task::{self, Task};
use abi::ipc::{MAX_WORDS, Tag};
use alloc::boxed::Box;
use alloc::sync::Arc;
use core::mem;
use core::ops::{Index, IndexMut};
use kcore::arena::{Arena, NIL, NoMemory};
use kcore::endpoint::{Client, Clients, ReplyToken};

pub type Words = [u32; MAX_WORDS as usize];

/// How a wait ended.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Outcome {
    Waiting,
    /// The message is in the slot.
    Arrived,
    Failed(Errno),
}

/// Who is told of the outcome.
#[derive(Clone)]
pub enum Owner {
    Task(Arc<Task>),
    Request(Arc<Completed>),
}

pub struct Slot {
    pub client: Client,
    pub outcome: Outcome,
    pub owner: Owner,
    /// Of the call, until it is received; then of the message that has arrived.
    pub tag: Tag,
    /// Of the handle that was called, or of the caller.
    pub badge: u32,
    /// Of the call that has arrived.
    pub token: u32,
    pub words: Words,
    /// Of the call under way; of the reply that has arrived.
    pub attachments: Option<Box<Attachments>>,
    /// The port it received from last, and the bits it wanted.
    pub receives: Option<Arc<Port>>,
    pub mask: u32,
}

impl Owner {
    /// Tells of the outcome.
    pub fn wake(&self) {
        match self {
            Self::Task(task) => drop(task::wake(task)),
            Self::Request(completed) => completed.complete(),
        }
    }

    /// The same, and gives the CPU to it if it is a task and the running one has announced a sleep.
    #[inline]
    pub fn run(self) {
        match self {
            Self::Task(task) => task::switch_to(task),
            Self::Request(completed) => {
                completed.complete();
                drop(completed);
                task::schedule();
            }
        }
    }
}

impl Slot {
    /// What has come of the wait, once: the slot is ready for the next one.
    #[inline]
    pub fn take_outcome(&mut self) -> Outcome {
        mem::replace(&mut self.outcome, Outcome::Waiting)
    }

    /// A message has arrived, whose words are here. Returns whom to tell.
    #[inline]
    pub fn arrive(&mut self, tag: Tag, badge: u32, token: ReplyToken) -> Owner {
        (self.tag, self.badge, self.token) = (tag, badge, token.raw());
        self.outcome = Outcome::Arrived;
        self.owner.clone()
    }

    /// Its task works on request `token` of `client` from now on, as far as faults go.
    #[inline]
    pub fn serve(&self, client: Option<&Self>, token: ReplyToken) {
        if failpoint::is_armed() {
            self.serve_armed(client, token);
        }
    }

    #[cold]
    fn serve_armed(&self, client: Option<&Self>, token: ReplyToken) {
        if let Owner::Task(task) = &self.owner {
            let client = client.and_then(|client| match &client.owner {
                Owner::Task(task) => Some(&task.scope),
                Owner::Request(_) => None,
            });
            task.scope.serve(client, token.raw());
        }
    }

    /// Adds the handles of a reply to what there is; what they replace goes back.
    #[cold]
    pub fn attach(&mut self, of_reply: &mut Option<Box<Attachments>>) {
        match (&mut self.attachments, of_reply) {
            (Some(own), Some(new)) => mem::swap(&mut own.handles, &mut new.handles),
            (own, new) => *own = new.take(),
        }
    }

    fn new(owner: Owner, sequence: u16) -> Self {
        Self {
            client: Client::numbered_from(sequence),
            outcome: Outcome::Waiting,
            owner,
            tag: Tag::default(),
            badge: 0,
            token: 0,
            words: [0; MAX_WORDS as usize],
            attachments: None,
            receives: None,
            mask: 0,
        }
    }
}

/// All slots.
pub struct Slots {
    slots: Arena<Slot, 16>,
    /// Where the calls of the next new slot are numbered from.
    sequence: u16,
}

/// So far apart do the numbers of two users of one slot begin.
const STRIDE: u16 = 4099;
/// Tokens have 16 bits for the slot.
const MAX_SLOTS: u32 = 1 << 16;

impl Slots {
    pub const fn new() -> Self {
        Self { slots: Arena::new(), sequence: 0 }
    }

    pub fn insert(&mut self, owner: Owner) -> Result<u32> {
        if self.slots.len() == MAX_SLOTS {
            return Err(Errno::ENOMEM);
        }
        self.slots.reserve(1).map_err(|NoMemory| Errno::ENOMEM)?;
        self.sequence = self.sequence.wrapping_add(STRIDE);
        Ok(self.slots.insert(Slot::new(owner, self.sequence)))
    }

    pub fn remove(&mut self, slot: u32) -> Option<Slot> {
        self.slots.remove(slot)
    }

    #[inline(always)]
    pub fn get(&self, slot: u32) -> Option<&Slot> {
        self.slots.get(slot)
    }

    #[inline(always)]
    pub fn get_mut(&mut self, slot: u32) -> Option<&mut Slot> {
        self.slots.get_mut(slot)
    }

    /// Two at once. `None` if that cannot be had: then one after the other.
    #[inline(always)]
    pub fn pair_mut(&mut self, one: u32, other: u32) -> Option<(&mut Slot, &mut Slot)> {
        self.slots.pair_mut(one, other)
    }

    #[cfg(feature = "ktest")]
    pub fn len(&self) -> u32 {
        self.slots.len()
    }

    pub fn shrink(&mut self) {
        self.slots.shrink();
    }

    /// Copies a queued call to a receiver.
    #[inline]
    pub fn deliver(&mut self, client: u32, receiver: u32, token: ReplyToken) -> Owner {
        let Slot { words, tag, badge, .. } = &self[client];
        let (words, tag, badge) = (*words, *tag, *badge);
        self[receiver].words = words;
        self[receiver].serve(self.get(client), token);
        self.arrive(receiver, tag, badge, token)
    }

    /// Puts a message into a receiver's slot, but for the words.
    #[inline]
    pub fn arrive(&mut self, receiver: u32, tag: Tag, badge: u32, token: ReplyToken) -> Owner {
        self[receiver].arrive(tag, badge, token)
    }
}

impl Index<u32> for Slots {
    type Output = Slot;

    #[inline(always)]
    fn index(&self, slot: u32) -> &Slot {
        &self.slots[slot]
    }
}

impl IndexMut<u32> for Slots {
    #[inline(always)]
    fn index_mut(&mut self, slot: u32) -> &mut Slot {
        &mut self.slots[slot]
    }
}

impl Clients for Slots {
    #[inline(always)]
    fn client(&self, id: u32) -> Option<&Client> {
        self.slots.get(id).map(|slot| &slot.client)
    }

    #[inline(always)]
    fn client_mut(&mut self, id: u32) -> Option<&mut Client> {
        self.slots.get_mut(id).map(|slot| &mut slot.client)
    }
}

/// The running task's slot.
#[inline]
pub fn own_slot() -> Result<u32> {
    match task::current().ipc_slot() {
        NIL => new_slot(),
        slot => Ok(slot),
    }
}

#[cold]
fn new_slot() -> Result<u32> {
    let task = task::current();
    let slot = STATE.lock().slots.insert(Owner::Task(task.to_arc()))?;
    task.set_ipc_slot(slot);
    Ok(slot)
}

/// The running task's program is over: what it had received and where its messages were is
/// forgotten.
pub fn forget_program() {
    let task = task::current();
    task.set_message_block(0);
    let own = task.ipc_slot();
    if own == NIL {
        return;
    }
    let port = {
        let slot = &mut STATE.lock().slots[own];
        slot.mask = 0;
        slot.receives.take()
    };
    if let Some(port) = port {
        port.notification.stop_waiting(task);
        port.lose_receiver(own);
    }
}

/// The running task takes no part any more.
pub fn leave() {
    forget_program();
    let task = task::current();
    let own = task.ipc_slot();
    if own != NIL {
        let slot = STATE.lock().slots.remove(own);
        // Without the lock: the last reference to a port may be in it.
        drop(slot);
        task.set_ipc_slot(NIL);
    }
}
