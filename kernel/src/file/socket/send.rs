//! Sending over a connection.

use super::end::End;
use super::packet::{Packet, charge};
use super::rights::{self, Rights};
use super::stream::Stream;
use super::{Wait, wait};
use crate::file::buffers::Source;
use crate::file::caller;
use crate::result::{Errno, Result};
use abi::signal::SIGPIPE;
use abi::socket::Ucred;
use alloc::boxed::Box;
use kcore::socket::{Name, SendStep, SocketKind};

/// How to send.
#[derive(Default)]
pub struct Send<'a> {
    pub nonblocking: bool,
    /// MSG_NOSIGNAL.
    pub without_signal: bool,
    /// To whom, of a datagram.
    pub to: Option<Name<'a>>,
    /// What goes along.
    pub rights: Option<Box<Rights>>,
    /// Who says to send it.
    pub credentials: Option<Ucred>,
}

impl Stream {
    pub(super) fn send(&self, from: &mut Source, mut how: Send) -> Result<usize> {
        let deadline = Wait::new(&self.end.send_timeout);
        let is_stream = self.kind() == SocketKind::Stream;
        let mut done = 0;
        loop {
            let failed = match self.send_packet(from, &mut how, &deadline) {
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
    fn send_packet(&self, from: &mut Source, how: &mut Send, deadline: &Wait) -> Result<usize> {
        let wanted = u32::try_from(from.len()).map_err(|_| Errno::EMSGSIZE)?;
        let len = loop {
            let step = self.with_state(|state, side| state.send_step(side, wanted, charge));
            match step {
                SendStep::Packet { len } => break len,
                SendStep::Fail(error) => return Err(error),
                SendStep::Wait if how.nonblocking => return Err(Errno::EAGAIN),
                SendStep::Wait => {
                    let has_room = || self.with_state(|state, side| state.has_room(side));
                    wait(&self.end.senders, deadline, has_room)?;
                }
            }
        };
        let cancel = |len| self.with_state(|state, side| state.cancel(side, charge(len)));
        if len == 0 && self.kind() == SocketKind::Stream {
            cancel(0);
            return Ok(0);
        }
        let packet = Packet::of(from, len, how.rights.take(), how.credentials);
        let packet = packet.inspect_err(|_| cancel(len))?;
        let other_passes = || self.other().is_some_and(End::passes_credentials);
        if self.end.passes_credentials() || other_passes() {
            packet.reveal_sender();
        }
        let travelling = packet.has_rights().then(|| packet.clone());
        let push = || self.with_state(|state, side| state.push(side, packet, len, charge(len)));
        let pushed = match &travelling {
            None => push(),
            Some(packet) => rights::depart(packet, push).inspect_err(|_| cancel(len))?,
        };
        if let Err((packet, error)) = pushed {
            drop(packet);
            return Err(error);
        }
        if let Some(other) = self.other() {
            other.receivers.wake_one();
            other.pollers.wake_all();
        }
        Ok(len as usize)
    }
}
