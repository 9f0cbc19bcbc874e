//! Words alone, between one caller and a server that waits for it: what nearly all messages are, on
//! a path of its own because it is short. What it cannot do it leaves to [`call`](super::call),
//! untouched, and so does it with everything while something may be made to fail.

use super::call::{FirstWords, receive_words, send_words};
use super::port::{Port, STATE, State};
use super::slot::{Outcome, Owner};
use crate::failpoint;
use crate::process::CurrentThread;
use crate::task::{self, Sleep};
use abi::ipc::{Level, Tag};
use kcore::endpoint::{CallKind, OnServerDeath, ReplyToken};

/// Calls as the running task, whose slot is `own`, and runs the server. `None`: nothing was done.
#[inline]
pub fn call(
    port: &Port,
    own: u32,
    (tag, badge, from): (Tag, u32, Level),
    first: FirstWords,
) -> Option<()> {
    if failpoint::is_armed() {
        return None;
    }
    let server = {
        let State { slots, meetings } = &mut *STATE.lock();
        let endpoint = &mut meetings[port.number].endpoint;
        let receiver = endpoint.lone_receiver(from)?;
        let (caller, server) = slots.pair_mut(own, receiver)?;
        if !caller.client.is_idle() {
            return None;
        }
        send_words(&mut server.words, tag, first).ok()?;
        let kind = CallKind {
            on_server_death: OnServerDeath::OwnerDead,
            priority: task::current().priority(),
        };
        let token =
            endpoint.call_lone((own, &mut caller.client), (receiver, &mut server.client), kind);
        let server = server.arrive(tag, badge, token);
        task::prepare_to_sleep(Sleep::Interruptible);
        server
    };
    server.run();
    Some(())
}

/// Replies as the running task of process `server`, runs the caller, and waits for the next
/// message. `None`: nothing was done.
#[inline]
pub fn reply(
    own: u32,
    server: u32,
    (token, tag): (ReplyToken, Tag),
    first: FirstWords,
) -> Option<()> {
    if failpoint::is_armed() {
        return None;
    }
    let caller: Owner = {
        let State { slots, meetings } = &mut *STATE.lock();
        let (caller, thread) = slots.pair_mut(token.client(), own)?;
        let port = thread.receives.as_ref()?;
        let meeting = &mut meetings[port.number];
        let is_lone = meeting.endpoint.is_lone_reply(token, &caller.client, &thread.client);
        if meeting.server != server || !is_lone || port.notification.has(thread.mask) {
            return None;
        }
        send_words(&mut caller.words, tag, first).ok()?;
        meeting.endpoint.reply_lone(&mut caller.client, (own, &mut thread.client));
        (caller.tag, caller.outcome) = (tag, Outcome::Arrived);
        task::prepare_to_sleep(Sleep::Interruptible);
        caller.owner.clone()
    };
    caller.run();
    Some(())
}

/// Takes a message of words that has arrived: its tag and badge. `None` if there is none, or if
/// there is more to it.
#[inline(always)]
pub fn take(thread: &CurrentThread, own: u32) -> Option<(Tag, u32)> {
    let mut state = STATE.lock();
    let slot = &mut state.slots[own];
    if slot.outcome != Outcome::Arrived || slot.tag.has_attachments() {
        return None;
    }
    debug_assert!(slot.attachments.is_none(), "the call had words only");
    let arrived = receive_words(thread, slot);
    if arrived.is_incomplete {
        return None;
    }
    slot.outcome = Outcome::Waiting;
    Some((arrived.tag, arrived.badge))
}
