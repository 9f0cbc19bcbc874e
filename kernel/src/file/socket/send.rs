//! Sending.

use super::packet::{Packet, charge};
use super::{Socket, Wait, wait};
use crate::file::buffers::Source;
use crate::file::caller;
use crate::result::{Errno, Result};
use abi::signal::SIGPIPE;
use kcore::socket::{SendStep, SocketKind};

/// How to send.
#[derive(Clone, Copy, Default, Debug)]
pub struct Send {
    pub nonblocking: bool,
    /// MSG_NOSIGNAL.
    pub without_signal: bool,
}

impl Socket {
    pub fn send(&self, from: &mut Source, how: Send) -> Result<usize> {
        let deadline = Wait::new(self.send_timeout());
        let is_stream = self.kind() == SocketKind::Stream;
        let mut done = 0;
        loop {
            let failed = match self.send_packet(from, how, &deadline) {
                Ok(count) => {
                    done += count;
                    if is_stream && !from.is_empty() {
                        continue;
                    }
                    return Ok(done);
                }
                Err(error) => error,
            };
            if done > 0 {
                return Ok(done);
            }
            if is_stream && failed == Errno::EPIPE && !how.without_signal {
                caller::raise(SIGPIPE);
            }
            return Err(failed);
        }
    }

    /// One packet: of a stream as much as fits into one, else everything.
    fn send_packet(&self, from: &mut Source, how: Send, deadline: &Wait) -> Result<usize> {
        let wanted = u32::try_from(from.len()).map_err(|_| Errno::EMSGSIZE)?;
        let len = loop {
            let step = self.lock().send_step(self.side, wanted, charge);
            match step {
                SendStep::Packet { len } => break len,
                SendStep::Fail(error) => return Err(error),
                SendStep::Wait if how.nonblocking => return Err(Errno::EAGAIN),
                SendStep::Wait => {
                    let has_room = || self.lock().has_room(self.side);
                    wait(&self.own().senders, deadline, has_room)?;
                }
            }
        };
        if len == 0 && self.kind() == SocketKind::Stream {
            self.lock().cancel(self.side, charge(0));
            return Ok(0);
        }
        let packet = match Packet::of(from, len) {
            Ok(packet) => packet,
            Err(error) => {
                self.lock().cancel(self.side, charge(len));
                return Err(error);
            }
        };
        let pushed = self.lock().push(self.side, packet, len, charge(len));
        if let Err((packet, error)) = pushed {
            drop(packet);
            return Err(error);
        }
        self.other().receivers.wake_one();
        self.other().pollers.wake_all();
        Ok(len as usize)
    }
}
