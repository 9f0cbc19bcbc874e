//! Calls about names and directories.

use super::{files, from, named, named_for, read_any_path, read_path};
use crate::file::found::Found;
use crate::file::{caller, directory, names};
use crate::mm::user::{self, UserSlice};
use crate::process::current;
use crate::result::{Errno, Result};
use abi::file::{
    AT_EMPTY_PATH, AT_FDCWD, AT_REMOVEDIR, AT_SYMLINK_FOLLOW, RENAME_EXCHANGE, RENAME_NOREPLACE,
    X_OK,
};
use abi::{UserMutPtr, UserStr};
use kcore::node_tree::RenameFlag;

pub fn mkdir(path: UserStr, mode: u32) -> Result<u32> {
    mkdirat(AT_FDCWD, path, mode)
}

pub fn mkdirat(directory: i32, path: UserStr, mode: u32) -> Result<u32> {
    let path = read_path(path)?;
    let mode = mode & !current().fs().umask();
    from(directory, &path, |start| names::mkdir(start, &path, mode))?;
    Ok(0)
}

pub fn mknod(path: UserStr, mode: u32, device: u32) -> Result<u32> {
    mknodat(AT_FDCWD, path, mode, device)
}

pub fn mknodat(directory: i32, path: UserStr, mode: u32, device: u32) -> Result<u32> {
    names::check_type(mode)?;
    let path = read_path(path)?;
    let mode = mode & !current().fs().umask();
    from(directory, &path, |start| names::mknod(start, &path, mode, device))?;
    Ok(0)
}

pub fn symlink(target: UserStr, path: UserStr) -> Result<u32> {
    symlinkat(target, AT_FDCWD, path)
}

pub fn symlinkat(target: UserStr, directory: i32, path: UserStr) -> Result<u32> {
    let target = read_path(target)?;
    let path = read_path(path)?;
    from(directory, &path, |start| names::symlink(&target, start, &path))?;
    Ok(0)
}

pub fn link(old: UserStr, new: UserStr) -> Result<u32> {
    linkat(AT_FDCWD, old, AT_FDCWD, new, 0)
}

pub fn linkat(
    old_directory: i32,
    old: UserStr,
    new_directory: i32,
    new: UserStr,
    flags: u32,
) -> Result<u32> {
    if flags & !(AT_SYMLINK_FOLLOW | AT_EMPTY_PATH) != 0 {
        return Err(Errno::EINVAL);
    }
    let (follow, empty) = (flags & AT_SYMLINK_FOLLOW != 0, flags & AT_EMPTY_PATH != 0);
    let old = named(old_directory, old, follow, empty)?;
    let new = read_path(new)?;
    from(new_directory, &new, |start| names::link(old.held(), start, &new))?;
    Ok(0)
}

pub fn unlink(path: UserStr) -> Result<u32> {
    unlinkat(AT_FDCWD, path, 0)
}

pub fn rmdir(path: UserStr) -> Result<u32> {
    unlinkat(AT_FDCWD, path, AT_REMOVEDIR)
}

pub fn unlinkat(directory: i32, path: UserStr, flags: u32) -> Result<u32> {
    if flags & !AT_REMOVEDIR != 0 {
        return Err(Errno::EINVAL);
    }
    let path = read_path(path)?;
    from(directory, &path, |start| match flags {
        0 => names::unlink(start, &path),
        _ => names::rmdir(start, &path),
    })?;
    Ok(0)
}

pub fn rename(old: UserStr, new: UserStr) -> Result<u32> {
    renameat2(AT_FDCWD, old, AT_FDCWD, new, 0)
}

pub fn renameat(old_directory: i32, old: UserStr, new_directory: i32, new: UserStr) -> Result<u32> {
    renameat2(old_directory, old, new_directory, new, 0)
}

