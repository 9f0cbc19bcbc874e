//! From a path to a node.

use super::access::Caller;
use super::description::File;
use super::found::Found;
use super::magic;
use super::place::{NOWHERE, Place, built_in, node_of};
use super::served::{self, Served, permissions};
use super::tree::{self, Content, Held};
use crate::failpoint::fail_point;
use crate::result::{Errno, Result};
use abi::file::X_OK;
use abi::node::{self, Link};
use alloc::boxed::Box;
use alloc::sync::Arc;
use alloc::vec::Vec;
use kcore::node_tree::{Attributes, Kind, NodeId};
use kcore::path::{self, Answer, Last, Mode, Namespace, Outcome, Target, Walk};

/// Where a walk begins, and for whom it is.
pub struct Start<'a> {
    pub root: Place,
    /// Where a relative path begins.
    pub at: Place,
    pub caller: &'a Caller,
}

/// A directory and a name in it, which nobody has looked up.
pub struct Named {
    pub directory: Found,
    pub name: Vec<u8>,
    pub last: Last,
    /// A slash follows: the name has to be a directory's.
    pub trailing_slash: bool,
}

/// What [`Start::find_or_name`] came to.
pub enum Sought {
    Found(Found),
    Missing(Named),
}

/// All trees, for one walk.
struct Trees<'a> {
    caller: &'a Caller,
    /// The attributes that a server told last, and of which node.
    told: Option<(Place, Box<node::Attributes>)>,
    /// The open file that a link has led to: it keeps the node.
    jumped: Option<Arc<File>>,
}

impl Namespace for Trees<'_> {
    type Node = u64;

    #[inline]
    fn may_search(&mut self, directory: Place) -> Result<()> {
        match node_of(directory) {
            Some(node) => self.caller.may(tree::lock().node(node)?.attributes(), X_OK),
            None => {
                let attributes = Served::at(directory)?.attributes(self.caller)?;
                self.caller.may(&permissions(&attributes), X_OK)
            }
        }
    }

    #[inline]
    fn lookup(&mut self, at: Place, name: &[u8], residual: &[u8]) -> Result<Answer<u64>> {
        if fail_point!(PathWalk) {
            return Err(Errno::ENOMEM);
        }
        let Some(directory) = node_of(at) else { return self.ask(at, residual) };
        let consumed = name.len() as u32;
        let tree = tree::lock();
        // The directory is there, the walk has just come to it.
        self.caller.may(tree.node(directory)?.attributes(), X_OK)?;
        let node = match tree.lookup(directory, name) {
            Ok(node) => node,
            Err(Errno::ENOENT) => {
                return Ok(Answer::Missing { parent: at.node, consumed: 0 });
            }
            Err(error) => return Err(error),
        };
        let found = tree.node(node)?;
        let (is_covered, node) = (found.is_covered(), node.to_raw());
        Ok(match found.kind() {
            Kind::SymbolicLink => Answer::Link { directory: at.node, node, consumed },
            kind => Answer::Found { node, kind, consumed, is_covered },
        })
    }

    fn parent(&mut self, at: Place) -> Result<Place> {
        match node_of(at) {
            Some(node) => Ok(built_in(tree::lock().parent(node)?)),
            None => Served::at(at)?.parent(self.caller),
        }
    }

    fn read_link(&mut self, link: Place) -> Result<Target<u64>> {
        if let Some(node) = node_of(link) {
            return read_link(node).map(Target::Text);
        }
        match Served::at(link)?.read_link(self.caller)? {
            (Link::Text(_), text) => Ok(Target::Text(text)),
            (Link::Magic { tid, object }, _) => self.jump(magic::follow(tid, object, self.caller)?),
        }
    }

    fn mounted_on(&self, place: Place) -> Option<Place> {
        served::mounted_on(place)
    }

    fn covered_by(&self, root: Place) -> Option<Place> {
        match node_of(root) {
            Some(_) => None,
            None => served::covered_by(root),
        }
    }
}

