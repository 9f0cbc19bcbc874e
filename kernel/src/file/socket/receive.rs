//! Receiving.

use super::packet::Packet;
use super::{Socket, Wait, wait};
use crate::file::buffers::UserBuffers;
use crate::result::{Errno, Result};
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
#[derive(Clone, Copy, Default, Debug)]
pub struct Received {
    pub count: usize,
    /// A message was longer than the buffer.
    pub is_truncated: bool,
}

impl Socket {
    pub fn receive(&self, to: &mut UserBuffers, how: Receive) -> Result<Received> {
        let deadline = Wait::new(self.receive_timeout());
        if self.kind() == SocketKind::Stream {
            let count = self.receive_bytes(to, how, &deadline)?;
            return Ok(Received { count, is_truncated: false });
        }
        loop {
            match self.receive_message(to, how)? {
                Some(received) => return Ok(received),
                None if how.nonblocking => return Err(Errno::EAGAIN),
                None => self.wait_for_news(&deadline)?,
            }
        }
    }

    fn wait_for_news(&self, deadline: &Wait) -> Result<()> {
        wait(&self.own().receivers, deadline, || self.lock().has_news(self.side))
    }

    fn next_step(&self) -> ReceiveStep<Arc<Packet>> {
        self.lock().receive_step(self.side, 0)
    }

    /// `None`: nothing has come.
    fn receive_message(&self, to: &mut UserBuffers, how: Receive) -> Result<Option<Received>> {
        let _turn = self.own().receiving.lock();
        let step = self.next_step();
        let Head { packet, start, len } = match step {
            ReceiveStep::Packet(head) => head,
            ReceiveStep::Fail(error) => return Err(error),
            ReceiveStep::Wait => return Ok(None),
            // Only over a connection is this the end.
            ReceiveStep::End if how.nonblocking && self.kind() == SocketKind::Datagram => {
                return Ok(None);
            }
            ReceiveStep::End => return Ok(Some(Received::default())),
        };
        let count = len.min(to.len() as u32);
        let copied = packet.copy_out(start, count, to);
        if !how.peek {
            // Gone even if the program had no room for it.
            let gone = self.lock().pop(self.side);
            drop(gone);
            self.tell_sender();
        }
        copied?;
        let is_truncated = count < len;
        let count = if how.whole_length { len } else { count } as usize;
        Ok(Some(Received { count, is_truncated }))
    }

    fn receive_bytes(&self, to: &mut UserBuffers, how: Receive, deadline: &Wait) -> Result<usize> {
        let target = if how.whole { to.len().max(1) } else { 1 };
        let mut done = 0;
        loop {
            let turn = self.own().receiving.lock();
            let (count, failed) = self.receive_present_bytes(to, how, done);
            drop(turn);
            done += count;
            let is_over = to.is_empty() || done >= target || how.peek && done > 0;
            let waited = match failed {
                // An empty buffer waits for bytes too, but takes none.
                Stopped::Full => return Ok(done),
                Stopped::Empty if is_over && done > 0 => return Ok(done),
                Stopped::Empty => match self.next_step() {
                    ReceiveStep::Packet(_) => Ok(()),
                    ReceiveStep::End => return Ok(done),
                    ReceiveStep::Fail(error) => Err(error),
                    ReceiveStep::Wait if how.nonblocking => Err(Errno::EAGAIN),
                    ReceiveStep::Wait => self.wait_for_news(deadline),
                },
                Stopped::Fault => Err(Errno::EFAULT),
            };
            match waited {
                Err(_) if done > 0 => return Ok(done),
                waited => waited?,
            }
        }
    }

    /// Takes what there is, as far as there is room.
    fn receive_present_bytes(
        &self,
        to: &mut UserBuffers,
        how: Receive,
        done: usize,
    ) -> (usize, Stopped) {
        let (mut count, mut place) = (0, 0);
        loop {
            let head = self.lock().peek(self.side, place);
            let Some(Head { packet, start, len }) = head else {
                return (count, Stopped::Empty);
            };
            let piece = len.min(to.len() as u32);
            let before = *to;
            if packet.copy_out(start, piece, to).is_err() {
                *to = before;
                return (count, if done + count > 0 { Stopped::Full } else { Stopped::Fault });
            }
            count += piece as usize;
            if how.peek {
                place += 1;
            } else {
                let gone = self.lock().consume(self.side, piece);
                drop(gone);
                drop(packet);
                self.tell_sender();
            }
            if to.is_empty() {
                return (count, Stopped::Full);
            }
        }
    }

    /// There is room for more.
    fn tell_sender(&self) {
        let other = self.other();
        if other.senders.has_waiters() {
            other.senders.wake_all();
        }
        if other.pollers.has_waiters() && self.lock().is_writable(self.side.other()) {
            other.pollers.wake_all();
        }
    }
}

/// Why no more bytes were taken.
enum Stopped {
    /// The buffer is full.
    Full,
    /// Nothing is left.
    Empty,
    /// The program's memory is not there.
    Fault,
}
