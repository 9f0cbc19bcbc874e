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

/// Trees and where they are mounted.
pub trait Namespace {
    type Node: Copy + Eq;

    /// EACCES if the caller may not search the directory.
    fn may_search(&mut self, directory: Place<Self::Node>) -> Result<(), Errno>;

    /// Looks up `name`, the first component of `residual`, and perhaps more of it.
    fn lookup(
        &mut self,
        at: Place<Self::Node>,
        name: &[u8],
        residual: &[u8],
    ) -> Result<Answer<Self::Node>, Errno>;

    /// The directory above, in the same tree.
    fn parent(&mut self, at: Place<Self::Node>) -> Result<Place<Self::Node>, Errno>;

    fn read_link(&mut self, link: Place<Self::Node>) -> Result<Vec<u8>, Errno>;

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
            Step::ReadLink { link } => {
                let text = namespace.read_link(link)?;
                walk.link_text(text)?;
            }
            Step::Lookup { at, name, residual } => {
                namespace.may_search(at)?;
                let in_mount = |node| Place { mount: at.mount, node };
                match namespace.lookup(at, name, residual)? {
                    Answer::Found { node, kind, consumed } => {
                        let place = cross(namespace, in_mount(node));
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
