//! Making, moving and removing names, in Linux's order of checks.

use super::access::Caller;
use super::namespace::{Named, Start, regular};
use super::open::content_of;
use super::tree::{self, Held};
use crate::result::{Errno, Result};
use abi::file::{S_IFBLK, S_IFCHR, S_IFDIR, S_IFIFO, S_IFMT, S_IFREG, S_IFSOCK};
use kcore::node_tree::{NewNode, RenameFlag};
use kcore::path::Last;

impl Named {
    /// EEXIST for `.`, `..` and `/`; ENOENT for a missing name with a slash behind it unless it is
    /// to be a directory's.
    fn check_new(&self, for_directory: bool) -> Result<()> {
        if self.last != Last::Name {
            return Err(Errno::EEXIST);
        }
        if self.trailing_slash && !for_directory {
            let exists = tree::lock().lookup(self.directory.node(), &self.name).is_ok();
            return Err(if exists { Errno::EEXIST } else { Errno::ENOENT });
        }
        Ok(())
    }
}

fn new_node(caller: &Caller, mode: u32) -> NewNode {
    NewNode { mode, uid: caller.user(), gid: caller.group(), rdev: 0 }
}

pub fn mkdir(start: &Start, path: &[u8], mode: u32) -> Result<()> {
    let named = start.name(path)?;
    named.check_new(true)?;
    let mut tree = tree::lock();
    let edit = tree.edit(start.caller);
    let new = new_node(start.caller, mode & 0o1777);
    tree.create_directory(named.directory.node(), &named.name, new, &edit)?;
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
pub fn mknod(start: &Start, path: &[u8], mode: u32, device: u32) -> Result<()> {
    let named = start.name(path)?;
    named.check_new(false)?;
    let kind = if mode & S_IFMT == 0 { S_IFREG } else { mode & S_IFMT };
    let is_device = matches!(kind, S_IFCHR | S_IFBLK);
    let mut tree = tree::lock();
    tree.may_create(named.directory.node(), &named.name, start.caller)?;
    if is_device && !start.caller.is_privileged() {
        return Err(Errno::EPERM);
    }
    let rdev = if is_device { device } else { 0 };
    let new = NewNode { rdev, ..new_node(start.caller, kind | mode & 0o7777) };
    let edit = tree.edit(start.caller);
    tree.create_node(named.directory.node(), &named.name, new, || content_of(kind), &edit)?;
    Ok(())
}

pub fn symlink(text: &[u8], start: &Start, path: &[u8]) -> Result<()> {
    if text.is_empty() {
        return Err(Errno::ENOENT);
    }
    let named = start.name(path)?;
    named.check_new(false)?;
    let mut tree = tree::lock();
    let edit = tree.edit(start.caller);
    let new = new_node(start.caller, 0o777);
    tree.create_symbolic_link(named.directory.node(), &named.name, text, new, &edit)?;
    Ok(())
}

pub fn link(node: &Held, start: &Start, path: &[u8]) -> Result<()> {
    let named = start.name(path)?;
    named.check_new(false)?;
    if named.directory.place().mount != node.place().mount {
        return Err(Errno::EXDEV);
    }
    let mut tree = tree::lock();
    let edit = tree.edit(start.caller);
    tree.link(node.node(), named.directory.node(), &named.name, &edit)
}

pub fn unlink(start: &Start, path: &[u8]) -> Result<()> {
    let named = start.name(path)?;
    if named.last != Last::Name {
        return Err(Errno::EISDIR);
    }
    let directory = named.directory.node();
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
    let removed = {
        let mut tree = tree::lock();
        let edit = tree.edit(start.caller);
        tree.remove_directory(named.directory.node(), &named.name, &edit)?
    };
    drop(removed);
    Ok(())
}

pub fn rename(from: (&Start, &[u8]), to: (&Start, &[u8]), flag: RenameFlag) -> Result<()> {
    let caller = from.0.caller;
    let old = from.0.name(from.1)?;
    let new = to.0.name(to.1)?;
    if old.directory.place().mount != new.directory.place().mount {
        return Err(Errno::EXDEV);
    }
    if old.last != Last::Name {
        return Err(Errno::EBUSY);
    }
    if new.last != Last::Name {
        let no_replace = flag == RenameFlag::NoReplace;
        return Err(if no_replace { Errno::EEXIST } else { Errno::EBUSY });
    }
    let removed = {
        let mut tree = tree::lock();
        let is_directory =
            |node| -> Result<bool> { Ok(tree.node(node)?.attributes().mode & S_IFMT == S_IFDIR) };
        let (from, to) = (old.directory.node(), new.directory.node());
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
    let node = start.find(path, true)?;
    let (attributes, is_read_only) = {
        let tree = tree::lock();
        let found = tree.node(node.node())?;
        (*found.attributes(), found.is_read_only())
    };
    match attributes.mode & S_IFMT {
        S_IFDIR => return Err(Errno::EISDIR),
        S_IFREG => {}
        _ => return Err(Errno::EINVAL),
    }
    if is_read_only {
        return Err(Errno::EROFS);
    }
    start.caller.may(&attributes, W_OK)?;
    regular(&node)?.truncate_as_writer(node.node(), size)
}
