//! Working directory, root directory and umask.

use super::access::Caller;
use super::caller;
use super::found::Kept;
use super::namespace::Start;
use super::place::{Place, built_in, node_of};
use super::served::{self, Served};
use super::tree;
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
    root: Kept,
    working: Kept,
}

impl FsContext {
    /// The first one: everything begins at the root.
    pub fn new() -> Result<Arc<Self>> {
        let (root, working) = {
            let mut tree = tree::lock();
            let root = tree.root();
            (Kept::Held(tree.held(root)?), Kept::Held(tree.held(root)?))
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

    pub fn root(&self) -> Kept {
        self.directories.lock().root.again()
    }

    pub fn working(&self) -> Kept {
        self.directories.lock().working.again()
    }

    pub fn set_working(&self, directory: Kept) {
        let old = core::mem::replace(&mut self.directories.lock().working, directory);
        drop(old);
    }

    pub fn set_root(&self, directory: Kept) {
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
        let of_tree = built_in(tree::lock().root());
        path_of(root, of_tree)
    }

    /// The root directory and the working directory.
    pub fn places(&self) -> (Place, Place) {
        let directories = self.directories.lock();
        (directories.root.place(), directories.working.place())
    }
}

/// Where a node is, seen from `root`. ENOENT if it has been removed.
pub fn path_of(place: Place, root: Place) -> Result<Vec<u8>> {
    let mut path = Path::default();
    if !path.climb_served(place, root)? {
        path.push_root()?;
        path.push_front(b"(unreachable)")?;
    }
    path.push_root()?;
    path.reversed.reverse();
    Ok(path.reversed)
}

/// A path, from the end to the beginning.
#[derive(Default)]
struct Path {
    reversed: Vec<u8>,
}

impl Path {
    fn push_front(&mut self, part: &[u8]) -> Result<()> {
        self.reversed.try_reserve(part.len()).map_err(|_| Errno::ENOMEM)?;
        self.reversed.extend(part.iter().rev());
        Ok(())
    }

    /// Of the root, which has no name.
    fn push_root(&mut self) -> Result<()> {
        if self.reversed.is_empty() { self.push_front(b"/") } else { Ok(()) }
    }

    /// The names from a node up to `root`. False if that is not above it.
    fn climb_served(&mut self, place: Place, root: Place) -> Result<bool> {
        let mut at = place;
        while node_of(at).is_none() && at != root {
            let (served, caller) = (Served::at(at)?, caller::identity());
            let path = served.path(&caller)?;
            if at.mount == root.mount {
                let above = Served::at(root)?.path(&caller)?;
                if let Some(below) = below(&path, &above) {
                    return self.push_front(below).map(|()| true);
                }
            }
            if path != b"/" {
                self.push_front(&path)?;
            }
            match served::covered_by(served.tree_root()) {
                Some(covered) => at = covered,
                // It was taken from its directory.
                None => return Ok(false),
            }
        }
        self.climb(at, root)
    }

    /// The same in the kernel's own tree.
    fn climb(&mut self, place: Place, root: Place) -> Result<bool> {
        let tree = tree::lock();
        let mut at = place;
        while at != root {
            let Some(node) = node_of(at).filter(|node| *node != tree.root()) else {
                return Ok(false);
            };
            let (parent, name) = tree.name_of(node)?;
            self.push_front(name)?;
            self.push_front(b"/")?;
            at = built_in(parent);
        }
        Ok(true)
    }
}

/// What is left of `path` below the directory `above`, both seen from the root of their tree.
fn below<'p>(path: &'p [u8], above: &[u8]) -> Option<&'p [u8]> {
    let above = if above == b"/" { b"" } else { above };
    path.strip_prefix(above).filter(|rest| rest.starts_with(b"/"))
}
