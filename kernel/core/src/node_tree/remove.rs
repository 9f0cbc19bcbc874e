//! Names that go.

use super::node::{Body, Node, NodeId, Timestamp};
use super::tree::{ENTRY_SIZE, Edit, NodeTree, Permit};
use abi::errno::Errno;

/// A node that lost a name.
#[must_use]
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Removed<C> {
    pub node: NodeId,
    /// The content, if that was the last name and nobody holds the node. Else
    /// [`NodeTree::release`] gives it later.
    pub content: Option<C>,
}

impl<C> NodeTree<C> {
    /// Whether the entry for `victim` may be taken out of `directory`: what Linux's `may_delete`
    /// checks.
    pub(super) fn may_remove(
        &self,
        directory: NodeId,
        victim: u32,
        expected: Expected,
        permit: &dyn Permit,
    ) -> Result<(), Errno> {
        let victim_node = self.slot(victim)?;
        let (node, entries) = self.directory(directory)?;
        permit.change(&node.attributes, Some(&victim_node.attributes))?;
        match expected {
            Expected::Directory if !victim_node.is_directory() => return Err(Errno::ENOTDIR),
            Expected::Directory if victim == self.root => return Err(Errno::EBUSY),
            Expected::Other if victim_node.is_directory() => return Err(Errno::EISDIR),
            _ => {}
        }
        if entries.dead { Err(Errno::ENOENT) } else { Ok(()) }
    }

    /// The entry `name`, in a directory that may change.
    fn removable(&self, directory: NodeId, name: &[u8]) -> Result<(u32, u32), Errno> {
        let (node, entries) = self.directory(directory)?;
        if node.read_only {
            return Err(Errno::EROFS);
        }
        let entry = self.find(entries, name)?.ok_or(Errno::ENOENT)?;
        Ok((entry, self.entries.get(entry).ok_or(Errno::ENOENT)?.node))
    }

    /// `unlink`.
    pub fn unlink(
        &mut self,
        directory: NodeId,
        name: &[u8],
        edit: &Edit<'_>,
    ) -> Result<Removed<C>, Errno> {
        self.remove(directory, name, Expected::Other, edit)
    }

    /// `rmdir`. A directory that is held stays, empty and without a name.
    pub fn remove_directory(
        &mut self,
        directory: NodeId,
        name: &[u8],
        edit: &Edit<'_>,
    ) -> Result<Removed<C>, Errno> {
        self.remove(directory, name, Expected::Directory, edit)
    }

    fn remove(
        &mut self,
        directory: NodeId,
        name: &[u8],
        expected: Expected,
        edit: &Edit<'_>,
    ) -> Result<Removed<C>, Errno> {
        let (entry, victim) = self.removable(directory, name)?;
        self.may_remove(directory, victim, expected, edit.permit)?;
        let node = self.slot(victim)?;
        if node.mounted {
            return Err(Errno::EBUSY);
        }
        if !is_empty(node) {
            return Err(Errno::ENOTEMPTY);
        }
        self.remove_entry(directory.index, entry, victim, edit.now);
        Ok(self.drop_name(victim, edit.now))
    }

    /// Takes an entry out of the directory at `index`.
    pub(super) fn remove_entry(&mut self, index: u32, entry: u32, node: u32, now: Timestamp) {
        let is_directory = self.slot(node).is_ok_and(|node| node.is_directory());
        let Ok(parent) = self.nodes.get_mut(index).ok_or(Errno::ENOENT) else { return };
        parent.attributes.size -= ENTRY_SIZE;
        parent.attributes.modified = now;
        parent.attributes.changed = now;
        parent.links -= u32::from(is_directory);
        if let Body::Directory(directory) = &mut parent.body {
            directory.remove(&mut self.entries, entry);
        }
    }

    /// Counts a name less, all of them for a directory, and lets the node go if nothing is left.
    pub(super) fn drop_name(&mut self, index: u32, now: Timestamp) -> Removed<C> {
        let id = self.id_of(index);
        let Ok(node) = self.slot_mut(index) else { return Removed { node: id, content: None } };
        node.attributes.changed = now;
        let mut parent = None;
        match &mut node.body {
            Body::Directory(directory) => {
                directory.dead = true;
                node.links = 0;
                parent = Some(directory.parent);
            }
            _ => node.links -= 1,
        }
        if node.holds > 0 {
            // Its `..` still leads somewhere.
            if let Some(parent) = parent.and_then(|parent| self.nodes.get_mut(parent)) {
                parent.holds += 1;
            }
            return Removed { node: id, content: None };
        }
        if node.links > 0 {
            return Removed { node: id, content: None };
        }
        let content = match self.nodes.remove(index).map(|node| node.body) {
            Some(Body::Other(content)) => Some(content),
            _ => None,
        };
        Removed { node: id, content }
    }
}

/// What the call wants to remove.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Expected {
    Directory,
    Other,
}

pub(super) fn is_empty<C>(node: &Node<C>) -> bool {
    match &node.body {
        Body::Directory(directory) => directory.count == 0,
        _ => true,
    }
}
