//! The kernel's built-in tree of nodes: the boot archive, read-only, with `/tmp` and `/dev`.

use super::access::Caller;
use super::pipe::Pipe;
use super::place::{self, BUILT_IN, Place};
use super::regular::Regular;
use super::status::{BLOCK_SIZE, FileStatus};
use crate::result::{Errno, Result};
use crate::sync::{Rank, SpinLock, SpinLockGuard};
use crate::time::{self, SECOND};
use abi::file::DeviceNumber;
use alloc::sync::Arc;
use core::ops::{Deref, DerefMut};
use kcore::node_tree::{Edit, NodeId, NodeTree, Timestamp};

/// Its device, as an unnamed one of Linux.
const DEVICE: DeviceNumber = DeviceNumber::new(0, 2);

/// What a node that is neither directory nor link leads to.
pub enum Content {
    Regular(Arc<Regular>),
    Fifo(Arc<Pipe>),
    /// A device, by the number among its attributes, or a socket.
    Special,
}

struct State {
    /// `None` before [`initialise`].
    nodes: Option<NodeTree<Content>>,
    /// The tick at which `now` was asked for last, and the answer.
    stamp: (u32, Timestamp),
}

static STATE: SpinLock<State> = SpinLock::new(
    Rank::NodeTree,
    State { nodes: None, stamp: (0, Timestamp { seconds: 0, nanoseconds: 0 }) },
);

/// Makes the tree: an empty root directory.
pub fn initialise() -> Result<()> {
    let mut state = STATE.lock();
    let now = state.now();
    state.nodes = Some(NodeTree::new(0o755, now).map_err(|_| Errno::ENOMEM)?);
    Ok(())
}

/// Gives back memory that holds nothing.
pub fn shrink() {
    let mut state = STATE.lock();
    state.nodes.iter_mut().for_each(NodeTree::shrink);
}

impl State {
    /// The time of the last tick.
    fn now(&mut self) -> Timestamp {
        let tick = time::ticks();
        if self.stamp.0 != tick || self.stamp.1 == Timestamp::default() {
            self.stamp = (tick, timestamp(time::realtime()));
        }
        self.stamp.1
    }
}

fn timestamp(nanoseconds: u64) -> Timestamp {
    Timestamp {
        seconds: (nanoseconds / SECOND).cast_signed(),
        nanoseconds: (nanoseconds % SECOND) as u32,
    }
}

/// The tree, locked.
pub struct Tree(SpinLockGuard<'static, State>);

#[inline]
pub fn lock() -> Tree {
    Tree(STATE.lock())
}

impl Deref for Tree {
    type Target = NodeTree<Content>;

    #[inline]
    fn deref(&self) -> &Self::Target {
        match &self.0.nodes {
            Some(nodes) => nodes,
            None => unmade(),
        }
    }
}

impl DerefMut for Tree {
    #[inline]
    fn deref_mut(&mut self) -> &mut Self::Target {
        match &mut self.0.nodes {
            Some(nodes) => nodes,
            None => unmade(),
        }
    }
}

#[cold]
fn unmade() -> ! {
    panic!("the node tree is used before it is made")
}

impl Tree {
    /// The time for a change.
    pub fn now(&mut self) -> Timestamp {
        self.0.now()
    }

    /// What a change of a directory by `caller` needs.
    pub fn edit<'a>(&mut self, caller: &'a Caller) -> Edit<'a> {
        Edit { now: self.now(), permit: caller }
    }

    /// One more reference to a node; ENOENT if it is gone.
    pub fn held(&mut self, node: NodeId) -> Result<Held> {
        self.hold(node)?;
        Ok(Held { node })
    }

    pub fn status(&self, id: NodeId) -> Result<FileStatus> {
        let node = self.node(id)?;
        let attributes = node.attributes();
        let (size, blocks) = match node.content() {
            Some(Content::Regular(regular)) => (regular.size(), regular.blocks()),
            _ => (attributes.size, 0),
        };
        Ok(FileStatus {
            device: DEVICE,
            ino: u64::from(id.inode_number()),
            mode: attributes.mode,
            nlink: node.links(),
            uid: attributes.uid,
            gid: attributes.gid,
            rdev: DeviceNumber::decode(attributes.rdev),
            size,
            block_size: BLOCK_SIZE,
            blocks,
            accessed: attributes.accessed,
            modified: attributes.modified,
            changed: attributes.changed,
            mount: u64::from(BUILT_IN) + 1,
        })
    }
}

/// A node that stays as long as this does: of an open file, a working directory.
pub struct Held {
    node: NodeId,
}

impl Held {
    /// Takes over a reference that the tree has counted.
    pub fn adopt(node: NodeId) -> Self {
        Self { node }
    }

    #[inline]
    pub fn place(&self) -> Place {
        place::built_in(self.node)
    }

    #[inline]
    pub fn node(&self) -> NodeId {
        self.node
    }

    /// One more reference.
    pub fn again(&self) -> Held {
        // A held node is there.
        let _ = lock().hold(self.node);
        Self { node: self.node }
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        let content = lock().release(self.node);
        // Outside of the lock: with it goes all of the file's memory.
        drop(content);
    }
}
