//! `rename`, with its two flags.

use super::directory::copy_name;
use super::node::{Body, NodeId, Timestamp};
use super::remove::{Expected, Removed, is_empty};
use super::tree::{Edit, MAX_LINKS, NodeTree, Permit};
use abi::errno::Errno;

/// What to do with a node that has the new name already.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum RenameFlag {
    /// It loses its name.
    Replace,
    /// RENAME_NOREPLACE: EEXIST.
    NoReplace,
    /// RENAME_EXCHANGE: it gets the old name.
    Exchange,
}

impl<C> NodeTree<C> {
    /// Moves a name. Returns the node that lost its own to it. The caller has seen to EXDEV and
    /// to `.` and `..` (EBUSY).
    pub fn rename(
        &mut self,
        from: NodeId,
        old_name: &[u8],
        to: NodeId,
        new_name: &[u8],
        flag: RenameFlag,
        edit: &Edit<'_>,
    ) -> Result<Option<Removed<C>>, Errno> {
        let ((from_node, from_entries), (to_node, to_entries)) =
            (self.directory(from)?, self.directory(to)?);
        if from_node.read_only || to_node.read_only {
            return Err(Errno::EROFS);
        }
        let old_entry = self.find(from_entries, old_name)?.ok_or(Errno::ENOENT)?;
        let node = self.entry_node(old_entry)?;
        let target = match self.find(to_entries, new_name)? {
            Some(_) if flag == RenameFlag::NoReplace => return Err(Errno::EEXIST),
            Some(entry) => Some((entry, self.entry_node(entry)?)),
            None if flag == RenameFlag::Exchange => return Err(Errno::ENOENT),
            None => None,
        };
        // A directory moved into itself, or over one that it lies in.
        if self.is_inside(to.index, node) {
            return Err(Errno::EINVAL);
        }
        if target.is_some_and(|(_, target)| self.is_inside(from.index, target)) {
            let exchange = flag == RenameFlag::Exchange;
            return Err(if exchange { Errno::EINVAL } else { Errno::ENOTEMPTY });
        }
        if target.is_some_and(|(_, target)| target == node) {
            return Ok(None);
        }
        self.check_rename(from, node, to, target.map(|(_, target)| target), flag, edit.permit)?;
        let now = edit.now;

        match (target, flag) {
            (Some((new_entry, target)), RenameFlag::Exchange) => {
                self.exchange((from.index, old_entry, node), (to.index, new_entry, target), now);
                Ok(None)
            }
            (Some((new_entry, target)), _) => {
                // The entry keeps its place and gets the other node.
                self.set_entry(to.index, new_entry, node, now);
                self.remove_entry(from.index, old_entry, node, now);
                self.set_parent(node, to.index, now);
                Ok(Some(self.drop_name(target, now)))
            }
            (None, _) => {
                let name = copy_name(new_name).map_err(|_| Errno::ENOMEM)?;
                self.entries.reserve(1).map_err(|_| Errno::ENOMEM)?;
                self.remove_entry(from.index, old_entry, node, now);
                self.add_entry(to.index, name, node, now);
                self.set_parent(node, to.index, now);
                Ok(None)
            }
        }
    }

    fn entry_node(&self, entry: u32) -> Result<u32, Errno> {
        Ok(self.entries.get(entry).ok_or(Errno::ENOENT)?.node)
    }

    /// Whether the directory at `index` is `ancestor` or lies below it.
    fn is_inside(&self, index: u32, ancestor: u32) -> bool {
        let mut index = index;
        loop {
            if index == ancestor {
                return true;
            }
            match self.slot(index).map(|node| &node.body) {
                Ok(Body::Directory(directory)) if directory.parent != index => {
                    index = directory.parent;
                }
                _ => return false,
            }
        }
    }

    /// Linux's `vfs_rename` up to the file system's own part.
    fn check_rename(
        &self,
        from: NodeId,
        node: u32,
        to: NodeId,
        target: Option<u32>,
        flag: RenameFlag,
        permit: &dyn Permit,
    ) -> Result<(), Errno> {
        let expected = |index| {
            let is_directory = self.slot(index).is_ok_and(|node| node.is_directory());
            if is_directory { Expected::Directory } else { Expected::Other }
        };
        let exchange = flag == RenameFlag::Exchange;
        self.may_remove(from, node, expected(node), permit)?;
        match target {
            Some(target) if exchange => {
                self.may_remove(to, target, expected(target), permit)?;
            }
            Some(target) => self.may_remove(to, target, expected(node), permit)?,
            None => {
                let (node, entries) = self.directory(to)?;
                if entries.dead {
                    return Err(Errno::ENOENT);
                }
                permit.change(&node.attributes, None)?;
            }
        }
        // A directory that moves gets another `..`, which is a change of its own.
        let moves = |index| from != to && expected(index) == Expected::Directory;
        let node_moves = moves(node);
        if node_moves {
            permit.change(self.slot(node)?.attributes(), None)?;
        }
        let target_moves = exchange && target.is_some_and(moves);
        if let Some(target) = target.filter(|_| target_moves) {
            permit.change(self.slot(target)?.attributes(), None)?;
        }
        let is_mounted = |index| self.slot(index).is_ok_and(|node| node.mounted);
        if is_mounted(node) || target.is_some_and(is_mounted) {
            return Err(Errno::EBUSY);
        }
        let gains = |id: NodeId, gained: bool, lost: bool| {
            let links = self.node(id).map_or(0, |node| node.links);
            gained && !lost && links >= MAX_LINKS
        };
        let replaces_directory =
            target.is_some_and(|target| expected(target) == Expected::Directory);
        if gains(to, node_moves, replaces_directory) || gains(from, target_moves, node_moves) {
            return Err(Errno::EMLINK);
        }
        if let Some(target) = target.filter(|_| !exchange)
            && !is_empty(self.slot(target)?)
        {
            return Err(Errno::ENOTEMPTY);
        }
        Ok(())
    }

    /// Makes an entry of the directory at `index` name another node.
    fn set_entry(&mut self, index: u32, entry: u32, node: u32, now: Timestamp) {
        if let Ok(named) = self.slot_mut(node) {
            named.named_in = index;
        }
        let Some(entry) = self.entries.get_mut(entry) else { return };
        let old = core::mem::replace(&mut entry.node, node);
        let is_directory = |index| self.slot(index).is_ok_and(|node| node.is_directory());
        let (lost, gained) = (is_directory(old), is_directory(node));
        if let Ok(directory) = self.slot_mut(index) {
            directory.links = directory.links + u32::from(gained) - u32::from(lost);
            directory.attributes.modified = now;
            directory.attributes.changed = now;
        }
    }

    fn exchange(&mut self, a: (u32, u32, u32), b: (u32, u32, u32), now: Timestamp) {
        self.set_entry(a.0, a.1, b.2, now);
        self.set_entry(b.0, b.1, a.2, now);
        self.set_parent(a.2, b.0, now);
        self.set_parent(b.2, a.0, now);
    }

    fn set_parent(&mut self, node: u32, parent: u32, now: Timestamp) {
        if let Ok(node) = self.slot_mut(node) {
            node.attributes.changed = now;
            if let Body::Directory(directory) = &mut node.body {
                directory.parent = parent;
            }
        }
    }
}
