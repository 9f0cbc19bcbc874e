//! What can be done with an open file, kind by kind.

use super::buffers::{Source, UserBuffers};
use super::description::File;
use crate::result::{Errno, Result};
use crate::sync::WaitQueue;
use abi::file::{DeviceNumber, S_IFIFO, SEEK_CUR, SEEK_SET};
use abi::poll::{POLLIN, POLLOUT, POLLRDNORM, POLLWRNORM};

/// Each kind of file implements what it can do; the rest is refused as Linux does it. `file` is the
/// description, which knows flags, position and node.
pub trait Operations {
    /// From where the file stands on.
    fn read(&self, file: &File, to: &mut UserBuffers) -> Result<usize> {
        let _ = (file, to);
        Err(Errno::EBADF)
    }

    /// From an offset on. What has no positions does not come here.
    fn read_at(&self, file: &File, offset: u64, to: &mut UserBuffers) -> Result<usize> {
        let _ = offset;
        self.read(file, to)
    }

    fn write(&self, file: &File, from: &mut Source) -> Result<usize> {
        let _ = (file, from);
        Err(Errno::EBADF)
    }

    fn write_at(&self, file: &File, offset: u64, from: &mut Source) -> Result<usize> {
        let _ = offset;
        self.write(file, from)
    }

    /// Whether bytes have positions: ESPIPE.
    fn has_positions(&self) -> bool {
        true
    }

    /// Moves the position; `whence` is valid.
    fn seek(&self, file: &File, offset: i64, whence: u32) -> Result<u64> {
        let _ = (file, offset, whence);
        Err(Errno::ESPIPE)
    }

    /// Sets the size of what is open for writing.
    fn truncate(&self, file: &File, size: u64) -> Result<()> {
        let _ = (file, size);
        Err(Errno::EINVAL)
    }

    /// `fallocate` with a valid mode, and a range that a file can have.
    fn allocate(&self, file: &File, mode: i32, offset: u64, len: u64) -> Result<()> {
        let _ = (file, mode, offset, len);
        Err(Errno::ENODEV)
    }

    /// What is ready, as `poll` reports it.
    fn events(&self) -> u16 {
        POLLIN | POLLOUT | POLLRDNORM | POLLWRNORM
    }

    /// Who is told when that changes; `None` if it never does.
    fn pollers(&self) -> Option<&WaitQueue> {
        None
    }

    /// FIONREAD; `None` for what does not know it.
    fn readable_bytes(&self, file: &File) -> Option<u32> {
        let _ = file;
        None
    }

    /// EINVAL for what holds no data that could be written out.
    fn sync(&self) -> Result<()> {
        Err(Errno::EINVAL)
    }

    /// Device and mode of what has no node in a tree.
    fn anonymous(&self) -> (DeviceNumber, u32) {
        (PIPES, S_IFIFO | 0o600)
    }

    /// The description's last moment.
    fn close(&self, file: &File) {
        let _ = file;
    }
}

/// The device on which pipes and streams lie.
const PIPES: DeviceNumber = DeviceNumber::new(0, 13);
/// The device of what is neither in a tree nor a pipe, socket or stream.
pub const ANONYMOUS_INODES: DeviceNumber = DeviceNumber::new(0, 14);

/// Where everybody gets who seeks in what has no positions but lets them believe so (noop_llseek).
pub const STAYS: u64 = 0;

/// The position of what has no size, if `whence` is one of these two: else EINVAL.
pub fn seek_without_size(file: &File, offset: i64, whence: u32) -> Result<u64> {
    match whence {
        SEEK_SET | SEEK_CUR => file.move_position(offset, whence, || Ok(0)),
        _ => Err(Errno::EINVAL),
    }
}

/// O_PATH: only a place in the tree.
pub struct Place;

impl Operations for Place {}
