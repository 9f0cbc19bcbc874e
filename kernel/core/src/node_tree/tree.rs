//! The tree, its lookups, and who holds a node.

use super::directory::{DirectoryEntry, Entries, FIRST_COOKIE};
use super::node::{Attributes, Body, Directory, Node, NodeId, Timestamp};
use crate::arena::{Arena, NIL, NoMemory};
use abi::errno::Errno;
use abi::file::{NAME_MAX, S_IFDIR};

/// Most names a file may have, and most directories a directory.
pub const MAX_LINKS: u32 = 65000;
/// What tmpfs counts for an entry in a directory's size.
pub(super) const ENTRY_SIZE: u64 = 20;

/// Asked before a directory changes: EACCES, or for a victim in a sticky directory EPERM.
pub trait Permit {
    fn change(&self, directory: &Attributes, victim: Option<&Attributes>) -> Result<(), Errno>;
}

impl<F: Fn(&Attributes, Option<&Attributes>) -> Result<(), Errno>> Permit for F {
    fn change(&self, directory: &Attributes, victim: Option<&Attributes>) -> Result<(), Errno> {
        self(directory, victim)
    }
}

/// What every change of a directory needs.
pub struct Edit<'a> {
    pub now: Timestamp,
    pub permit: &'a dyn Permit,
}

/// See the module.
pub struct NodeTree<C> {
    pub(super) nodes: Arena<Node<C>, 16>,
    pub(super) entries: Entries,
    pub(super) root: u32,
    next_serial: u32,
}

impl<C> NodeTree<C> {
    /// A tree with an empty, writable root directory.
    pub fn new(mode: u32, now: Timestamp) -> Result<Self, NoMemory> {
        let mut tree =
            Self { nodes: Arena::new(), entries: Entries::new(), root: 0, next_serial: 1 };
        tree.nodes.reserve(1)?;
        let attributes = Attributes {
            mode: S_IFDIR | mode & 0o7777,
            size: 2 * ENTRY_SIZE,
            accessed: now,
            modified: now,
            changed: now,
            ..Attributes::default()
        };
        tree.root = tree.add_node(attributes, Body::Directory(Directory::new(0)), false).index;
        let root = tree.root;
        if let Some(node) = tree.nodes.get_mut(root) {
            node.links = 2;
            node.body = Body::Directory(Directory::new(root));
        }
        Ok(tree)
    }

    /// Takes a reserved slot.
    pub(super) fn add_node(
        &mut self,
        attributes: Attributes,
        body: Body<C>,
        read_only: bool,
    ) -> NodeId {
        let serial = self.next_serial;
        self.next_serial = serial.checked_add(1).unwrap_or(1);
        let index = self.nodes.insert(Node {
            serial,
            links: 0,
            named_in: NIL,
            holds: 0,
            read_only,
            mounted: false,
            linkable: false,
            attributes,
            body,
        });
        NodeId { index, serial }
    }

    pub fn root(&self) -> NodeId {
        self.id_of(self.root)
    }

    pub(super) fn id_of(&self, index: u32) -> NodeId {
        NodeId { index, serial: self.nodes.get(index).map_or(0, |node| node.serial) }
    }

    /// ENOENT for a node that is gone.
    #[inline]
    pub fn node(&self, id: NodeId) -> Result<&Node<C>, Errno> {
        self.nodes.get(id.index).filter(|node| node.serial == id.serial).ok_or(Errno::ENOENT)
    }

    pub(super) fn node_mut(&mut self, id: NodeId) -> Result<&mut Node<C>, Errno> {
        let node = self.nodes.get_mut(id.index).filter(|node| node.serial == id.serial);
        node.ok_or(Errno::ENOENT)
    }

    /// A node by the index an entry has for it.
    pub(super) fn slot(&self, index: u32) -> Result<&Node<C>, Errno> {
        self.nodes.get(index).ok_or(Errno::ENOENT)
    }

    pub(super) fn slot_mut(&mut self, index: u32) -> Result<&mut Node<C>, Errno> {
        self.nodes.get_mut(index).ok_or(Errno::ENOENT)
    }

    /// ENOTDIR, or ENOENT if it is gone.
    pub(super) fn directory(&self, id: NodeId) -> Result<(&Node<C>, &Directory), Errno> {
        let node = self.node(id)?;
        match &node.body {
            Body::Directory(directory) => Ok((node, directory)),
            _ => Err(Errno::ENOTDIR),
        }
    }

    /// For attributes that change by themselves: times, and the size by writes.
    pub fn attributes_mut(&mut self, id: NodeId) -> Result<&mut Attributes, Errno> {
        Ok(&mut self.node_mut(id)?.attributes)
    }

    /// For attributes that a program changes: EROFS if it may not. The type bits must stay.
    pub fn changeable(&mut self, id: NodeId) -> Result<&mut Attributes, Errno> {
        let node = self.node_mut(id)?;
        if node.read_only { Err(Errno::EROFS) } else { Ok(&mut node.attributes) }
    }

    /// `None` for a directory or a symbolic link.
    pub fn content_mut(&mut self, id: NodeId) -> Result<Option<&mut C>, Errno> {
        Ok(match &mut self.node_mut(id)?.body {
            Body::Other(content) => Some(content),
            _ => None,
        })
    }

