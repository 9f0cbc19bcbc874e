//! Making, moving and removing names, in Linux's order of checks.

use super::access::Caller;
use super::namespace::{Named, Start, regular};
use super::open::content_of;
use super::tree::{self, Held};
use crate::result::{Errno, Result};
use abi::file::{S_IFBLK, S_IFCHR, S_IFDIR, S_IFIFO, S_IFMT, S_IFREG, S_IFSOCK};
use kcore::node_tree::{NewNode, NodeId, RenameFlag};
use kcore::path::Last;

impl Named {
    /// The directory to make it in. EEXIST for `.`, `..` and `/`; ENOENT for a missing name with a
    /// slash behind it unless it is to be a directory's.
    fn check_new(&self, for_directory: bool, caller: &Caller) -> Result<NodeId> {
        if self.last != Last::Name {
            return Err(Errno::EEXIST);
        }
        let directory = self.directory(caller)?;
        if self.trailing_slash && !for_directory {
            let exists = tree::lock().lookup(directory, &self.name).is_ok();
            return Err(if exists { Errno::EEXIST } else { Errno::ENOENT });
        }
        Ok(directory)
    }

    /// The directory, if names can be made in it.
    fn directory(&self, caller: &Caller) -> Result<NodeId> {
        match (self.directory.held(), self.directory.served()) {
            (Some(held), _) => Ok(held.node()),
            (None, Some(served)) => Err(served.refuse_new(&self.name, caller)),
            (None, None) => Err(Errno::ENOTDIR),
        }
    }

    /// The directory, if names can be taken out of it.
    fn directory_to_remove(&self, is_directory: bool, caller: &Caller) -> Result<NodeId> {
        match (self.directory.held(), self.directory.served()) {
            (Some(held), _) => Ok(held.node()),
            (None, Some(served)) => Err(served.refuse_removal(&self.name, is_directory, caller)),
            (None, None) => Err(Errno::ENOTDIR),
        }
    }

    fn mount(&self) -> Result<u32> {
        self.directory.place().map(|place| place.mount)
    }
}

fn new_node(caller: &Caller, mode: u32) -> NewNode {
    NewNode { mode, uid: caller.user(), gid: caller.group(), rdev: 0 }
}

pub fn mkdir(start: &Start, path: &[u8], mode: u32) -> Result<()> {
    let named = start.name(path)?;
    let directory = named.check_new(true, start.caller)?;
    let mut tree = tree::lock();
    let edit = tree.edit(start.caller);
    let new = new_node(start.caller, mode & 0o1777);
    tree.create_directory(directory, &named.name, new, &edit)?;
    Ok(())
}

/// Whether `mknod` makes such a thing.
pub fn check_type(mode: u32) -> Result<()> {
    match mode & S_IFMT {
        0 | S_IFREG | S_IFCHR | S_IFBLK | S_IFIFO | S_IFSOCK => Ok(()),
        S_IFDIR => Err(Errno::EPERM),
        _ => Err(Errno::EINVAL),
    }
}

/// Makes a regular file, a FIFO, a device node or a socket's name.
pub fn mknod(start: &Start, path: &[u8], mode: u32, device: u32) -> Result<NodeId> {
    let named = start.name(path)?;
    let directory = named.check_new(false, start.caller)?;
    let kind = if mode & S_IFMT == 0 { S_IFREG } else { mode & S_IFMT };
    let is_device = matches!(kind, S_IFCHR | S_IFBLK);
    let mut tree = tree::lock();
    tree.may_create(directory, &named.name, start.caller)?;
    if is_device && !start.caller.is_privileged() {
        return Err(Errno::EPERM);
    }
    let rdev = if is_device { device } else { 0 };
    let new = NewNode { rdev, ..new_node(start.caller, kind | mode & 0o7777) };
    let edit = tree.edit(start.caller);
    tree.create_node(directory, &named.name, new, || content_of(kind), &edit)
}

pub fn symlink(text: &[u8], start: &Start, path: &[u8]) -> Result<()> {
    if text.is_empty() {
        return Err(Errno::ENOENT);
    }
    let named = start.name(path)?;
    let directory = named.check_new(false, start.caller)?;
    let mut tree = tree::lock();
    let edit = tree.edit(start.caller);
    let new = new_node(start.caller, 0o777);
    tree.create_symbolic_link(directory, &named.name, text, new, &edit)?;
    Ok(())
}

