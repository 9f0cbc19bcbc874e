//! Sockets for messages to whomever.

use super::end::End;
use super::packet::{Packet, charge};
use super::{Endpoint, Receive, Received, Send, Wait, address, rights, wait};
use crate::file::buffers::{Source, UserBuffers};
use crate::result::{Errno, Result};
use crate::sync::{Rank, SpinLock, Waiter};
use alloc::sync::Arc;
use core::pin::Pin;
use core::sync::atomic::{AtomicU32, Ordering::Relaxed};
use kcore::socket::{Delivery, Head, Mailbox, Name, ReceiveStep, SendBuffer, SendStep, SocketKind};

#[repr(C)]
pub struct Datagram {
    /// Where its pollers hear that the socket it is connected to has room again. First, so that a
    /// wake-up, which knows the waiter, finds the rest.
    relay: Waiter,
    pub(super) end: End,
    mailbox: SpinLock<Mailbox<Arc<Letter>>>,
    /// Whom it is connected to.
    partner: SpinLock<Option<Arc<Endpoint>>>,
    /// Memory of what it has sent and nobody has received.
    outstanding: AtomicU32,
}

// SAFETY: the relay is linked and unlinked under the lock of `partner`.
unsafe impl core::marker::Send for Datagram {}
// SAFETY: as above.
unsafe impl Sync for Datagram {}

/// A message on its way.
struct Letter {
    packet: Arc<Packet>,
    sender: Arc<Endpoint>,
    charge: u32,
}

impl Letter {
    fn sender(&self) -> Option<&Datagram> {
        self.sender.datagram()
    }
}

impl Drop for Letter {
    fn drop(&mut self) {
        let Some(sender) = self.sender() else { return };
        sender.outstanding.fetch_sub(self.charge, Relaxed);
        sender.end.senders.wake_all();
        sender.end.pollers.wake_all();
    }
}

/// From whoever makes room in another socket.
fn relay(waiter: *const Waiter) {
    // SAFETY: only datagram sockets have such waiters, as their first field.
    let datagram = unsafe { &*waiter.cast::<Datagram>() };
    datagram.end.pollers.wake_all();
}

impl Datagram {
    pub fn new() -> Self {
        Self {
            relay: Waiter::calling(relay),
            end: End::new(),
            mailbox: SpinLock::new(Rank::File, Mailbox::new()),
            partner: SpinLock::new(Rank::SocketPeer, None),
            outstanding: AtomicU32::new(0),
        }
    }

    pub(super) fn partner(&self) -> Option<Arc<Endpoint>> {
        self.partner.lock().clone()
    }

    fn is(&self, other: &Endpoint) -> bool {
        other.datagram().is_some_and(|other| core::ptr::eq(self, other))
    }

    fn is_connected_to(&self, other: &Self) -> bool {
        self.partner.lock().as_ref().is_some_and(|partner| other.is(partner))
    }

    /// Whether it takes messages from `sender`: of one that is connected only its partner's.
    fn takes_from(&self, sender: &Self) -> bool {
        self.partner.lock().as_ref().is_none_or(|partner| sender.is(partner))
    }

    /// Connects it to another one, or to none.
    pub fn connect(&self, to: Option<Arc<Endpoint>>) -> Result<()> {
        let takes = |to: &Arc<Endpoint>| to.datagram().is_some_and(|to| to.takes_from(self));
        if to.as_ref().is_some_and(|to| !takes(to)) {
            return Err(Errno::EPERM);
        }
        let is_same = |old: &Arc<Endpoint>| to.as_ref().is_some_and(|to| Arc::ptr_eq(old, to));
        let old = {
            let mut partner = self.partner.lock();
            if partner.as_ref().is_some_and(is_same) {
                return Ok(());
            }
            self.relay.remove();
            core::mem::replace(&mut *partner, to)
        };
        if let Some(old) = old.as_ref().and_then(|old| old.datagram()) {
            let unreceived = self.mailbox.lock().leave();
            let any = !unreceived.is_empty();
            if any && old.is_connected_to(self) {
                old.mailbox.lock().reset();
            }
            drop(unreceived);
            old.end.wake_all();
        }
        self.end.wake_all();
        Ok(())
    }

