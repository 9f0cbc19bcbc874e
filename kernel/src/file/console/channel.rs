//! The framed line's streams, as descriptions see them.

use super::streams;
use crate::file::File;
use crate::file::buffers::{Source, UserBuffers};
use crate::file::operations::Operations;
use crate::result::{Errno, Result};
use crate::sync::WaitQueue;
use abi::poll::{POLLHUP, POLLIN, POLLOUT, POLLRDNORM, POLLWRNORM};

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Channel {
    Input,
    Output,
    Error,
    /// `/dev/console`: input and output.
    Console,
}

impl Channel {
    pub fn read(self, to: &mut UserBuffers, nonblocking: bool) -> Result<usize> {
        if self.reads() { streams().read(to, nonblocking) } else { Err(Errno::EBADF) }
    }

    pub fn write(self, from: &mut Source, nonblocking: bool) -> Result<usize> {
        let output = self.output().ok_or(Errno::EBADF)?;
        streams().write(output, from, nonblocking)
    }

    const fn reads(self) -> bool {
        matches!(self, Self::Input | Self::Console)
    }

    /// Which of the two outputs.
    const fn output(self) -> Option<usize> {
        match self {
            Self::Input => None,
            Self::Output | Self::Console => Some(0),
            Self::Error => Some(1),
        }
    }

    pub fn events(self) -> u16 {
        let streams = streams();
        let mut events = 0;
        if self.reads() {
            streams.want();
            if streams.has_ended() {
                events |= POLLHUP;
            }
            if streams.is_readable() {
                events |= POLLIN | POLLRDNORM;
            }
        }
        if self.output().is_some_and(|output| streams.has_room(output)) {
            events |= POLLOUT | POLLWRNORM;
        }
        events
    }

    /// Bytes that can be read.
    pub fn readable(self) -> u32 {
        streams().with(|state, _| state.input.filled())
    }
}

impl Operations for Channel {
    fn read(&self, file: &File, to: &mut UserBuffers) -> Result<usize> {
        (*self).read(to, file.is_nonblocking())
    }

    fn write(&self, file: &File, from: &mut Source) -> Result<usize> {
        (*self).write(from, file.is_nonblocking())
    }

    fn has_positions(&self) -> bool {
        false
    }

    fn allocate(&self, _: &File, _: i32, _: u64, _: u64) -> Result<()> {
        Err(Errno::ESPIPE)
    }

    fn events(&self) -> u16 {
        (*self).events()
    }

    fn pollers(&self) -> Option<&WaitQueue> {
        Some(super::pollers())
    }

    fn readable_bytes(&self, _: &File) -> Option<u32> {
        Some((*self).readable())
    }
}
