//! The kernel's own tree of nodes: the boot archive (read-only), `/tmp`, `/dev`.
//!
//! Nodes and directory entries live in arenas; a directory is a balanced tree of entries ordered
//! by a hash of their names, and a reading position is such a hash: entries may come and go
//! between two reads without one being missed or seen twice. What a file contains is the
//! kernel's affair; here it is a `C`.
//!
//! Every verb checks in Linux's order and changes nothing if it fails. Whether the caller may
//! change a directory is asked through [`Permit`] at the place where Linux asks.

mod directory;
mod edit;
mod node;
mod remove;
mod rename;
#[cfg(test)]
mod tests;
mod tree;

pub use directory::{DirectoryEntry, FIRST_COOKIE};
pub use edit::NewNode;
pub use node::{Attributes, Kind, Node, NodeId, Timestamp};
pub use remove::Removed;
pub use rename::RenameFlag;
pub use tree::{Edit, MAX_LINKS, NodeTree, Permit};