    /// Nobody is there any more, from now on not even in name.
    fn disconnect_from(&self, other: &Arc<Endpoint>) {
        let is_connected =
            self.partner.lock().as_ref().is_some_and(|partner| Arc::ptr_eq(partner, other));
        if is_connected {
            // To nobody is always possible.
            let _ = self.connect(None);
        }
    }

    pub fn shut_down(&self, receiving: bool, sending: bool) {
        self.mailbox.lock().shut_down(receiving, sending);
        self.end.wake_all();
    }

    pub fn take_error(&self) -> Option<Errno> {
        self.mailbox.lock().take_error()
    }

    pub fn fail(&self, error: Errno) {
        self.mailbox.lock().fail(error);
    }

    pub fn send_buffer(&self) -> SendBuffer {
        self.mailbox.lock().send_buffer()
    }

    pub fn set_send_buffer(&self, buffer: SendBuffer) {
        self.mailbox.lock().set_send_buffer(buffer);
    }

    /// Bytes of the next message.
    pub fn readable(&self) -> u32 {
        self.mailbox.lock().readable()
    }

    pub fn events(&self) -> u16 {
        let has_memory = self.send_buffer().is_writable(self.outstanding.load(Relaxed));
        let is_writable = has_memory && self.partner_has_room();
        self.mailbox.lock().events(is_writable)
    }

    /// Whether a message to its partner would not wait. If it would, its pollers will hear.
    fn partner_has_room(&self) -> bool {
        let Some(partner) = self.partner() else { return true };
        let Some(other) = partner.datagram() else { return true };
        let has_room =
            || self.is(&partner) || other.is_connected_to(self) || !other.mailbox.lock().is_full();
        if has_room() {
            return true;
        }
        if let Some(still) = &*self.partner.lock()
            && Arc::ptr_eq(still, &partner)
        {
            // SAFETY: a socket lies in an `Arc`, which never moves it. It keeps its partner, and so
            // the queue, until the relay has been removed.
            other.end.callers.add(unsafe { Pin::new_unchecked(&self.relay) });
        }
        has_room()
    }

    /// Sends a message to a name or to its partner.
    pub(super) fn send(
        &self,
        own: &Arc<Endpoint>,
        from: &mut Source,
        mut how: Send,
    ) -> Result<usize> {
        let deadline = Wait::new(&self.end.send_timeout);
        let partner = match how.to {
            None => Some(self.partner().ok_or(Errno::ENOTCONN)?),
            Some(_) => None,
        };
        let wanted = u32::try_from(from.len()).map_err(|_| Errno::EMSGSIZE)?;
        let outstanding = || self.outstanding.load(Relaxed);
        let len = loop {
            let step = self.mailbox.lock().send_step(wanted, outstanding());
            match step {
                SendStep::Packet { len } => break len,
                SendStep::Fail(error) => return Err(error),
                SendStep::Wait if how.nonblocking => return Err(Errno::EAGAIN),
                SendStep::Wait => wait(&self.end.senders, &deadline, || {
                    self.mailbox.lock().has_room(outstanding())
                })?,
            }
        };
        let packet = Packet::of(from, len, how.rights.take(), how.credentials)?;
        let charge = charge(len);
        self.outstanding.fetch_add(charge, Relaxed);
        let letter = Letter { packet, sender: own.clone(), charge };
        let mut letter = Arc::try_new(letter).map_err(|_| Errno::ENOMEM)?;
        loop {
            let to = match (&partner, how.to) {
                (Some(partner), _) => partner.clone(),
                (None, name) => address::find(name.unwrap_or(Name::None), SocketKind::Datagram)?,
            };
            let Some(receiver) = to.datagram() else { return Err(Errno::EPROTOTYPE) };
            if !receiver.takes_from(self) {
                return Err(Errno::EPERM);
            }
            let is_connected = self.is(&to) || receiver.is_connected_to(self);
            let packet = letter.packet.clone();
            if self.end.passes_credentials() || receiver.end.passes_credentials() {
                packet.reveal_sender();
            }
            let deliver = || {
                let mut mailbox = receiver.mailbox.lock();
                match mailbox.delivery(is_connected) {
                    Delivery::Taken => {
                        mailbox.push(letter, len).map_err(|letter| (letter, Delivery::Taken))
                    }
                    other => Err((letter, other)),
                }
            };
            let delivered =
                if packet.has_rights() { rights::depart(&packet, deliver)? } else { deliver() };
            let delivery = match delivered {
                Ok(()) => {
                    receiver.end.receivers.wake_one();
                    receiver.end.pollers.wake_all();
                    return Ok(len as usize);
                }
                Err((back, delivery)) => {
                    letter = back;
                    delivery
                }
            };
            match delivery {
                // There was no memory.
                Delivery::Taken => return Err(Errno::ENOMEM),
                Delivery::Fail(error) => {
                    if error == Errno::ECONNREFUSED {
                        self.disconnect_from(&to);
                    }
                    return Err(error);
                }
                Delivery::Wait if how.nonblocking => return Err(Errno::EAGAIN),
                Delivery::Wait => wait(&receiver.end.callers, &deadline, || {
                    receiver.mailbox.lock().delivery(is_connected) != Delivery::Wait
                })?,
            }
        }
    }

