//! New nodes and new names.

use super::directory::copy_name;
use super::node::{Attributes, Body, Directory, NodeId, Timestamp};
use super::tree::{ENTRY_SIZE, Edit, MAX_LINKS, NodeTree, Permit};
use crate::arena::NoMemory;
use abi::errno::Errno;
use abi::file::{S_IFDIR, S_IFLNK, S_IFMT, S_ISGID};
use alloc::vec::Vec;

/// Whose a new node is and what it may be used for.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct NewNode {
    /// Permission bits, the umask applied. Type bits matter only to [`NodeTree::create_node`].
    pub mode: u32,
    pub uid: u32,
    pub gid: u32,
    pub rdev: u32,
}

const NO_MEMORY: fn(NoMemory) -> Errno = |NoMemory| Errno::ENOMEM;

impl<C> NodeTree<C> {
    /// Whether `name` can be made in `directory`: EEXIST, EROFS, ENOENT for a removed directory,
    /// then the permission, in Linux's order.
    pub fn may_create(
        &self,
        directory: NodeId,
        name: &[u8],
        permit: &dyn Permit,
    ) -> Result<(), Errno> {
        let (node, entries) = self.directory(directory)?;
        if self.find(entries, name)?.is_some() || matches!(name, b"" | b"." | b"..") {
            return Err(Errno::EEXIST);
        }
        if node.read_only {
            return Err(Errno::EROFS);
        }
        if entries.dead {
            return Err(Errno::ENOENT);
        }
        permit.change(&node.attributes, None)
    }

    /// `mkdir`.
    pub fn create_directory(
        &mut self,
        directory: NodeId,
        name: &[u8],
        new: NewNode,
        edit: &Edit<'_>,
    ) -> Result<NodeId, Errno> {
        self.may_create(directory, name, edit.permit)?;
        if self.node(directory)?.links >= MAX_LINKS {
            return Err(Errno::EMLINK);
        }
        let name = self.reserve(name)?;
        let body = Body::Directory(Directory::new(directory.index));
        let new = NewNode { mode: S_IFDIR | new.mode & !S_IFMT, rdev: 0, ..new };
        Ok(self.commit_node(directory, name, new, 2 * ENTRY_SIZE, body, edit.now))
    }

    /// `symlink`.
    pub fn create_symbolic_link(
        &mut self,
        directory: NodeId,
        name: &[u8],
        text: &[u8],
        new: NewNode,
        edit: &Edit<'_>,
    ) -> Result<NodeId, Errno> {
        self.may_create(directory, name, edit.permit)?;
        let name = self.reserve(name)?;
        let text = copy_name(text).map_err(NO_MEMORY)?;
        let size = text.len() as u64;
        let new = NewNode { mode: S_IFLNK | 0o777, rdev: 0, ..new };
        Ok(self.commit_node(directory, name, new, size, Body::SymbolicLink(text), edit.now))
    }

    /// `open` with O_CREAT, `mknod`: everything that is neither directory nor link. `content` is
    /// called last: when it succeeds, so does this.
    pub fn create_node(
        &mut self,
        directory: NodeId,
        name: &[u8],
        new: NewNode,
        content: impl FnOnce() -> Result<C, Errno>,
        edit: &Edit<'_>,
    ) -> Result<NodeId, Errno> {
        if matches!(new.mode & S_IFMT, 0 | S_IFDIR | S_IFLNK) {
            return Err(Errno::EINVAL);
        }
        self.may_create(directory, name, edit.permit)?;
        let name = self.reserve(name)?;
        let body = Body::Other(content()?);
        Ok(self.commit_node(directory, name, new, 0, body, edit.now))
    }

