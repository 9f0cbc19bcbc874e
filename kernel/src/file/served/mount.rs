//! Which ports are mounted where.

use super::Served;
use crate::file::place::Place;
use crate::file::status::DeviceNumber;
use crate::file::tree::{self, Held};
use crate::ipc::port::Port;
use crate::result::{Errno, Result};
use crate::sync::{Rank, SpinLock};
use abi::node::ROOT;
use alloc::sync::Arc;
use kcore::path::Mounts;

static MOUNTS: SpinLock<Mounts<u64, Arc<Mount>>> = SpinLock::new(Rank::Mounts, Mounts::new());

/// Unnamed devices from here on are mounts'.
const FIRST_MINOR: u32 = 0x100;

/// A server's tree on a directory of the kernel's own.
pub struct Mount {
    number: u32,
    port: Arc<Port>,
    covered: Held,
    /// The type of file system, padded with zeros.
    kind: Type,
}

/// A name of a type of file system, padded with zeros.
pub type Type = [u8; 16];

impl Mount {
    pub fn number(&self) -> u32 {
        self.number
    }

    pub(super) fn port(&self) -> &Port {
        &self.port
    }

    pub(super) fn covered(&self) -> &Held {
        &self.covered
    }

    /// The type of file system, padded with zeros.
    pub fn kind(&self) -> Type {
        self.kind
    }

    /// The directory it is on.
    pub fn covered_place(&self) -> Place {
        self.covered.place()
    }

    /// For `st_dev`.
    pub fn device(&self) -> DeviceNumber {
        DeviceNumber::new(0, FIRST_MINOR + self.number)
    }
}

/// Mounts the server behind a port on a directory, which is hidden from then on. EBUSY if something is
/// mounted there.
pub fn mount(port: Arc<Port>, covered: Held, kind: Type) -> Result<()> {
    let (node, place) = (covered.node(), covered.place());
    let mut mounts = MOUNTS.lock();
    mounts.mount(place, ROOT, |number| {
        Arc::try_new(Mount { number, port, covered, kind }).map_err(|_| Errno::ENOMEM)
    })?;
    tree::lock().set_mounted(node, true)
}

/// Mounts a file system of a type that is mounted already on another directory. ENODEV if there is none.
pub fn mount_again(kind: Type, covered: Held) -> Result<()> {
    let port = {
        let mounts = MOUNTS.lock();
        let mount = mounts.iter().map(|(_, mount)| mount).find(|mount| mount.kind == kind);
        mount.ok_or(Errno::ENODEV)?.port.clone()
    };
    mount(port, covered, kind)
}

/// Ends the mount that a node is the root of. EINVAL if it is none, EBUSY while anybody else uses it.
pub fn unmount(root: Served) -> Result<()> {
    if root.node != ROOT {
        return Err(Errno::EINVAL);
    }
    // The table's reference, and this one.
    let is_unused = |mount: &Arc<Mount>| Arc::strong_count(mount) == 2;
    let mount = {
        let mut mounts = MOUNTS.lock();
        let mount = mounts.unmount(root.mount.number, is_unused)?;
        tree::lock().set_mounted(mount.covered.node(), false)?;
        mount
    };
    // Without the lock: with it may go the port and the directory.
    drop(mount);
    Ok(())
}

/// The mount with the lowest number above `after`.
pub fn next(after: u32) -> Option<Arc<Mount>> {
    let mounts = MOUNTS.lock();
    let later = mounts.iter().map(|(_, mount)| mount).filter(|mount| mount.number > after);
    later.min_by_key(|mount| mount.number).cloned()
}

pub(super) fn get(number: u32) -> Result<Arc<Mount>> {
    MOUNTS.lock().get(number).cloned().ok_or(Errno::ENOENT)
}

/// The root of what is mounted on a directory.
pub fn mounted_on(place: Place) -> Option<Place> {
    MOUNTS.lock().mounted_on(place)
}

/// The directory that the mount with this root is mounted on.
pub fn covered_by(root: Place) -> Option<Place> {
    MOUNTS.lock().covered_by(root)
}