    pub(super) fn receive(&self, to: &mut UserBuffers, how: Receive) -> Result<Received> {
        let deadline = Wait::new(&self.end.receive_timeout);
        let has_news = || self.mailbox.lock().has_news();
        let received = loop {
            match self.receive_one(to, how).transpose() {
                Some(received) => break received,
                None if how.nonblocking => break Err(Errno::EAGAIN),
                None => wait(&self.end.receivers, &deadline, has_news)?,
            }
        };
        self.end.wake_next_receiver(has_news);
        received
    }

    /// `None`: nothing has come.
    fn receive_one(&self, to: &mut UserBuffers, how: Receive) -> Result<Option<Received>> {
        let _turn = self.end.receiving.lock();
        let step = {
            let mut mailbox = self.mailbox.lock();
            let step = mailbox.receive_step();
            // Gone even if the program has no room for it. Later it could be another one.
            let gone = matches!(step, ReceiveStep::Packet(_)) && !how.peek;
            (step, if gone { mailbox.pop() } else { None })
        };
        let Head { packet: letter, len, .. } = match step.0 {
            ReceiveStep::Packet(head) => head,
            ReceiveStep::Fail(error) => return Err(error),
            ReceiveStep::Wait => return Ok(None),
            // Without a connection this is no end to look at.
            ReceiveStep::End if how.nonblocking => return Ok(None),
            ReceiveStep::End => return Ok(Some(Received::default())),
        };
        let count = len.min(to.len() as u32);
        let copied = letter.packet.copy_out(0, count, to);
        let rights = rights::arrive(&letter.packet, how.peek)?;
        if !how.peek {
            self.end.callers.wake_all();
        }
        copied?;
        let is_truncated = count < len;
        let count = if how.whole_length { len } else { count } as usize;
        let sender = letter.sender.end().name().cloned();
        let credentials = self.end.passes_credentials().then(|| letter.packet.credentials());
        Ok(Some(Received { count, is_truncated, sender, rights, credentials }))
    }

    /// Visits all packets that wait here.
    pub(super) fn each_packet(&self, visit: &mut impl FnMut(&Arc<Packet>)) {
        self.mailbox.lock().messages().for_each(|letter| visit(&letter.packet));
    }

    /// Nobody has it any more.
    pub(super) fn close(&self) {
        let unreceived = self.mailbox.lock().close();
        drop(unreceived);
        self.end.callers.wake_all();
        // To nobody is always possible.
        let _ = self.connect(None);
    }
}
