//! The walk over real trees and mounts.

use super::walk::{Outcome, Place, Step, Walk};
use crate::node_tree::Kind;
use abi::errno::Errno;
use alloc::vec::Vec;

/// What a tree says about a residual path. `consumed` counts the bytes of it that led there, up
/// to the end of a component; a tree in the kernel answers for one component, a server for as
/// many as it can: it stops at a link, at a directory that something is mounted on, and before a
/// `..` above its root.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Answer<N> {
    Found {
        node: N,
        kind: Kind,
        consumed: u32,
        /// Something is mounted on it.
        is_covered: bool,
    },
    Link {
        directory: N,
        node: N,
        consumed: u32,
    },
    /// The component behind the consumed ones is not in `parent`.
    Missing {
        parent: N,
        consumed: u32,
    },
}

/// Where a link leads.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Target<N> {
    /// Along this path.
    Text(Vec<u8>),
    /// Straight to a node, wherever it is.
    Jump { place: Place<N>, kind: Kind },
}

/// Trees and where they are mounted.
pub trait Namespace {
    type Node: Copy + Eq;

    /// EACCES if the caller may not search the directory.
    fn may_search(&mut self, directory: Place<Self::Node>) -> Result<(), Errno>;

    /// Looks up `name`, the first component of `residual`, and perhaps more of it (see
    /// [`names_only`]). EACCES if the caller may not search a directory on the way.
    fn lookup(
        &mut self,
        at: Place<Self::Node>,
        name: &[u8],
        residual: &[u8],
    ) -> Result<Answer<Self::Node>, Errno>;

    /// The directory above, in the same tree.
    fn parent(&mut self, at: Place<Self::Node>) -> Result<Place<Self::Node>, Errno>;

    fn read_link(&mut self, link: Place<Self::Node>) -> Result<Target<Self::Node>, Errno>;

    /// The root of what is mounted on a directory.
    fn mounted_on(&self, place: Place<Self::Node>) -> Option<Place<Self::Node>>;

    /// The directory that the mount with this root is mounted on.
    fn covered_by(&self, root: Place<Self::Node>) -> Option<Place<Self::Node>>;
}

/// Walks to the end, or to the first error.
pub fn walk<S: Namespace>(
    namespace: &mut S,
    walk: &mut Walk<'_, S::Node>,
    root: Place<S::Node>,
) -> Result<Outcome<S::Node>, Errno> {
    loop {
        match walk.step()? {
            Step::Done(outcome) => return Ok(outcome),
            Step::Stay { at } => {
                namespace.may_search(at)?;
                walk.parent(at);
            }
            Step::Parent { at } => {
                namespace.may_search(at)?;
                let parent = above(namespace, at, root)?;
                walk.parent(parent);
            }
            Step::ReadLink { link } => match namespace.read_link(link)? {
                Target::Text(text) => walk.link_text(text)?,
                Target::Jump { place, kind } => walk.jump(place, kind)?,
            },
            Step::Lookup { at, name, residual } => {
                let in_mount = |node| Place { mount: at.mount, node };
                match namespace.lookup(at, name, residual)? {
                    Answer::Found { node, kind, consumed, is_covered } => {
                        let mut place = in_mount(node);
                        if is_covered {
                            place = cross(namespace, place);
                        }
                        walk.found(place, kind, consumed)?;
                    }
                    Answer::Link { directory, node, consumed } => {
                        walk.found_link(in_mount(directory), in_mount(node), consumed)?;
                    }
                    Answer::Missing { parent, consumed } => {
                        walk.missing(in_mount(parent), consumed)?;
                    }
                }
            }
        }
    }
}

/// `residual` up to the first `.` or `..`, which a server must not be asked to follow: the caller's
/// root may lie within its tree.
pub fn names_only(residual: &[u8]) -> &[u8] {
    let mut start = 0;
    for component in residual.split(|byte| *byte == b'/') {
        if matches!(component, b"." | b"..") {
            return residual.get(..start).unwrap_or(residual);
        }
        start += component.len() + 1;
    }
    residual
}

/// Onto what is mounted there, however often.
fn cross<S: Namespace>(namespace: &S, place: Place<S::Node>) -> Place<S::Node> {
    let mut place = place;
    while let Some(root) = namespace.mounted_on(place) {
        place = root;
    }
    place
}

/// `..`: out of the mounts whose root this is, up in the tree below, and onto what is mounted
/// there.
fn above<S: Namespace>(
    namespace: &mut S,
    at: Place<S::Node>,
    root: Place<S::Node>,
) -> Result<Place<S::Node>, Errno> {
    let mut at = at;
    while let Some(covered) = namespace.covered_by(at) {
        at = covered;
        if at == root {
            return Ok(cross(namespace, at));
        }
    }
    let parent = namespace.parent(at)?;
    Ok(cross(namespace, parent))
}
