//! What a server answers.

use super::{Asker, Attributes, Changes, Entries, Input, Object, Output};
use crate::{Errno, Result};
use abi::file::{NAME_MAX, Statfs64};
use alloc::vec::Vec;

/// Where a symbolic link leads.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Target {
    /// Along this path, at most 4095 bytes.
    Text(Vec<u8>),
    /// To an object of a thread; the kernel goes there, and sees to it that the asker may.
    Magic {
        /// Thread id.
        tid: u32,
        /// Which of its objects.
        object: Object,
    },
}

/// A tree of nodes below [`ROOT`](super::ROOT), numbered as it likes. A number should mean the same to
/// the next instance of the server; of what is gone, every method returns ENOENT.
///
/// An error becomes that of the program's system call.
pub trait FileSystem {
    /// The node `name` in a directory, ENOENT if there is none. Neither `.` nor `..` is asked for, and
    /// the asker may search the directory.
    fn look_up(&mut self, directory: u64, name: &[u8], asker: &Asker) -> Result<u64>;

    /// What `stat` shows. The kernel decides by mode, owner and group who may open.
    fn attributes(&mut self, node: u64, asker: &Asker) -> Result<Attributes>;

    /// The directory above one that is not the root.
    fn parent(&mut self, directory: u64) -> Result<u64>;

    /// Where a node that is not the root is: `/` and names, at most 4095 bytes.
    fn path(&mut self, node: u64) -> Result<Vec<u8>>;

    /// A node with [`NODE_IS_OPENED`](super::NODE_IS_OPENED) is about to be opened, with `O_*` flags.
    /// An error prevents that.
    fn open(&mut self, node: u64, flags: u32, asker: &Asker) -> Result<()> {
        let _ = (node, flags, asker);
        Ok(())
    }

    /// Writes the contents from `offset` on; nothing at the end.
    fn read(&mut self, node: u64, offset: u64, to: &mut Output<'_>, asker: &Asker) -> Result<()>;

    /// Changes the contents from `offset` on; how many bytes were taken.
    fn write(&mut self, node: u64, offset: u64, from: &Input<'_>, asker: &Asker) -> Result<u32> {
        let _ = (node, offset, from, asker);
        Err(Errno::EIO)
    }

    /// Adds entries from `position` on, 0 for the first, until there is no room. `.` and `..` come by
    /// themselves.
    fn read_directory(
        &mut self,
        directory: u64,
        position: u64,
        entries: &mut Entries,
        asker: &Asker,
    ) -> Result<()>;

    /// Where a symbolic link leads.
    fn read_link(&mut self, node: u64, asker: &Asker) -> Result<Target> {
        let _ = (node, asker);
        Err(Errno::EINVAL)
    }

    /// Changes attributes, if the asker may: nobody decides that before.
    fn set_attributes(&mut self, node: u64, changes: &Changes, asker: &Asker) -> Result<()> {
        let _ = (node, changes, asker);
        Err(Errno::EPERM)
    }

    /// What `statfs` shows.
    fn figures(&mut self) -> Result<Statfs64> {
        Ok(Statfs64 { bsize: 4096, frsize: 4096, namelen: NAME_MAX, ..Statfs64::default() })
    }
}
