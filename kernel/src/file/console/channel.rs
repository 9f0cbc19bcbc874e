//! The framed line's streams, as descriptions see them.

use super::framed;
use crate::file::buffers::{Source, UserBuffers};
use crate::result::{Errno, Result};
use crate::sync::WaitQueue;

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
        match self {
            Self::Input | Self::Console => framed()?.read(to, nonblocking),
            Self::Output | Self::Error => Err(Errno::EBADF),
        }
    }

    pub fn write(self, from: &mut Source, nonblocking: bool) -> Result<usize> {
        let output = self.output().ok_or(Errno::EBADF)?;
        framed()?.write(output, from, nonblocking)
    }

    /// Which of the two outputs.
    fn output(self) -> Option<usize> {
        match self {
            Self::Input => None,
            Self::Output | Self::Console => Some(0),
            Self::Error => Some(1),
        }
    }

    pub fn events(self) -> u16 {
        let reads = matches!(self, Self::Input | Self::Console);
        framed().map_or(0, |framed| framed.events(reads, self.output()))
    }

    pub fn pollers(self) -> Option<&'static WaitQueue> {
        framed().ok().map(|framed| framed.pollers())
    }

    /// Bytes that can be read.
    pub fn readable(self) -> u32 {
        framed().map_or(0, |framed| framed.readable())
    }
}
