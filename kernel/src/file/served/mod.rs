//! Nodes that servers answer for: what is below a directory that a port is mounted on.
//!
//! The kernel keeps a mount and a number for each ([`Served`]) and asks the server for everything else,
//! by the running task ([`ask`]). Nothing a server says is believed before it is checked: what makes no
//! sense is EIO for whoever asked.

mod ask;
mod attributes;
mod directory;
mod look_up;
mod mount;
mod names;
mod opened;

pub use attributes::permissions;
pub use mount::{
    End, Mount, Type, covered_by, mount, mount_again, mounted_on, next as next_mount, unmount,
};
pub use opened::{Opened, open};

use super::place::Place;
use super::tree::Held;
use crate::result::Result;
use abi::node::ROOT;
use alloc::sync::Arc;

/// A node of a server's.
#[derive(Clone)]
pub struct Served {
    mount: Arc<Mount>,
    node: u64,
}

impl Served {
    /// ENOENT if the mount has ended.
    pub fn at(place: Place) -> Result<Self> {
        Ok(Self { mount: mount::get(place.mount)?, node: place.node })
    }

    pub fn place(&self) -> Place {
        Place { mount: self.mount.number(), node: self.node }
    }

    /// The directory that its tree is mounted on, or was.
    pub fn covered(&self) -> &Held {
        self.mount.covered()
    }

    /// The root of its tree.
    pub fn tree_root(&self) -> Place {
        Place { node: ROOT, ..self.place() }
    }
}
