//! Receiving over a connection.

use super::packet::Packet;
use super::rights::{self, Rights};
use super::stream::Stream;
use super::{Address, Wait, wait};
use crate::file::buffers::UserBuffers;
use crate::result::{Errno, Result};
use abi::socket::Ucred;
use alloc::boxed::Box;
use alloc::sync::Arc;
use kcore::socket::{Head, ReceiveStep, SocketKind};

/// How to receive.
#[derive(Clone, Copy, Default, Debug)]
pub struct Receive {
    pub nonblocking: bool,
    /// MSG_PEEK: what is received stays.
    pub peek: bool,
    /// MSG_WAITALL: until the buffer is full.
    pub whole: bool,
    /// MSG_TRUNC: the length of a message counts, not what there was room for.
    pub whole_length: bool,
}

/// What was received.
#[derive(Default)]
pub struct Received {
    pub count: usize,
    /// A message was longer than the buffer.
    pub is_truncated: bool,
    /// Who sent it, of a datagram.
    pub sender: Option<Arc<Address>>,
    /// What came along.
    pub rights: Option<Box<Rights>>,
    /// Who sent it, for one that asks (SO_PASSCRED), if that was said.
    pub credentials: Option<Option<Ucred>>,
}

impl Stream {
    pub(super) fn receive(&self, to: &mut UserBuffers, how: Receive) -> Result<Received> {
        let deadline = Wait::new(&self.end.receive_timeout);
        let received = match self.kind() {
            SocketKind::Stream => self.receive_bytes(to, how, &deadline),
            _ => self.receive_next_message(to, how, &deadline),
        };
        self.end.wake_next_receiver(|| self.has_news());
        received
    }

    fn has_news(&self) -> bool {
        self.with_state(|state, side| state.has_news(side))
    }

    fn wait_for_news(&self, deadline: &Wait) -> Result<()> {
        wait(&self.end.receivers, deadline, || self.has_news())
    }

    fn receive_next_message(
        &self,
        to: &mut UserBuffers,
        how: Receive,
        deadline: &Wait,
    ) -> Result<Received> {
        loop {
            match self.receive_message(to, how)? {
                Some(received) => return Ok(received),
                None if how.nonblocking => return Err(Errno::EAGAIN),
                None => self.wait_for_news(deadline)?,
            }
        }
    }

    fn next_step(&self) -> ReceiveStep<Arc<Packet>> {
        self.with_state(|state, side| state.receive_step(side))
    }

    /// `None`: nothing has come.
    fn receive_message(&self, to: &mut UserBuffers, how: Receive) -> Result<Option<Received>> {
        let _turn = self.end.receiving.lock();
        let step = self.next_step();
        let Head { packet, start, len } = match step {
            ReceiveStep::Packet(head) => head,
            ReceiveStep::Fail(error) => return Err(error),
            ReceiveStep::Wait => return Ok(None),
            ReceiveStep::End => return Ok(Some(Received::default())),
        };
        let count = len.min(to.len() as u32);
        let copied = packet.copy_out(start, count, to);
        let rights = rights::arrive(&packet, how.peek)?;
        if !how.peek {
            // Gone even if the program had no room for it.
            let gone = self.with_state(|state, side| state.pop(side));
            drop(gone);
            self.tell_sender();
        }
        copied?;
        let is_truncated = count < len;
        let count = if how.whole_length { len } else { count } as usize;
        let credentials = self.end.passes_credentials().then(|| packet.credentials());
        Ok(Some(Received { count, is_truncated, rights, sender: None, credentials }))
    }

    fn receive_bytes(
        &self,
        to: &mut UserBuffers,
        how: Receive,
        deadline: &Wait,
    ) -> Result<Received> {
        let target = if how.whole { to.len().max(1) } else { 1 };
        let mut received = Received::default();
        loop {
            let turn = self.end.receiving.lock();
            let stopped = self.receive_present_bytes(to, how, &mut received);
            drop(turn);
            let done = received.count;
            let is_over = to.is_empty() || done >= target || how.peek && done > 0;
            let waited = match stopped {
                // An empty buffer waits for bytes too, but takes none.
                Stopped::Full => return Ok(received),
                Stopped::Empty if is_over && done > 0 => return Ok(received),
                Stopped::Empty => match self.next_step() {
                    ReceiveStep::Packet(_) => Ok(()),
                    ReceiveStep::End => return Ok(received),
                    ReceiveStep::Fail(error) => Err(error),
                    ReceiveStep::Wait if how.nonblocking => Err(Errno::EAGAIN),
                    ReceiveStep::Wait => self.wait_for_news(deadline),
                },
                Stopped::Fault => Err(Errno::EFAULT),
            };
            match waited {
                Err(_) if done > 0 => return Ok(received),
                waited => waited?,
            }
        }
    }

    /// Takes what there is, as far as there is room, up to the end of a packet that carries something.
    fn receive_present_bytes(
        &self,
        to: &mut UserBuffers,
        how: Receive,
        received: &mut Received,
    ) -> Stopped {
        let mut place = 0;
        loop {
            let head = self.with_state(|state, side| state.peek(side, place));
            let Some(Head { packet, start, len }) = head else { return Stopped::Empty };
            match received.credentials {
                // Bytes of several senders do not come at once.
                Some(sender) if sender != packet.credentials() => return Stopped::Full,
                None if self.end.passes_credentials() => {
                    received.credentials = Some(packet.credentials());
                }
                _ => {}
            }
            let piece = len.min(to.len() as u32);
            let before = *to;
            if packet.copy_out(start, piece, to).is_err() {
                *to = before;
                return if received.count > 0 { Stopped::Full } else { Stopped::Fault };
            }
            received.count += piece as usize;
            if packet.has_rights() {
                // Without memory they stay, for who takes the next bytes.
                received.rights = rights::arrive(&packet, how.peek).unwrap_or(None);
            }
            if how.peek {
                place += 1;
            } else {
                let gone = self.with_state(|state, side| state.consume(side, piece));
                drop(gone);
                drop(packet);
                self.tell_sender();
            }
            if to.is_empty() || received.rights.is_some() {
                return Stopped::Full;
            }
        }
    }

    /// There is room for more.
    fn tell_sender(&self) {
        let Some(other) = self.other() else { return };
        other.senders.wake_all();
        let is_writable = || self.with_state(|state, side| state.is_writable(side.other()));
        if other.pollers.has_waiters() && is_writable() {
            other.pollers.wake_all();
        }
    }
}

/// Why no more bytes were taken.
enum Stopped {
    /// The buffer is full, or something came along.
    Full,
    /// Nothing is left.
    Empty,
    /// The program's memory is not there.
    Fault,
}