    /// O_TMPFILE, `memfd_create`: a node without a name, held once. It goes when it is released,
    /// unless [`link`](Self::link) has named it, which only a `linkable` one allows.
    pub fn create_nameless(
        &mut self,
        new: NewNode,
        linkable: bool,
        content: impl FnOnce() -> Result<C, Errno>,
        now: Timestamp,
    ) -> Result<NodeId, Errno> {
        self.nodes.reserve(1).map_err(NO_MEMORY)?;
        let body = Body::Other(content()?);
        let NewNode { mode, uid, gid, rdev } = new;
        let (accessed, modified, changed) = (now, now, now);
        let attributes = Attributes { mode, uid, gid, rdev, size: 0, accessed, modified, changed };
        let id = self.add_node(attributes, body, false);
        let node = self.node_mut(id)?;
        (node.holds, node.linkable) = (1, linkable);
        Ok(id)
    }

    /// Memory for one more node and entry, and the name's own.
    fn reserve(&mut self, name: &[u8]) -> Result<Vec<u8>, Errno> {
        self.nodes.reserve(1).map_err(NO_MEMORY)?;
        self.entries.reserve(1).map_err(NO_MEMORY)?;
        copy_name(name).map_err(NO_MEMORY)
    }

    fn commit_node(
        &mut self,
        directory: NodeId,
        name: Vec<u8>,
        new: NewNode,
        size: u64,
        body: Body<C>,
        now: Timestamp,
    ) -> NodeId {
        let NewNode { mut mode, uid, mut gid, rdev } = new;
        let is_directory = matches!(body, Body::Directory(_));
        let mut read_only = false;
        if let Ok(parent) = self.node(directory) {
            read_only = parent.read_only;
            // A set-group-id directory hands its group down, and itself to directories.
            if parent.attributes.mode & S_ISGID != 0 {
                gid = parent.attributes.gid;
                mode |= if is_directory { S_ISGID } else { 0 };
            }
        }
        let (accessed, modified, changed) = (now, now, now);
        let attributes = Attributes { mode, uid, gid, rdev, size, accessed, modified, changed };
        let node = self.add_node(attributes, body, read_only);
        if let Ok(node) = self.node_mut(node) {
            node.links = if is_directory { 2 } else { 1 };
        }
        self.add_entry(directory.index, name, node.index, now);
        node
    }

    /// Adds an entry to the directory at `index`, all memory reserved.
    pub(super) fn add_entry(&mut self, index: u32, name: Vec<u8>, node: u32, now: Timestamp) {
        let is_directory = self.slot(node).is_ok_and(|node| node.is_directory());
        let Ok(parent) = self.nodes.get_mut(index).ok_or(Errno::ENOENT) else { return };
        parent.attributes.size += ENTRY_SIZE;
        parent.attributes.modified = now;
        parent.attributes.changed = now;
        parent.links += u32::from(is_directory);
        if let Body::Directory(directory) = &mut parent.body {
            directory.insert(&mut self.entries, name, node);
        }
        if let Ok(node) = self.slot_mut(node) {
            node.named_in = index;
        }
    }

    /// `link`: one more name for a node that is no directory. The caller has seen to EXDEV.
    pub fn link(
        &mut self,
        target: NodeId,
        directory: NodeId,
        name: &[u8],
        edit: &Edit<'_>,
    ) -> Result<(), Errno> {
        self.node(target)?;
        self.may_create(directory, name, edit.permit)?;
        let node = self.node(target)?;
        if node.read_only {
            return Err(Errno::EROFS);
        }
        if node.is_directory() {
            return Err(Errno::EPERM);
        }
        if node.links == 0 && !node.linkable {
            return Err(Errno::ENOENT);
        }
        if node.links >= MAX_LINKS {
            return Err(Errno::EMLINK);
        }
        self.entries.reserve(1).map_err(NO_MEMORY)?;
        let name = copy_name(name).map_err(NO_MEMORY)?;
        let node = self.node_mut(target)?;
        node.links += 1;
        node.linkable = false;
        node.attributes.changed = edit.now;
        self.add_entry(directory.index, name, target.index, edit.now);
        Ok(())
    }
}
