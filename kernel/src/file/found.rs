//! What a path or a descriptor leads to.

use super::access::Caller;
use super::description::{File, Node};
use super::namespace;
use super::place::Place;
use super::served::{Served, permissions};
use super::status::FileStatus;
use super::tree::{self, Held};
use crate::result::{Errno, Result};
use abi::node;
use alloc::boxed::Box;
use alloc::sync::Arc;
use alloc::vec::Vec;
use kcore::node_tree::{Attributes, Kind};

pub enum Found {
    /// A node of the kernel's own tree.
    Held(Held),
    /// A server's; if the walk has just heard them, with its attributes.
    Served(Served, Option<Box<node::Attributes>>),
    /// An open file: a descriptor was named, or a link leads there.
    Open(Arc<File>),
}

impl Found {
    /// Where it is. ENOTDIR for what is in no tree, as the start of a path.
    pub fn place(&self) -> Result<Place> {
        match self {
            Self::Held(held) => Ok(held.place()),
            Self::Served(served, _) => Ok(served.place()),
            Self::Open(file) => file.place(),
        }
    }

    /// The node in the kernel's own tree, if that is where it is.
    pub fn held(&self) -> Option<&Held> {
        match self {
            Self::Held(held) => Some(held),
            Self::Served(..) => None,
            Self::Open(file) => file.node(),
        }
    }

    /// The server's node, if it is one.
    pub fn served(&self) -> Option<&Served> {
        match self {
            Self::Held(_) => None,
            Self::Served(served, _) => Some(served),
            Self::Open(file) => file.served(),
        }
    }

    pub fn status(&self, caller: &Caller) -> Result<FileStatus> {
        match self {
            Self::Held(held) => tree::lock().status(held.node()),
            Self::Served(served, Some(attributes)) => Ok(served.status(attributes)),
            Self::Served(served, None) => Ok(served.status(&served.attributes(caller)?)),
            Self::Open(file) => file.status(),
        }
    }

    /// As far as permissions go.
    pub fn attributes(&self, caller: &Caller) -> Result<Attributes> {
        match self {
            Self::Held(held) => held.attributes(),
            Self::Served(_, Some(attributes)) => Ok(permissions(attributes)),
            Self::Served(served, None) => Ok(permissions(&served.attributes(caller)?)),
            Self::Open(file) => match file.node_of() {
                Node::Held(held) => held.attributes(),
                Node::Served(served) => Ok(permissions(&served.attributes(caller)?)),
                Node::Anonymous { .. } => {
                    let status = file.status()?;
                    let FileStatus { mode, uid, gid, .. } = status;
                    Ok(Attributes { mode, uid, gid, ..Attributes::default() })
                }
            },
        }
    }

    /// Whether it may not be changed: EROFS.
    pub fn is_read_only(&self) -> Result<bool> {
        self.held().map_or(Ok(false), Held::is_read_only)
    }

    /// ENOTDIR unless it is a directory.
    pub fn check_directory(&self, caller: &Caller) -> Result<()> {
        if let Self::Open(file) = self
            && file.is_directory()
        {
            return Ok(());
        }
        if let Some(held) = self.held() {
            return held.check_directory();
        }
        match Kind::of_mode(self.attributes(caller)?.mode) {
            Kind::Directory => Ok(()),
            _ => Err(Errno::ENOTDIR),
        }
    }

    /// The text of a symbolic link. EINVAL if it is none.
    pub fn read_link(&self, caller: &Caller) -> Result<Vec<u8>> {
        match (self.held(), self.served()) {
            (Some(held), _) => namespace::read_link(held.node()),
            (None, Some(served)) => namespace::read_served_link(served, caller),
            (None, None) => Err(Errno::EINVAL),
        }
    }

    /// The node itself. ENOTDIR if it is in no tree.
    pub fn into_kept(self) -> Result<Kept> {
        match self {
            Self::Held(held) => Ok(Kept::Held(held)),
            Self::Served(served, _) => Ok(Kept::Served(served)),
            Self::Open(file) => match file.node_of() {
                Node::Held(held) => Ok(Kept::Held(held.again())),
                Node::Served(served) => Ok(Kept::Served(served.clone())),
                Node::Anonymous { .. } => Err(Errno::ENOTDIR),
            },
        }
    }
}

/// A node of any tree, kept as long as this is: a working directory.
pub enum Kept {
    Held(Held),
    Served(Served),
}

impl Kept {
    pub fn place(&self) -> Place {
        match self {
            Self::Held(held) => held.place(),
            Self::Served(served) => served.place(),
        }
    }

    /// One more reference.
    pub fn again(&self) -> Self {
        match self {
            Self::Held(held) => Self::Held(held.again()),
            Self::Served(served) => Self::Served(served.clone()),
        }
    }
}

impl From<Kept> for Found {
    fn from(kept: Kept) -> Self {
        match kept {
            Kept::Held(held) => Self::Held(held),
            Kept::Served(served) => Self::Served(served, None),
        }
    }
}
