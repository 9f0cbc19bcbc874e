//! One file, directory, link or device of the tree.

use crate::avl::Tree;
use abi::file::{S_IFDIR, S_IFLNK, S_IFMT};
use alloc::vec::Vec;

/// A node, valid as long as it has a name or somebody holds it. Serial numbers are not used
/// again, so an old id never names another node.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct NodeId {
    pub(super) index: u32,
    pub(super) serial: u32,
}

impl NodeId {
    /// As one number.
    pub const fn to_raw(self) -> u64 {
        self.index as u64 | (self.serial as u64) << 32
    }

    /// From such a number; any other names no node.
    pub const fn from_raw(raw: u64) -> Self {
        Self { index: raw as u32, serial: (raw >> 32) as u32 }
    }

    /// For `st_ino`.
    pub const fn inode_number(self) -> u32 {
        self.serial
    }
}

/// Since 1970.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Default)]
pub struct Timestamp {
    pub seconds: i64,
    pub nanoseconds: u32,
}

/// What `stat` shows besides number and links.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Attributes {
    /// Type (which never changes) and permission bits.
    pub mode: u32,
    pub uid: u32,
    pub gid: u32,
    /// Of a device node.
    pub rdev: u32,
    pub size: u64,
    pub accessed: Timestamp,
    pub modified: Timestamp,
    pub changed: Timestamp,
}

/// What matters for a walk.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Kind {
    Directory,
    SymbolicLink,
    /// A file, a device, a FIFO, a socket.
    Other,
}

impl Kind {
    pub const fn of_mode(mode: u32) -> Self {
        match mode & S_IFMT {
            S_IFDIR => Self::Directory,
            S_IFLNK => Self::SymbolicLink,
            _ => Self::Other,
        }
    }
}

pub(super) struct Directory {
    pub parent: u32,
    pub entries: Tree,
    pub count: u32,
    /// How far an entry's key may lie above the hash of its name.
    pub displacement: u32,
    /// Removed, but held.
    pub dead: bool,
}

pub(super) enum Body<C> {
    Directory(Directory),
    SymbolicLink(Vec<u8>),
    Other(C),
}

/// A node as the kernel sees it.
pub struct Node<C> {
    pub(super) serial: u32,
    pub(super) links: u32,
    /// The directory in which it was named last; may be stale.
    pub(super) named_in: u32,
    pub(super) holds: u32,
    pub(super) read_only: bool,
    pub(super) mounted: bool,
    /// Without a name, but may get one.
    pub(super) linkable: bool,
    pub(super) attributes: Attributes,
    pub(super) body: Body<C>,
}

impl<C> Node<C> {
    pub fn attributes(&self) -> &Attributes {
        &self.attributes
    }

    pub fn kind(&self) -> Kind {
        match self.body {
            Body::Directory(_) => Kind::Directory,
            Body::SymbolicLink(_) => Kind::SymbolicLink,
            Body::Other(_) => Kind::Other,
        }
    }

    /// Names, and for a directory its own `.` and the `..` of those in it.
    pub fn links(&self) -> u32 {
        self.links
    }

    pub fn is_read_only(&self) -> bool {
        self.read_only
    }

    /// Whether something is mounted on it.
    pub fn is_covered(&self) -> bool {
        self.mounted
    }

    /// `None` for a directory or a symbolic link.
    pub fn content(&self) -> Option<&C> {
        match &self.body {
            Body::Other(content) => Some(content),
            _ => None,
        }
    }

    /// The text of a symbolic link.
    pub fn link_text(&self) -> Option<&[u8]> {
        match &self.body {
            Body::SymbolicLink(text) => Some(text),
            _ => None,
        }
    }

    pub(super) fn is_directory(&self) -> bool {
        matches!(self.body, Body::Directory(_))
    }
}
