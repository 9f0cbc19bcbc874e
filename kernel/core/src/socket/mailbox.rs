//! A datagram socket: messages from whomever, and the steps of sending in Linux's order of errors.

use super::buffer::SendBuffer;
use super::pair::{ReceiveStep, SendStep};
use super::queue::{Head, Queue};
use abi::errno::Errno;
use abi::poll::{POLLERR, POLLHUP, POLLIN, POLLOUT, POLLRDHUP, POLLRDNORM, POLLWRBAND, POLLWRNORM};

/// More messages than that wait only for a socket that is connected to their sender.
pub const MAX_WAITING: usize = 10;

#[derive(Debug)]
pub struct Mailbox<P> {
    incoming: Queue<P>,
    send_buffer: SendBuffer,
    error: Option<Errno>,
    sends_no_more: bool,
    receives_no_more: bool,
    is_closed: bool,
}

/// What becomes of a message at its receiver.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Delivery {
    /// [`Mailbox::push`] it.
    Taken,
    /// Sleep until something has been received, or EAGAIN.
    Wait,
    Fail(Errno),
}

impl<P> Default for Mailbox<P> {
    fn default() -> Self {
        Self::new()
    }
}

impl<P> Mailbox<P> {
    pub const fn new() -> Self {
        Self {
            incoming: Queue::new(),
            send_buffer: SendBuffer::DEFAULT,
            error: None,
            sends_no_more: false,
            receives_no_more: false,
            is_closed: false,
        }
    }

    pub fn send_buffer(&self) -> SendBuffer {
        self.send_buffer
    }

    /// The owner may have room to send then.
    pub fn set_send_buffer(&mut self, buffer: SendBuffer) {
        self.send_buffer = buffer;
    }

    /// The pending error, once.
    pub fn take_error(&mut self) -> Option<Errno> {
        self.error.take()
    }

    /// For the owner, who has `len` bytes to send and `outstanding` bytes of memory in what he has sent
    /// and nobody has received.
    pub fn send_step(&mut self, len: u32, outstanding: u32) -> SendStep {
        if len > self.send_buffer.longest_message() {
            return SendStep::Fail(Errno::EMSGSIZE);
        }
        if let Some(error) = self.take_error() {
            return SendStep::Fail(error);
        }
        if self.sends_no_more {
            return SendStep::Fail(Errno::EPIPE);
        }
        if self.send_buffer.is_full(outstanding) {
            SendStep::Wait
        } else {
            SendStep::Packet { len }
        }
    }

    /// Whether a sender that waits for memory has something to look at.
    pub fn has_room(&self, outstanding: u32) -> bool {
        !self.send_buffer.is_full(outstanding) || self.error.is_some() || self.sends_no_more
    }

    /// What becomes of a message. `is_connected`: to its sender.
    pub fn delivery(&self, is_connected: bool) -> Delivery {
        if self.is_closed {
            Delivery::Fail(Errno::ECONNREFUSED)
        } else if self.receives_no_more {
            Delivery::Fail(Errno::EPIPE)
        } else if self.is_full() && !is_connected {
            Delivery::Wait
        } else {
            Delivery::Taken
        }
    }

    /// Whether strangers have to wait.
    pub fn is_full(&self) -> bool {
        self.incoming.len() > MAX_WAITING
    }

    /// A message that is [taken](Delivery::Taken). Without memory it comes back.
    pub fn push(&mut self, message: P, len: u32) -> Result<(), P> {
        if !self.incoming.reserve() {
            return Err(message);
        }
        self.incoming.push(message, len, 0);
        Ok(())
    }

    /// The owner belongs to somebody else from now on, or to nobody: messages from before are gone. To
    /// be dropped; the former partner is [reset](Self::reset) if there are any.
    pub fn leave(&mut self) -> Queue<P> {
        core::mem::take(&mut self.incoming)
    }

    /// Who was connected to the owner has left.
    pub fn reset(&mut self) {
        if !self.is_closed {
            self.fail(Errno::ECONNRESET);
        }
    }

    /// An error is pending from now on.
    pub fn fail(&mut self, error: Errno) {
        self.error = Some(error);
    }

    pub fn shut_down(&mut self, receiving: bool, sending: bool) {
        self.receives_no_more |= receiving;
        self.sends_no_more |= sending;
    }

    /// Nobody has it any more. What has not been received is to be dropped.
    pub fn close(&mut self) -> Queue<P> {
        self.is_closed = true;
        self.shut_down(true, true);
        self.leave()
    }

    /// Receives the oldest message.
    pub fn pop(&mut self) -> Option<P> {
        self.incoming.pop()
    }

    /// All that wait, oldest first.
    pub fn messages(&self) -> impl Iterator<Item = &P> {
        self.incoming.iter()
    }

