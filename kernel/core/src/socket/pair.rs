//! The state of both ends, and the steps of sending and receiving in Linux's order of errors.

use super::buffer::SendBuffer;
use super::queue::{Head, Queue};
use abi::errno::Errno;

/// What a socket hands over. Datagrams need no [`Pair`].
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum SocketKind {
    /// Bytes.
    Stream,
    /// Messages, to whomever.
    Datagram,
    /// Messages, over a connection.
    SequencedPacket,
}

/// One of the two.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Side {
    First,
    Second,
}

impl Side {
    #[must_use]
    pub const fn other(self) -> Self {
        match self {
            Self::First => Self::Second,
            Self::Second => Self::First,
        }
    }

    pub const fn index(self) -> usize {
        self as usize
    }
}

#[derive(Debug)]
pub(super) struct End<P> {
    /// What it has not yet received.
    pub incoming: Queue<P>,
    /// Memory of packets that it is about to send.
    pub reserved: u32,
    pub send_buffer: SendBuffer,
    pub is_connected: bool,
    pub is_closed: bool,
    pub sends_no_more: bool,
    pub receives_no_more: bool,
    pub error: Option<Errno>,
}

/// Both sockets; or one that was never connected, and an end that nobody has.
#[derive(Debug)]
pub struct Pair<P> {
    pub(super) kind: SocketKind,
    pub(super) ends: [End<P>; 2],
}

/// What a sender does next.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum SendStep {
    /// So many bytes may be made a packet; then [`Pair::push`] or [`Pair::cancel`].
    Packet {
        len: u32,
    },
    /// Sleep until something has been received, or EAGAIN.
    Wait,
    Fail(Errno),
}

/// What a receiver does next.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum ReceiveStep<P> {
    /// Copy out of it, then [`Pair::consume`] or [`Pair::pop`].
    Packet(Head<P>),
    /// Nothing comes any more.
    End,
    /// Sleep until something is sent, or EAGAIN.
    Wait,
    Fail(Errno),
}

impl<P> End<P> {
    const fn new(is_connected: bool, is_closed: bool) -> Self {
        Self {
            incoming: Queue::new(),
            reserved: 0,
            send_buffer: SendBuffer::DEFAULT,
            is_connected,
            is_closed,
            sends_no_more: false,
            receives_no_more: false,
            error: None,
        }
    }
}

impl<P> Pair<P> {
    /// Two that are connected.
    pub const fn connected(kind: SocketKind) -> Self {
        Self { kind, ends: [End::new(true, false), End::new(true, false)] }
    }

    /// One that is not: the first.
    pub const fn unconnected(kind: SocketKind) -> Self {
        Self { kind, ends: [End::new(false, false), End::new(false, true)] }
    }

    pub fn kind(&self) -> SocketKind {
        self.kind
    }

    pub(super) fn end(&self, side: Side) -> &End<P> {
        &self.ends[side.index()]
    }

    fn end_mut(&mut self, side: Side) -> &mut End<P> {
        &mut self.ends[side.index()]
    }

    /// Memory that what it sent takes.
    pub(super) fn outstanding(&self, side: Side) -> u32 {
        self.end(side.other()).incoming.charge() + self.end(side).reserved
    }

    pub(super) fn is_full(&self, side: Side) -> bool {
        self.end(side).send_buffer.is_full(self.outstanding(side))
    }

    pub fn send_buffer(&self, side: Side) -> SendBuffer {
        self.end(side).send_buffer
    }

    /// Senders may have room then.
    pub fn set_send_buffer(&mut self, side: Side, buffer: SendBuffer) {
        self.end_mut(side).send_buffer = buffer;
    }

    /// The pending error, once.
    pub fn take_error(&mut self, side: Side) -> Option<Errno> {
        self.end_mut(side).error.take()
    }

    /// For a sender that has `len` bytes to send. `charge` says what memory a packet takes; it is
    /// accounted for from now on.
    pub fn send_step(&mut self, side: Side, len: u32, charge: impl Fn(u32) -> u32) -> SendStep {
        let is_stream = self.kind == SocketKind::Stream;
        if self.kind == SocketKind::SequencedPacket
            && let Some(error) = self.take_error(side)
        {
            return SendStep::Fail(error);
        }
        if !self.end(side).is_connected {
            return SendStep::Fail(Errno::ENOTCONN);
        }
        if !is_stream && len > self.end(side).send_buffer.longest_message() {
            return SendStep::Fail(Errno::EMSGSIZE);
        }
        if is_stream && self.end(side).sends_no_more {
            return SendStep::Fail(Errno::EPIPE);
        }
        if let Some(error) = self.take_error(side) {
            return SendStep::Fail(error);
        }
        if self.end(side).sends_no_more {
            return SendStep::Fail(Errno::EPIPE);
        }
        if self.is_full(side) {
            return SendStep::Wait;
        }
        if let Err(error) = self.check_receiver(side) {
            return SendStep::Fail(error);
        }
        let len = if is_stream { len.min(self.end(side).send_buffer.piece()) } else { len };
        self.end_mut(side).reserved += charge(len);
        SendStep::Packet { len }
    }