    /// The node `name` in a directory. Neither `.` nor `..` is a name.
    #[inline]
    pub fn lookup(&self, directory: NodeId, name: &[u8]) -> Result<NodeId, Errno> {
        let (_, directory) = self.directory(directory)?;
        let entry = self.find(directory, name)?.ok_or(Errno::ENOENT)?;
        Ok(self.id_of(self.entries.get(entry).ok_or(Errno::ENOENT)?.node))
    }

    pub(super) fn find(&self, directory: &Directory, name: &[u8]) -> Result<Option<u32>, Errno> {
        if name.len() > NAME_MAX as usize {
            return Err(Errno::ENAMETOOLONG);
        }
        Ok(directory.find(&self.entries, name))
    }

    /// Where `..` leads; the root's is itself.
    pub fn parent(&self, directory: NodeId) -> Result<NodeId, Errno> {
        let (_, directory) = self.directory(directory)?;
        Ok(self.id_of(directory.parent))
    }

    /// A directory in which `child` has a name, and the name. ENOENT if it has none any more. Takes
    /// time for each entry.
    pub fn name_of(&self, child: NodeId) -> Result<(NodeId, &[u8]), Errno> {
        let node = self.node(child)?;
        let likely = match &node.body {
            Body::Directory(directory) => directory.parent,
            _ => node.named_in,
        };
        let found = self.name_in(likely, child);
        if found.is_some() || node.links == 0 || node.is_directory() {
            return found.ok_or(Errno::ENOENT);
        }
        // The name it got last is gone, but it has others.
        (0..self.nodes.slots()).find_map(|index| self.name_in(index, child)).ok_or(Errno::ENOENT)
    }

    fn name_in(&self, index: u32, child: NodeId) -> Option<(NodeId, &[u8])> {
        let Body::Directory(directory) = &self.nodes.get(index)?.body else { return None };
        let mut cookie = FIRST_COOKIE;
        while let Some((entry, next)) = directory.at_cookie(&self.entries, cookie) {
            if entry.node == child.index {
                return Some((self.id_of(index), &entry.name));
            }
            cookie = next;
        }
        None
    }

    /// The entry at a position, `None` at the end. ENOENT for a removed directory.
    pub fn read_directory(
        &self,
        id: NodeId,
        cookie: u32,
    ) -> Result<Option<DirectoryEntry<'_>>, Errno> {
        let (node, directory) = self.directory(id)?;
        if directory.dead {
            return Err(Errno::ENOENT);
        }
        let dots = match cookie {
            FIRST_COOKIE => Some((&b"."[..], id)),
            1 => Some((&b".."[..], self.id_of(directory.parent))),
            _ => None,
        };
        if let Some((name, node_id)) = dots {
            let mode = node.attributes.mode;
            let next_cookie = cookie + 1;
            return Ok(Some(DirectoryEntry { name, node: node_id, mode, next_cookie }));
        }
        let Some((entry, next_cookie)) = directory.at_cookie(&self.entries, cookie) else {
            return Ok(None);
        };
        let node = self.id_of(entry.node);
        let mode = self.node(node)?.attributes.mode;
        Ok(Some(DirectoryEntry { name: &entry.name, node, mode, next_cookie }))
    }

    /// One more user of a node: an open file, a working directory, a mount.
    pub fn hold(&mut self, id: NodeId) -> Result<(), Errno> {
        self.node_mut(id)?.holds += 1;
        Ok(())
    }

    /// One user less. Returns the content if that was the last and the node has no name.
    pub fn release(&mut self, id: NodeId) -> Option<C> {
        let mut id = id;
        loop {
            let node = self.node_mut(id).ok()?;
            debug_assert!(node.holds > 0, "released once too often");
            node.holds = node.holds.saturating_sub(1);
            if node.holds > 0 || node.links > 0 {
                return None;
            }
            match self.nodes.remove(id.index)?.body {
                Body::Other(content) => return Some(content),
                Body::SymbolicLink(_) => return None,
                // A removed directory holds the one it was in.
                Body::Directory(directory) => id = self.id_of(directory.parent),
            }
        }
    }

    /// Whether somebody holds the node.
    pub fn is_held(&self, id: NodeId) -> bool {
        self.node(id).is_ok_and(|node| node.holds > 0)
    }

    /// ENOENT unless something can be mounted on the node: it has been removed.
    pub fn may_cover(&self, id: NodeId) -> Result<(), Errno> {
        if self.node(id)?.links > 0 { Ok(()) } else { Err(Errno::ENOENT) }
    }

    /// Says that something is mounted on the node: it cannot be removed or renamed (EBUSY).
    pub fn set_mounted(&mut self, id: NodeId, mounted: bool) -> Result<(), Errno> {
        self.node_mut(id)?.mounted = mounted;
        Ok(())
    }

    /// Makes everything there is now read-only; new nodes take after their directory.
    pub fn seal(&mut self) {
        let mut left = self.nodes.len();
        let mut index = 0;
        while left > 0 {
            if let Some(node) = self.nodes.get_mut(index) {
                node.read_only = true;
                left -= 1;
            }
            index += 1;
        }
    }

    /// Lets a directory change again, and what is made in it from now on.
    pub fn unseal(&mut self, id: NodeId) -> Result<(), Errno> {
        self.node_mut(id)?.read_only = false;
        Ok(())
    }

    /// Nodes in the tree, the nameless ones included.
    pub fn len(&self) -> u32 {
        self.nodes.len()
    }

    /// Never: there is a root.
    pub fn is_empty(&self) -> bool {
        false
    }

    /// Gives unused memory back.
    pub fn shrink(&mut self) {
        self.nodes.shrink();
        self.entries.shrink();
    }
}