    /// As `poll` reports them. `is_writable`: there is room at both ends.
    pub fn events(&self, is_writable: bool) -> u16 {
        let mut events = 0;
        if self.error.is_some() {
            events |= POLLERR;
        }
        if self.receives_no_more {
            events |= POLLRDHUP;
        }
        if self.receives_no_more || !self.incoming.is_empty() {
            events |= POLLIN | POLLRDNORM;
        }
        if self.receives_no_more && self.sends_no_more {
            events |= POLLHUP;
        }
        if is_writable {
            events |= POLLOUT | POLLWRNORM | POLLWRBAND;
        }
        events
    }

    /// Whether a receiver that waits has something to look at.
    pub fn has_news(&self) -> bool {
        !self.incoming.is_empty() || self.error.is_some() || self.receives_no_more
    }
}

impl<P: Clone> Mailbox<P> {
    pub fn receive_step(&mut self) -> ReceiveStep<P> {
        if let Some(error) = self.take_error() {
            return ReceiveStep::Fail(error);
        }
        match self.incoming.get(0) {
            Some(head) => ReceiveStep::Packet(head),
            None if self.receives_no_more => ReceiveStep::End,
            None => ReceiveStep::Wait,
        }
    }

    /// Bytes of the next message.
    pub fn readable(&self) -> u32 {
        self.first().map_or(0, |head| head.len)
    }

    fn first(&self) -> Option<Head<P>> {
        self.incoming.get(0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::socket::DEFAULT_SIZE;
    use proptest::prelude::*;
    use std::collections::VecDeque;
    use std::vec::Vec;

    #[test]
    fn errors_come_in_linuxs_order() {
        let mut mailbox = Mailbox::<u32>::new();
        assert_eq!(mailbox.send_step(1, 0), SendStep::Packet { len: 1 });
        assert_eq!(mailbox.send_step(1, DEFAULT_SIZE), SendStep::Wait);
        mailbox.reset();
        mailbox.shut_down(false, true);
        assert_eq!(
            mailbox.send_step(SendBuffer::DEFAULT.longest_message() + 1, 0),
            SendStep::Fail(Errno::EMSGSIZE)
        );
        assert_eq!(mailbox.events(false) & POLLERR, POLLERR);
        assert_eq!(mailbox.send_step(1, 0), SendStep::Fail(Errno::ECONNRESET));
        assert_eq!(mailbox.send_step(1, 0), SendStep::Fail(Errno::EPIPE));
        assert_eq!(mailbox.receive_step(), ReceiveStep::Wait);
        assert_eq!(mailbox.events(true) & (POLLIN | POLLHUP | POLLOUT), POLLOUT);
    }

    #[test]
    fn strangers_wait_and_nobody_writes_to_the_closed() {
        let mut mailbox = Mailbox::new();
        for message in 0..=MAX_WAITING as u32 {
            assert_eq!(mailbox.delivery(false), Delivery::Taken);
            mailbox.push(message, 5).unwrap();
        }
        assert_eq!(
            (mailbox.delivery(false), mailbox.delivery(true)),
            (Delivery::Wait, Delivery::Taken)
        );
        assert_eq!(mailbox.pop(), Some(0));
        assert_eq!((mailbox.delivery(false), mailbox.readable()), (Delivery::Taken, 5));
        mailbox.shut_down(true, false);
        assert_eq!(mailbox.delivery(true), Delivery::Fail(Errno::EPIPE));
        assert_eq!(mailbox.close().bytes(), 50);
        assert_eq!(mailbox.delivery(true), Delivery::Fail(Errno::ECONNREFUSED));
        assert_eq!(mailbox.receive_step(), ReceiveStep::End);
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]

        #[test]
        fn messages_come_as_they_were_sent(steps in prop::collection::vec(prop::option::of(0u32..5000), 1..100)) {
            let (mut mailbox, mut model) = (Mailbox::new(), VecDeque::<(u32, u32)>::new());
            for (name, step) in (0u32..).zip(steps) {
                match step {
                    Some(len) => {
                        mailbox.push(name, len).unwrap();
                        model.push_back((name, len));
                    }
                    None => prop_assert_eq!(mailbox.pop(), model.pop_front().map(|(name, _)| name)),
                }
                prop_assert_eq!(mailbox.readable(), model.front().map_or(0, |(_, len)| *len));
                prop_assert_eq!(mailbox.is_full(), model.len() > MAX_WAITING);
                prop_assert_eq!(mailbox.has_news(), !model.is_empty());
            }
            let rest: Vec<_> = core::iter::from_fn(|| mailbox.pop()).collect();
            prop_assert_eq!(rest, model.into_iter().map(|(name, _)| name).collect::<Vec<_>>());
        }
    }
}