/// `node` is `None` for what is not in the kernel's own tree.
pub fn link(node: Option<&Held>, start: &Start, path: &[u8]) -> Result<()> {
    let named = start.name(path)?;
    let directory = named.check_new(false, start.caller)?;
    let mut tree = tree::lock();
    let Some(node) = node else {
        let exists = tree.lookup(directory, &named.name).is_ok();
        return Err(if exists { Errno::EEXIST } else { Errno::EXDEV });
    };
    let edit = tree.edit(start.caller);
    tree.link(node.node(), directory, &named.name, &edit)
}

pub fn unlink(start: &Start, path: &[u8]) -> Result<()> {
    let named = start.name(path)?;
    if named.last != Last::Name {
        return Err(Errno::EISDIR);
    }
    let directory = named.directory_to_remove(false, start.caller)?;
    let removed = {
        let mut tree = tree::lock();
        if named.trailing_slash {
            let node = tree.lookup(directory, &named.name)?;
            let is_directory = tree.node(node)?.attributes().mode & S_IFMT == S_IFDIR;
            return Err(if is_directory { Errno::EISDIR } else { Errno::ENOTDIR });
        }
        let edit = tree.edit(start.caller);
        tree.unlink(directory, &named.name, &edit)?
    };
    // Outside of the lock: with it goes all of the file's memory.
    drop(removed);
    Ok(())
}

pub fn rmdir(start: &Start, path: &[u8]) -> Result<()> {
    let named = start.name(path)?;
    match named.last {
        Last::Name => {}
        Last::Dot => return Err(Errno::EINVAL),
        Last::DotDot => return Err(Errno::ENOTEMPTY),
        Last::Root => return Err(Errno::EBUSY),
    }
    let directory = named.directory_to_remove(true, start.caller)?;
    let removed = {
        let mut tree = tree::lock();
        let edit = tree.edit(start.caller);
        tree.remove_directory(directory, &named.name, &edit)?
    };
    drop(removed);
    Ok(())
}

pub fn rename(from: (&Start, &[u8]), to: (&Start, &[u8]), flag: RenameFlag) -> Result<()> {
    let caller = from.0.caller;
    let old = from.0.name(from.1)?;
    let new = to.0.name(to.1)?;
    if old.mount()? != new.mount()? {
        return Err(Errno::EXDEV);
    }
    if old.last != Last::Name {
        return Err(Errno::EBUSY);
    }
    if new.last != Last::Name {
        let no_replace = flag == RenameFlag::NoReplace;
        return Err(if no_replace { Errno::EEXIST } else { Errno::EBUSY });
    }
    let (Some(from), Some(to)) = (old.directory.held(), new.directory.held()) else {
        let served = old.directory.served().ok_or(Errno::EXDEV)?;
        let to = new.directory.served().ok_or(Errno::EXDEV)?;
        return Err(served.refuse_rename(&old.name, to, &new.name, caller));
    };
    let removed = {
        let mut tree = tree::lock();
        let is_directory =
            |node| -> Result<bool> { Ok(tree.node(node)?.attributes().mode & S_IFMT == S_IFDIR) };
        let (from, to) = (from.node(), to.node());
        let node = tree.lookup(from, &old.name)?;
        if !is_directory(node)? {
            if old.trailing_slash {
                return Err(Errno::ENOTDIR);
            }
            if flag != RenameFlag::Exchange && new.trailing_slash {
                return Err(Errno::ENOTDIR);
            }
        }
        if flag == RenameFlag::Exchange
            && new.trailing_slash
            && !is_directory(tree.lookup(to, &new.name)?)?
        {
            return Err(Errno::ENOTDIR);
        }
        let edit = tree.edit(caller);
        tree.rename(from, &old.name, to, &new.name, flag, &edit)?
    };
    drop(removed);
    Ok(())
}

/// `truncate`: by path.
pub fn truncate(start: &Start, path: &[u8], size: u64) -> Result<()> {
    use abi::file::W_OK;
    let found = start.find(path, true)?;
    let attributes = found.attributes(start.caller)?;
    match attributes.mode & S_IFMT {
        S_IFDIR => return Err(Errno::EISDIR),
        S_IFREG => {}
        _ => return Err(Errno::EINVAL),
    }
    if found.is_read_only()? {
        return Err(Errno::EROFS);
    }
    start.caller.may(&attributes, W_OK)?;
    match (found.held(), found.served()) {
        (Some(held), _) => regular(held)?.truncate_as_writer(held.node(), size),
        (None, Some(served)) => served.truncate(size, start.caller),
        (None, None) => Err(Errno::EINVAL),
    }
}