    fn check_receiver(&self, side: Side) -> Result<(), Errno> {
        let receiver = self.end(side.other());
        if receiver.is_closed || receiver.receives_no_more { Err(Errno::EPIPE) } else { Ok(()) }
    }

    /// The packet that [`send_step`](Self::send_step) allowed. With an error it comes back.
    pub fn push(&mut self, side: Side, packet: P, len: u32, charge: u32) -> Result<(), (P, Errno)> {
        self.cancel(side, charge);
        if let Err(error) = self.check_receiver(side) {
            return Err((packet, error));
        }
        let incoming = &mut self.end_mut(side.other()).incoming;
        if !incoming.reserve() {
            return Err((packet, Errno::ENOMEM));
        }
        incoming.push(packet, len, charge);
        Ok(())
    }

    /// No packet came about.
    pub fn cancel(&mut self, side: Side, charge: u32) {
        self.end_mut(side).reserved -= charge;
    }

    /// Whoever is at this end hears that the other never took part.
    pub fn reset(&mut self, side: Side) {
        self.fail(side, Errno::ECONNRESET);
    }

    /// An error is pending from now on.
    pub fn fail(&mut self, side: Side, error: Errno) {
        self.end_mut(side).error = Some(error);
    }

    /// What waits at an end, oldest first.
    pub fn packets(&self, side: Side) -> impl Iterator<Item = &P> {
        self.end(side).incoming.iter()
    }

    /// `shutdown`: it concerns both ends.
    pub fn shut_down(&mut self, side: Side, receiving: bool, sending: bool) {
        let own = self.end_mut(side);
        own.receives_no_more |= receiving;
        own.sends_no_more |= sending;
        if own.is_connected {
            let other = self.end_mut(side.other());
            other.sends_no_more |= receiving;
            other.receives_no_more |= sending;
        }
    }

    /// Nobody has this end any more. What it has not received comes back, to be dropped.
    pub fn close(&mut self, side: Side) -> Queue<P> {
        let unreceived = core::mem::take(&mut self.end_mut(side).incoming);
        let own = self.end_mut(side);
        own.is_closed = true;
        own.receives_no_more = true;
        own.sends_no_more = true;
        let other = self.end_mut(side.other());
        other.receives_no_more = true;
        other.sends_no_more = true;
        if !unreceived.is_empty() {
            other.error = Some(Errno::ECONNRESET);
        }
        unreceived
    }

    /// Receives bytes of the oldest packet, which comes back, to be dropped, when none are left.
    pub fn consume(&mut self, side: Side, count: u32) -> Option<P> {
        self.end_mut(side).incoming.consume(count)
    }

    /// Receives the oldest packet.
    pub fn pop(&mut self, side: Side) -> Option<P> {
        self.end_mut(side).incoming.pop()
    }
}

impl<P: Clone> Pair<P> {
    /// For a receiver.
    pub fn receive_step(&mut self, side: Side) -> ReceiveStep<P> {
        let is_stream = self.kind == SocketKind::Stream;
        if !self.end(side).is_connected {
            match self.kind {
                SocketKind::Stream => return ReceiveStep::Fail(Errno::EINVAL),
                _ => return ReceiveStep::Fail(Errno::ENOTCONN),
            }
        }
        if !is_stream && let Some(error) = self.take_error(side) {
            return ReceiveStep::Fail(error);
        }
        if let Some(head) = self.end(side).incoming.get(0) {
            return ReceiveStep::Packet(head);
        }
        if let Some(error) = self.take_error(side) {
            return ReceiveStep::Fail(error);
        }
        if self.end(side).receives_no_more { ReceiveStep::End } else { ReceiveStep::Wait }
    }

    /// The packet behind `place` others, if there is one: errors stay pending.
    pub fn peek(&self, side: Side, place: usize) -> Option<Head<P>> {
        self.end(side).incoming.get(place)
    }
}
