//! Working directory, root directory and umask.

use super::access::Caller;
use super::namespace::Start;
use super::tree::{self, Held, Place};
use crate::result::{Errno, Result};
use crate::sync::{Rank, SpinLock};
use alloc::sync::Arc;
use alloc::vec::Vec;
use core::sync::atomic::{AtomicU32, Ordering::Relaxed};

/// Shared by the processes and threads that were cloned with CLONE_FS.
pub struct FsContext {
    directories: SpinLock<Directories>,
    umask: AtomicU32,
}

struct Directories {
    root: Held,
    working: Held,
}

impl FsContext {
    /// The first one: everything begins at the root.
    pub fn new() -> Result<Arc<Self>> {
        let (root, working) = {
            let mut tree = tree::lock();
            let root = tree.root_place();
            (tree.held(root)?, tree.held(root)?)
        };
        Self::with(Directories { root, working }, 0o022)
    }

    fn with(directories: Directories, umask: u32) -> Result<Arc<Self>> {
        let directories = SpinLock::new(Rank::Files, directories);
        let context = Self { directories, umask: AtomicU32::new(umask) };
        Arc::try_new(context).map_err(|_| Errno::ENOMEM)
    }

    /// A copy, for `fork`.
    pub fn fork(&self) -> Result<Arc<Self>> {
        let copy = {
            let directories = self.directories.lock();
            Directories { root: directories.root.again(), working: directories.working.again() }
        };
        Self::with(copy, self.umask())
    }

    pub fn umask(&self) -> u32 {
        self.umask.load(Relaxed)
    }

    /// Returns the former one.
    pub fn set_umask(&self, umask: u32) -> u32 {
        self.umask.swap(umask & 0o777, Relaxed)
    }

    /// Where a path from the working directory begins.
    pub fn start<'a>(&self, caller: &'a Caller) -> Start<'a> {
        let directories = self.directories.lock();
        Start { root: directories.root.place(), at: directories.working.place(), caller }
    }

    pub fn set_working(&self, directory: Held) {
        let old = core::mem::replace(&mut self.directories.lock().working, directory);
        drop(old);
    }

    pub fn set_root(&self, directory: Held) {
        let old = core::mem::replace(&mut self.directories.lock().root, directory);
        drop(old);
    }

    /// The working directory's path; ENOENT if it has been removed. Out of reach from the root it
    /// begins with `(unreachable)`, as on Linux.
    pub fn working_path(&self) -> Result<Vec<u8>> {
        let (root, working) = self.places();
        path_of(working, root)
    }

    /// The root directory's path, seen from that of the tree.
    pub fn root_path(&self) -> Result<Vec<u8>> {
        let (root, _) = self.places();
        let of_tree = tree::lock().root_place();
        path_of(root, of_tree)
    }

    /// The root directory and the working directory.
    pub fn places(&self) -> (Place, Place) {
        let directories = self.directories.lock();
        (directories.root.place(), directories.working.place())
    }
}

/// Where a node is, seen from `root`. ENOENT if it has been removed.
pub(super) fn path_of(place: Place, root: Place) -> Result<Vec<u8>> {
    let tree = tree::lock();
    // From the end to the beginning.
    let mut reversed = Vec::new();
    let mut at = place;
    let mut prefix: &[u8] = b"";
    while at != root {
        if at.node == tree.root() {
            prefix = b"(unreachable)";
            break;
        }
        let (parent, name) = tree.name_of(at.node)?;
        reversed.try_reserve(name.len() + 1).map_err(|_| Errno::ENOMEM)?;
        reversed.extend(name.iter().rev());
        reversed.push(b'/');
        at.node = parent;
    }
    reversed.try_reserve(1 + prefix.len()).map_err(|_| Errno::ENOMEM)?;
    if reversed.is_empty() {
        reversed.push(b'/');
    }
    reversed.extend(prefix.iter().rev());
    reversed.reverse();
    Ok(reversed)
}