impl Trees<'_> {
    #[cold]
    fn ask(&mut self, at: Place, residual: &[u8]) -> Result<Answer<u64>> {
        let (answer, attributes) = Served::at(at)?.look_up(residual, self.caller)?;
        self.told = match (answer, attributes) {
            (Answer::Found { node, .. } | Answer::Link { node, .. }, Some(attributes)) => {
                let attributes = Box::try_new(attributes).map_err(|_| Errno::ENOMEM)?;
                Some((Place { node, ..at }, attributes))
            }
            _ => None,
        };
        Ok(answer)
    }

    /// The walk goes on at what a link leads to.
    fn jump(&mut self, to: Found) -> Result<Target<u64>> {
        let kind = Kind::of_mode(to.attributes(self.caller)?.mode);
        let place = to.place().unwrap_or(Place { mount: NOWHERE, node: 0 });
        if let Found::Open(file) = to {
            self.jumped = Some(file);
        }
        Ok(Target::Jump { place, kind })
    }

    /// Keeps what the walk has come to.
    #[inline]
    fn keep(self, place: Place) -> Result<Found> {
        match node_of(place) {
            Some(node) => tree::lock().held(node).map(Found::Held),
            None => self.keep_other(place),
        }
    }

    #[cold]
    fn keep_other(self, place: Place) -> Result<Found> {
        if place.mount == NOWHERE {
            return self.jumped.map(Found::Open).ok_or(Errno::ENOENT);
        }
        let told = self.told.filter(|(told, _)| *told == place);
        Ok(Found::Served(Served::at(place)?, told.map(|(_, attributes)| attributes)))
    }
}

/// The text of a symbolic link of the kernel's own tree; EINVAL if it is none.
pub fn read_link(link: NodeId) -> Result<Vec<u8>> {
    let tree = tree::lock();
    copy(tree.node(link)?.link_text().ok_or(Errno::EINVAL)?)
}

/// The text of a server's link. Where it leads to an object, the kernel says what that is.
pub fn read_served_link(link: &Served, caller: &Caller) -> Result<Vec<u8>> {
    match link.read_link(caller)? {
        (Link::Text(_), text) => Ok(text),
        (Link::Magic { tid, object }, _) => magic::text(tid, object, caller),
    }
}

fn copy(bytes: &[u8]) -> Result<Vec<u8>> {
    let mut copy = Vec::new();
    copy.try_reserve_exact(bytes.len()).map_err(|_| Errno::ENOMEM)?;
    copy.extend_from_slice(bytes);
    Ok(copy)
}

impl Start<'_> {
    #[inline]
    fn walk<R>(
        &self,
        path: &[u8],
        mode: Mode,
        finish: impl FnOnce(&Walk<u64>, Trees, Outcome<u64>) -> Result<R>,
    ) -> Result<R> {
        let mut walk = Walk::new(path, self.root, self.at, mode)?;
        let mut trees = Trees { caller: self.caller, told: None, jumped: None };
        let outcome = path::walk(&mut trees, &mut walk, self.root)?;
        finish(&walk, trees, outcome)
    }

    /// What is at the end of the path; with `follow`, what a symbolic link there leads to.
    pub fn find(&self, path: &[u8], follow: bool) -> Result<Found> {
        let mode = if follow { Mode::Follow } else { Mode::NoFollow };
        self.walk(path, mode, |_, trees, outcome| match outcome {
            Outcome::Found { place, .. } => trees.keep(place),
            Outcome::Missing { .. } | Outcome::Parent { .. } => Err(Errno::ENOENT),
        })
    }

    /// The directory at the end of the path. ENOTDIR, then EACCES if it may not be searched.
    pub fn find_directory(&self, path: &[u8]) -> Result<Found> {
        let directory = self.find(path, true)?;
        directory.check_directory(self.caller)?;
        Ok(directory)
    }

    /// What is at the end of the path, or the name that is missing: O_CREAT.
    pub fn find_or_name(&self, path: &[u8], follow: bool) -> Result<Sought> {
        let mode = if follow { Mode::FollowOrMissing } else { Mode::NoFollowOrMissing };
        self.walk(path, mode, |walk, trees, outcome| match outcome {
            Outcome::Found { place, .. } => Ok(Sought::Found(trees.keep(place)?)),
            Outcome::Missing { parent, trailing_slash } => Ok(Sought::Missing(Named {
                name: copy(walk.last_name())?,
                directory: trees.keep(parent)?,
                last: Last::Name,
                trailing_slash,
            })),
            Outcome::Parent { .. } => Err(Errno::ENOENT),
        })
    }

    /// The directory of the last component, and that.
    pub fn name(&self, path: &[u8]) -> Result<Named> {
        self.walk(path, Mode::Parent, |walk, trees, outcome| match outcome {
            Outcome::Parent { parent, last, trailing_slash } => Ok(Named {
                name: copy(walk.last_name())?,
                directory: trees.keep(parent)?,
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
