//! From a path to a node.

use super::access::Caller;
use super::tree::{self, Content, Held, Place};
use crate::result::{Errno, Result};
use abi::file::X_OK;
use alloc::vec::Vec;
use kcore::node_tree::{Attributes, Kind, NodeId};
use kcore::path::{self, Answer, Last, Mode, Namespace, Outcome, Walk};

/// Where a walk begins, and for whom it is.
pub struct Start<'a> {
    pub root: Place,
    /// Where a relative path begins.
    pub at: Place,
    pub caller: &'a Caller,
}

/// A directory and a name in it, which nobody has looked up.
pub struct Named {
    pub directory: Held,
    pub name: Vec<u8>,
    pub last: Last,
    /// A slash follows: the name has to be a directory's.
    pub trailing_slash: bool,
}

/// What [`Start::find_or_name`] came to.
pub enum Target {
    Found(Held),
    Missing(Named),
}

struct Mounts<'a> {
    caller: &'a Caller,
}

impl Namespace for Mounts<'_> {
    type Node = NodeId;

    fn may_search(&mut self, directory: Place) -> Result<()> {
        let tree = tree::lock();
        self.caller.may(tree.node(directory.node)?.attributes(), X_OK)
    }

    fn lookup(&mut self, at: Place, name: &[u8], _: &[u8]) -> Result<Answer<NodeId>> {
        let consumed = name.len() as u32;
        let tree = tree::lock();
        let node = match tree.lookup(at.node, name) {
            Ok(node) => node,
            // The directory is there, the walk has just come to it.
            Err(Errno::ENOENT) if tree.node(at.node).is_ok() => {
                return Ok(Answer::Missing { parent: at.node, consumed: 0 });
            }
            Err(error) => return Err(error),
        };
        Ok(match tree.node(node)?.kind() {
            Kind::SymbolicLink => Answer::Link { directory: at.node, node, consumed },
            kind => Answer::Found { node, kind, consumed },
        })
    }

    fn parent(&mut self, at: Place) -> Result<Place> {
        Ok(Place { node: tree::lock().parent(at.node)?, ..at })
    }

    fn read_link(&mut self, link: Place) -> Result<Vec<u8>> {
        read_link(link)
    }

    fn mounted_on(&self, _: Place) -> Option<Place> {
        None
    }

    fn covered_by(&self, _: Place) -> Option<Place> {
        None
    }
}

/// The text of a symbolic link; EINVAL if it is none.
pub fn read_link(link: Place) -> Result<Vec<u8>> {
    let tree = tree::lock();
    copy(tree.node(link.node)?.link_text().ok_or(Errno::EINVAL)?)
}

fn copy(bytes: &[u8]) -> Result<Vec<u8>> {
    let mut copy = Vec::new();
    copy.try_reserve_exact(bytes.len()).map_err(|_| Errno::ENOMEM)?;
    copy.extend_from_slice(bytes);
    Ok(copy)
}

impl Start<'_> {
    fn walk<R>(
        &self,
        path: &[u8],
        mode: Mode,
        finish: impl FnOnce(&Walk<NodeId>, Outcome<NodeId>) -> Result<R>,
    ) -> Result<R> {
        let mut walk = Walk::new(path, self.root, self.at, mode)?;
        let outcome = path::walk(&mut Mounts { caller: self.caller }, &mut walk, self.root)?;
        finish(&walk, outcome)
    }

    /// The node at the end of the path; with `follow`, what a symbolic link there leads to.
    pub fn find(&self, path: &[u8], follow: bool) -> Result<Held> {
        let mode = if follow { Mode::Follow } else { Mode::NoFollow };
        self.walk(path, mode, |_, outcome| match outcome {
            Outcome::Found { place, .. } => tree::lock().held(place),
            Outcome::Missing { .. } | Outcome::Parent { .. } => Err(Errno::ENOENT),
        })
    }

    /// The directory at the end of the path. ENOTDIR, then EACCES if it may not be searched.
    pub fn find_directory(&self, path: &[u8]) -> Result<Held> {
        let directory = self.find(path, true)?;
        directory.check_directory()?;
        Ok(directory)
    }

    /// The node at the end of the path, or the name that is missing: O_CREAT.
    pub fn find_or_name(&self, path: &[u8], follow: bool) -> Result<Target> {
        let mode = if follow { Mode::FollowOrMissing } else { Mode::NoFollowOrMissing };
        self.walk(path, mode, |walk, outcome| match outcome {
            Outcome::Found { place, .. } => Ok(Target::Found(tree::lock().held(place)?)),
            Outcome::Missing { parent, trailing_slash } => Ok(Target::Missing(Named {
                name: copy(walk.last_name())?,
                directory: tree::lock().held(parent)?,
                last: Last::Name,
                trailing_slash,
            })),
            Outcome::Parent { .. } => Err(Errno::ENOENT),
        })
    }

    /// The directory of the last component, and that.
    pub fn name(&self, path: &[u8]) -> Result<Named> {
        self.walk(path, Mode::Parent, |walk, outcome| match outcome {
            Outcome::Parent { parent, last, trailing_slash } => Ok(Named {
                name: copy(walk.last_name())?,
                directory: tree::lock().held(parent)?,
                last,
                trailing_slash,
            }),
            Outcome::Found { .. } | Outcome::Missing { .. } => Err(Errno::ENOENT),
        })
    }
}

impl Held {
    pub fn attributes(&self) -> Result<Attributes> {
        Ok(*tree::lock().node(self.node())?.attributes())
    }

    /// Whether it may not be changed: EROFS.
    pub fn is_read_only(&self) -> Result<bool> {
        Ok(tree::lock().node(self.node())?.is_read_only())
    }

    /// ENOTDIR unless it is a directory.
    pub fn check_directory(&self) -> Result<()> {
        match tree::lock().node(self.node())?.kind() {
            Kind::Directory => Ok(()),
            _ => Err(Errno::ENOTDIR),
        }
    }
}

/// Whether a node's content is a regular file, and which.
pub fn regular(node: &Held) -> Result<alloc::sync::Arc<super::regular::Regular>> {
    match tree::lock().node(node.node())?.content() {
        Some(Content::Regular(regular)) => Ok(regular.clone()),
        _ => Err(Errno::EINVAL),
    }
}