pub fn renameat2(
    old_directory: i32,
    old: UserStr,
    new_directory: i32,
    new: UserStr,
    flags: u32,
) -> Result<u32> {
    let flag = match flags {
        0 => RenameFlag::Replace,
        RENAME_NOREPLACE => RenameFlag::NoReplace,
        RENAME_EXCHANGE => RenameFlag::Exchange,
        // RENAME_WHITEOUT too: nobody stacks file systems here.
        _ => return Err(Errno::EINVAL),
    };
    let old = read_any_path(old)?;
    let new = read_any_path(new)?;
    from(old_directory, &old, |from_start| {
        from(new_directory, &new, |to_start| {
            names::rename((from_start, &old), (to_start, &new), flag)
        })
    })?;
    Ok(0)
}

pub fn readlink(path: UserStr, buffer: UserMutPtr<u8>, size: i32) -> Result<u32> {
    readlinkat(AT_FDCWD, path, buffer, size)
}

pub fn readlinkat(directory: i32, path: UserStr, buffer: UserMutPtr<u8>, size: i32) -> Result<u32> {
    let size = usize::try_from(size).ok().filter(|size| *size != 0).ok_or(Errno::EINVAL)?;
    let caller = caller::identity();
    let text = match named_for(&caller, directory, path, false, true)? {
        // An empty path: the descriptor has to be a link's.
        Found::Open(file) => Found::Open(file).read_link(&caller).map_err(|error| match error {
            Errno::EINVAL => Errno::ENOENT,
            other => other,
        })?,
        found => found.read_link(&caller)?,
    };
    let text = text.get(..size).unwrap_or(&text);
    user::write_bytes(buffer, text)?;
    Ok(text.len() as u32)
}

pub fn chdir(path: UserStr) -> Result<u32> {
    let path = read_path(path)?;
    let directory = caller::from_working_directory(|start| {
        let directory = start.find_directory(&path)?;
        start.caller.may(&directory.attributes(start.caller)?, X_OK)?;
        directory.into_kept()
    })?;
    current().fs().set_working(directory);
    Ok(0)
}

pub fn fchdir(fd: i32) -> Result<u32> {
    let (file, caller) = (Found::Open(files().get_any(fd)?), caller::identity());
    file.check_directory(&caller)?;
    caller.may(&file.attributes(&caller)?, X_OK)?;
    current().fs().set_working(file.into_kept()?);
    Ok(0)
}

pub fn chroot(path: UserStr) -> Result<u32> {
    let path = read_path(path)?;
    let directory = caller::from_working_directory(|start| {
        let directory = start.find_directory(&path)?;
        start.caller.may(&directory.attributes(start.caller)?, X_OK)?;
        if start.caller.is_privileged() { directory.into_kept() } else { Err(Errno::EPERM) }
    })?;
    current().fs().set_root(directory);
    Ok(0)
}

pub fn getcwd(buffer: UserMutPtr<u8>, size: u32) -> Result<u32> {
    let mut path = current().fs().working_path()?;
    path.try_reserve(1).map_err(|_| Errno::ENOMEM)?;
    path.push(0);
    if path.len() > size as usize {
        return Err(Errno::ERANGE);
    }
    user::write_bytes(buffer, &path)?;
    Ok(path.len() as u32)
}

pub fn umask(mask: u32) -> Result<u32> {
    Ok(current().fs().set_umask(mask))
}

fn list<L: directory::Layout>(fd: i32, buffer: UserMutPtr<u8>, size: u32) -> Result<u32> {
    let file = files().get(fd)?;
    file.may_read()?;
    if !file.is_directory() {
        return Err(Errno::ENOTDIR);
    }
    let mut to = UserSlice::new(buffer.address(), size.min(i32::MAX as u32))?;
    file.list::<L>(&mut to).map(|count| count as u32)
}

pub fn getdents(fd: i32, buffer: UserMutPtr<u8>, size: u32) -> Result<u32> {
    list::<directory::Old>(fd, buffer, size)
}

pub fn getdents64(fd: i32, buffer: UserMutPtr<u8>, size: u32) -> Result<u32> {
    list::<directory::New>(fd, buffer, size)
}
