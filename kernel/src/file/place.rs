//! Nodes of all trees as the walk along paths knows them: numbers.

use kcore::node_tree::NodeId;
use kcore::path;

/// A node's number in a mounted tree: [`NodeId::to_raw`] in the kernel's own, what the server likes in
/// others.
pub type Place = path::Place<u64>;

/// The number of the kernel's own tree among the mounts.
pub const BUILT_IN: u32 = 0;
/// The mount of what is in no tree: a pipe, say, that a link of `/proc` leads to.
pub const NOWHERE: u32 = u32::MAX;

/// A node of the kernel's own tree.
#[inline]
pub const fn built_in(node: NodeId) -> Place {
    Place { mount: BUILT_IN, node: node.to_raw() }
}

/// What `place` is in the kernel's own tree; `None` if it is in another.
#[inline]
pub const fn node_of(place: Place) -> Option<NodeId> {
    if place.mount == BUILT_IN { Some(NodeId::from_raw(place.node)) } else { None }
}
