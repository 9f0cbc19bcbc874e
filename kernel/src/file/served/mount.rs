//! Which ports are mounted where.

use super::Served;
use crate::file::place::Place;
use crate::file::tree::{self, Held};
use crate::ipc::port::Port;
use crate::result::{Errno, Result};
use crate::sync::{Rank, SpinLock};
use abi::file::DeviceNumber;
use abi::node::ROOT;
use alloc::sync::{Arc, Weak};
use core::sync::atomic::{AtomicBool, Ordering::Relaxed};
use kcore::path::Mounts;

static MOUNTS: SpinLock<Mounts<u64, Known>> = SpinLock::new(Rank::Mounts, Mounts::new());

/// How the table knows a mount. No last reference is dropped under its lock: a port may go with it,
/// and a directory.
enum Known {
    Attached(Arc<Mount>),
    /// Its users keep it.
    Detached(Weak<Mount>),
}

impl Known {
    fn attached(&self) -> Option<&Arc<Mount>> {
        match self {
            Self::Attached(mount) => Some(mount),
            Self::Detached(_) => None,
        }
    }
}

/// Unnamed devices from here on are mounts'.
const FIRST_MINOR: u32 = 0x100;

/// A server's tree on a directory of the kernel's own.
pub struct Mount {
    number: u32,
    port: Arc<Port>,
    covered: Held,
    /// The type of file system, padded with zeros.
    kind: Type,
    /// MNT_EXPIRE was asked for, and nobody has asked the server anything since.
    is_expiring: AtomicBool,
}

/// A name of a type of file system, padded with zeros.
pub type Type = [u8; 16];

impl Mount {
    pub fn number(&self) -> u32 {
        self.number
    }

    /// For a question.
    pub(super) fn port(&self) -> &Port {
        self.is_expiring.store(false, Relaxed);
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

impl Drop for Mount {
    fn drop(&mut self) {
        // Detached ones are still there.
        let known = MOUNTS.lock().remove(self.number);
        drop(known);
    }
}

/// Mounts the server behind a port on a directory, which is hidden from then on. EBUSY if something is
/// mounted there; ENOENT if the directory has been removed.
pub fn mount(port: Arc<Port>, covered: Held, kind: Type) -> Result<()> {
    let (node, place) = (covered.node(), covered.place());
    let number = MOUNTS.lock().next_number()?;
    let is_expiring = AtomicBool::new(false);
    let mount = Arc::try_new(Mount { number, port, covered, kind, is_expiring });
    let mount = mount.map_err(|_| Errno::ENOMEM)?;
    let mut mounts = MOUNTS.lock();
    let mut tree = tree::lock();
    tree.may_cover(node)?;
    mounts.mount(number, place, ROOT, Known::Attached(mount.clone()))?;
    tree.set_mounted(node, true)
}

/// Mounts a file system of a type that is mounted already on another directory. ENODEV if there is none.
pub fn mount_again(kind: Type, covered: Held) -> Result<()> {
    let port = {
        let mounts = MOUNTS.lock();
        let mount = mounts.iter().filter_map(Known::attached).find(|mount| mount.kind == kind);
        mount.ok_or(Errno::ENODEV)?.port.clone()
    };
    mount(port, covered, kind)
}

/// When a mount ends.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum End {
    /// Now: nobody may use it.
    Unused,
    /// From the tree now, and altogether when nobody uses it any more.
    Detached,
    /// Now if nobody uses it and this is the second time that this is asked for, without a question to
    /// the server in between: else EAGAIN.
    Expired,
}

/// Ends the mount that a node is the root of. EINVAL if it is none, EBUSY while anybody else uses it.
pub fn unmount(root: Served, end: End) -> Result<()> {
    if root.node != ROOT {
        return Err(Errno::EINVAL);
    }
    let mount = &root.mount;
    // The table's reference, and this one.
    let is_unused =
        |known: &Known| known.attached().is_some_and(|mount| Arc::strong_count(mount) == 2);
    let known = {
        let mut mounts = MOUNTS.lock();
        if end == End::Expired && !mount.is_expiring.load(Relaxed) {
            if !mounts.get(mount.number).is_some_and(is_unused) {
                return Err(Errno::EBUSY);
            }
            mount.is_expiring.store(true, Relaxed);
            return Err(Errno::EAGAIN);
        }
        let known = if end == End::Detached {
            let known = mounts.detach(mount.number)?;
            core::mem::replace(known, Known::Detached(Arc::downgrade(mount)))
        } else {
            mounts.unmount(mount.number, is_unused)?
        };
        // The mount holds it.
        let _ = tree::lock().set_mounted(mount.covered.node(), false);
        known
    };
    drop(known);
    Ok(())
}

/// The mount with the lowest number above `after`.
pub fn next(after: u32) -> Option<Arc<Mount>> {
    let mounts = MOUNTS.lock();
    let later = mounts.iter().filter_map(Known::attached).filter(|mount| mount.number > after);
    later.min_by_key(|mount| mount.number).cloned()
}

pub(super) fn get(number: u32) -> Result<Arc<Mount>> {
    let mount = match MOUNTS.lock().get(number) {
        Some(Known::Attached(mount)) => Some(mount.clone()),
        Some(Known::Detached(mount)) => mount.upgrade(),
        None => None,
    };
    mount.ok_or(Errno::ENOENT)
}

/// The root of what is mounted on a directory.
pub fn mounted_on(place: Place) -> Option<Place> {
    MOUNTS.lock().mounted_on(place)
}

/// The directory that the mount with this root is mounted on.
pub fn covered_by(root: Place) -> Option<Place> {
    MOUNTS.lock().covered_by(root)
}
