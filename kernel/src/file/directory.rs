//! Listing directories.

use super::buffers::UserBuffers;
use super::caller;
use super::description::{File, Kind, Node};
use super::operations::{Operations, seek_without_size};
use super::tree;
use crate::mm::user::UserSlice;
use crate::result::{Errno, Result};
use abi::file::{Dirent64, S_IFMT};
use kcore::node_tree::NodeId;

/// The longest record: a name of 255 bytes.
pub const MAX_RECORD: usize = Dirent64::record_length(255);

/// What is open is a directory.
pub struct Directory;

impl Operations for Directory {
    fn read(&self, _: &File, _: &mut UserBuffers) -> Result<usize> {
        Err(Errno::EISDIR)
    }

    fn seek(&self, file: &File, offset: i64, whence: u32) -> Result<u64> {
        seek_without_size(file, offset, whence)
    }

    fn allocate(&self, _: &File, _: i32, _: u64, _: u64) -> Result<()> {
        Err(Errno::EISDIR)
    }

    fn sync(&self) -> Result<()> {
        Ok(())
    }
}

/// How a call lays entries out.
pub trait Layout {
    /// Bytes that an entry with a name of `len` bytes takes.
    fn record_length(len: usize) -> usize;
    /// Writes the entry; `None` if a number does not fit (EOVERFLOW).
    fn write(entry: &Dirent64, record: &mut [u8]) -> Option<usize>;
}

/// `getdents64`.
pub struct New;

impl Layout for New {
    fn record_length(len: usize) -> usize {
        Dirent64::record_length(len)
    }

    fn write(entry: &Dirent64, record: &mut [u8]) -> Option<usize> {
        entry.write(record)
    }
}

/// `getdents`: 32-bit numbers, the type in the last byte.
pub struct Old;

const OLD_HEADER: usize = 10;

impl Layout for Old {
    fn record_length(len: usize) -> usize {
        (OLD_HEADER + len + 2).next_multiple_of(4)
    }

    fn write(entry: &Dirent64, record: &mut [u8]) -> Option<usize> {
        let length = Self::record_length(entry.name.len());
        let record = record.get_mut(..length)?;
        record.fill(0);
        record.get_mut(0..4)?.copy_from_slice(&u32::try_from(entry.ino).ok()?.to_le_bytes());
        record.get_mut(4..8)?.copy_from_slice(&u32::try_from(entry.off).ok()?.to_le_bytes());
        record.get_mut(8..10)?.copy_from_slice(&u16::try_from(length).ok()?.to_le_bytes());
        record.get_mut(OLD_HEADER..)?.get_mut(..entry.name.len())?.copy_from_slice(entry.name);
        *record.last_mut()? = entry.kind;
        Some(length)
    }
}

impl File {
    /// Writes entries from the position on, and moves it. 0 at the end; EINVAL if not even one
    /// fits.
    pub fn list<L: Layout>(&self, to: &mut UserSlice) -> Result<usize> {
        let Kind::Directory(_) = self.kind() else { return Err(Errno::ENOTDIR) };
        self.with_position(|position| match self.node_of() {
            Node::Held(held) => list::<L>(held.node(), position, to),
            Node::Served(served) => served.list::<L>(position, to, &caller::identity()),
            Node::Anonymous { .. } => Err(Errno::ENOTDIR),
        })
    }
}

/// The same for a directory of the kernel's own tree.
fn list<L: Layout>(node: NodeId, position: &mut u64, to: &mut UserSlice) -> Result<usize> {
    let mut done = 0;
    loop {
        let mut record = [0; MAX_RECORD];
        let written = {
            let tree = tree::lock();
            let Ok(cookie) = u32::try_from(*position) else { return Ok(done) };
            let Some(entry) = tree.read_directory(node, cookie)? else {
                return Ok(done);
            };
            let length = L::record_length(entry.name.len());
            if length > to.len() {
                return if done == 0 { Err(Errno::EINVAL) } else { Ok(done) };
            }
            let dirent = Dirent64 {
                ino: u64::from(entry.node.inode_number()),
                off: i64::from(entry.next_cookie),
                kind: ((entry.mode & S_IFMT) >> 12) as u8,
                name: entry.name,
            };
            L::write(&dirent, &mut record).map(|length| (length, entry.next_cookie))
        };
        let Some((length, next)) = written else {
            return if done == 0 { Err(Errno::EOVERFLOW) } else { Ok(done) };
        };
        let bytes = record.get(..length).unwrap_or_default();
        if to.copy_out(bytes) < length {
            return if done == 0 { Err(Errno::EFAULT) } else { Ok(done) };
        }
        done += length;
        *position = u64::from(next);
    }
}
