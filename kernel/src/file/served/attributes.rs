//! What servers say of nodes, and are told.

use super::Served;
use super::ask::Lent;
use crate::file::access::Caller;
use crate::file::status::{BLOCK_SIZE, FileStatus};
use crate::result::{Errno, Result};
use abi::Plain;
use abi::file::{
    DeviceNumber, NAME_MAX, PATH_MAX, S_IFBLK, S_IFCHR, S_IFDIR, S_IFIFO, S_IFLNK, S_IFMT, S_IFREG,
    S_IFSOCK, Statfs64,
};
use abi::node::{Attributes, Changes, Link, Request};
use alloc::vec::Vec;
use kcore::node_tree::{self, Timestamp};

impl Served {
    /// EIO if they make no sense.
    pub fn attributes(&self, caller: &Caller) -> Result<Attributes> {
        let lent = Lent::new()?.write(size_of::<Attributes>())?;
        let answer = self.mount.ask(Request::Attributes { node: self.node }, caller, Some(lent))?;
        check(answer.structure(0)?)
    }

    /// The server decides whether the caller may.
    pub fn set_attributes(&self, changes: &Changes, caller: &Caller) -> Result<()> {
        let mut bytes = [0; size_of::<Changes>()];
        changes.put(&mut bytes).ok_or(Errno::EIO)?;
        let lent = Lent::new()?.read(&bytes)?;
        self.mount.ask(Request::SetAttributes { node: self.node }, caller, Some(lent)).map(drop)
    }

    pub fn status(&self, attributes: &Attributes) -> FileStatus {
        let time = |seconds, nanoseconds| Timestamp { seconds, nanoseconds };
        FileStatus {
            device: self.mount.device(),
            ino: attributes.ino,
            mode: attributes.mode,
            nlink: attributes.nlink,
            uid: attributes.uid,
            gid: attributes.gid,
            rdev: DeviceNumber::decode(attributes.rdev),
            size: attributes.size,
            block_size: match attributes.block_size {
                0 => BLOCK_SIZE,
                size => size,
            },
            blocks: attributes.blocks,
            accessed: time(attributes.atime, attributes.atime_nsec),
            modified: time(attributes.mtime, attributes.mtime_nsec),
            changed: time(attributes.ctime, attributes.ctime_nsec),
            mount: u64::from(self.mount.number()) + 1,
        }
    }

    /// Where the node is, seen from the root of its tree: `/` and names.
    pub fn path(&self, caller: &Caller) -> Result<Vec<u8>> {
        let lent = Lent::new()?.write(PATH_MAX as usize - 1)?;
        let answer = self.mount.ask(Request::Path { node: self.node }, caller, Some(lent))?;
        let length = answer.length(PATH_MAX as usize - 1)?;
        let path = text(answer.into_bytes(), length)?;
        if path.starts_with(b"/") { Ok(path) } else { Err(Errno::EIO) }
    }

    /// Where a link leads: the text, or `None` and an object of a thread.
    pub fn read_link(&self, caller: &Caller) -> Result<(Link, Vec<u8>)> {
        let lent = Lent::new()?.write(PATH_MAX as usize - 1)?;
        let answer = self.mount.ask(Request::ReadLink { node: self.node }, caller, Some(lent))?;
        let link = Link::decode(answer.words()?).ok_or(Errno::EIO)?;
        match link {
            Link::Text(length) => Ok((link, text(answer.into_bytes(), length as usize)?)),
            Link::Magic { .. } => Ok((link, Vec::new())),
        }
    }

    pub fn figures(&self, caller: &Caller) -> Result<Statfs64> {
        let lent = Lent::new()?.write(size_of::<Statfs64>())?;
        let answer = self.mount.ask(Request::Figures, caller, Some(lent))?;
        let figures: Statfs64 = answer.structure(0)?;
        Ok(Statfs64 { namelen: figures.namelen.min(NAME_MAX), ..figures })
    }
}

/// A path that a server wrote. EIO if it cannot be one.
fn text(mut bytes: Vec<u8>, length: usize) -> Result<Vec<u8>> {
    if length == 0 || length > bytes.len() {
        return Err(Errno::EIO);
    }
    bytes.truncate(length);
    if bytes.contains(&0) { Err(Errno::EIO) } else { Ok(bytes) }
}

/// EIO for attributes that no node has.
pub(super) fn check(attributes: Attributes) -> Result<Attributes> {
    let types = [S_IFREG, S_IFDIR, S_IFLNK, S_IFCHR, S_IFBLK, S_IFIFO, S_IFSOCK];
    let nanoseconds = [attributes.atime_nsec, attributes.mtime_nsec, attributes.ctime_nsec];
    let makes_sense = types.contains(&(attributes.mode & S_IFMT))
        && attributes.mode & !(S_IFMT | 0o7777) == 0
        && attributes.size.cast_signed() >= 0
        && (attributes.block_size == 0 || attributes.block_size.is_power_of_two())
        && nanoseconds.iter().all(|nanoseconds| *nanoseconds < 1_000_000_000);
    if makes_sense { Ok(attributes) } else { Err(Errno::EIO) }
}

/// As far as permissions go.
pub fn permissions(attributes: &Attributes) -> node_tree::Attributes {
    node_tree::Attributes {
        mode: attributes.mode,
        uid: attributes.uid,
        gid: attributes.gid,
        rdev: attributes.rdev,
        size: attributes.size,
        ..node_tree::Attributes::default()
    }
}
