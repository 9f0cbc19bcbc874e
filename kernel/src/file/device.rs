//! The kernel's own character devices.

use super::buffers::{Source, UserBuffers};
use super::description::File;
use super::operations::Operations;
use super::{kmsg, random};
use crate::result::{Errno, Result};
use crate::task::might_resched;
use abi::file::DeviceNumber;

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Device {
    Null,
    Zero,
    /// As `Zero`, but nothing can be written.
    Full,
    Random,
    /// The kernel's log, which can only be written.
    Log,
}

/// Bytes cleared or read before others may run.
const CHUNK: usize = 64 << 10;

impl Device {
    /// Linux's numbers.
    pub const fn from_number(number: DeviceNumber) -> Option<Self> {
        match number {
            DeviceNumber { major: 1, minor: 3 } => Some(Self::Null),
            DeviceNumber { major: 1, minor: 5 } => Some(Self::Zero),
            DeviceNumber { major: 1, minor: 7 } => Some(Self::Full),
            DeviceNumber { major: 1, minor: 8 | 9 } => Some(Self::Random),
            DeviceNumber { major: 1, minor: 11 } => Some(Self::Log),
            _ => None,
        }
    }

    fn read(self, to: &mut UserBuffers) -> Result<usize> {
        match self {
            Self::Null => Ok(0),
            Self::Zero | Self::Full => to.each(|range, _| {
                if range.is_empty() {
                    return Ok(0);
                }
                let mut done = 0;
                while !range.is_empty() {
                    let count = range.len().min(CHUNK);
                    let cleared = range.clear(count);
                    done += cleared;
                    if cleared < count {
                        break;
                    }
                    might_resched();
                }
                if done == 0 { Err(Errno::EFAULT) } else { Ok(done) }
            }),
            Self::Random => random::read(to),
            Self::Log => Err(Errno::EINVAL),
        }
    }

    fn write(self, from: &mut Source) -> Result<usize> {
        match self {
            Self::Null | Self::Zero => Ok(from.len()),
            Self::Full if from.is_empty() => Ok(0),
            Self::Full => Err(Errno::ENOSPC),
            Self::Log => kmsg::write(from),
            Self::Random => {
                let mut seed = [0; 256];
                let mut done = 0;
                while !from.is_empty() {
                    let wanted = from.len().min(seed.len());
                    let bytes = seed.get_mut(..wanted).unwrap_or_default();
                    let count = from.copy_in(bytes);
                    random::add(bytes.get(..count).unwrap_or_default());
                    done += count;
                    if count < wanted {
                        return if done == 0 { Err(Errno::EFAULT) } else { Ok(done) };
                    }
                    might_resched();
                }
                Ok(done)
            }
        }
    }
}

impl Operations for Device {
    fn read(&self, _: &File, to: &mut UserBuffers) -> Result<usize> {
        (*self).read(to)
    }

    fn write(&self, _: &File, from: &mut Source) -> Result<usize> {
        (*self).write(from)
    }

    fn seek(&self, _: &File, _: i64, _: u32) -> Result<u64> {
        Ok(0)
    }
}
