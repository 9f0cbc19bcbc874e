//! `stat` and what else only looks.

use super::{files, named, named_for};
use crate::file::found::Found;
use crate::file::status::FileStatus;
use crate::file::{Caller, caller, tree};
use crate::mm::frames::{for_each_zone, free_frames};
use crate::mm::user;
use crate::process::current;
use crate::result::{Errno, Result};
use abi::file::{
    AT_EACCESS, AT_EMPTY_PATH, AT_FDCWD, AT_NO_AUTOMOUNT, AT_STATX_DONT_SYNC, AT_STATX_FORCE_SYNC,
    AT_SYMLINK_NOFOLLOW, NAME_MAX, S_IFBLK, S_IFCHR, S_IFIFO, S_IFMT, S_IFSOCK, STATX_RESERVED,
    Stat, Stat64, Statfs, Statfs64, Statx, W_OK,
};
use abi::{UserMutPtr, UserStr};

/// The two ways to say how fresh an answer has to be.
const SYNC_TYPE: u32 = AT_STATX_FORCE_SYNC | AT_STATX_DONT_SYNC;
const LOOK_FLAGS: u32 = AT_SYMLINK_NOFOLLOW | AT_NO_AUTOMOUNT | AT_EMPTY_PATH | SYNC_TYPE;

fn look(directory: i32, path: UserStr, flags: u32) -> Result<FileStatus> {
    let (follow, empty) = (flags & AT_SYMLINK_NOFOLLOW == 0, flags & AT_EMPTY_PATH != 0);
    if flags & !LOOK_FLAGS != 0 {
        return Err(Errno::EINVAL);
    }
    let caller = caller::identity();
    named_for(&caller, directory, path, follow, empty)?.status(&caller)
}

pub fn stat(path: UserStr, stat: UserMutPtr<Stat>) -> Result<u32> {
    user::write(stat, &look(AT_FDCWD, path, 0)?.stat()?)?;
    Ok(0)
}

pub fn lstat(path: UserStr, stat: UserMutPtr<Stat>) -> Result<u32> {
    user::write(stat, &look(AT_FDCWD, path, AT_SYMLINK_NOFOLLOW)?.stat()?)?;
    Ok(0)
}

pub fn fstat(fd: i32, stat: UserMutPtr<Stat>) -> Result<u32> {
    user::write(stat, &files().get_any(fd)?.status()?.stat()?)?;
    Ok(0)
}

pub fn stat64(path: UserStr, stat: UserMutPtr<Stat64>) -> Result<u32> {
    fstatat64(AT_FDCWD, path, stat, 0)
}

pub fn lstat64(path: UserStr, stat: UserMutPtr<Stat64>) -> Result<u32> {
    fstatat64(AT_FDCWD, path, stat, AT_SYMLINK_NOFOLLOW)
}

pub fn fstat64(fd: i32, stat: UserMutPtr<Stat64>) -> Result<u32> {
    user::write(stat, &files().get_any(fd)?.status()?.stat64())?;
    Ok(0)
}

pub fn fstatat64(
    directory: i32,
    path: UserStr,
    stat: UserMutPtr<Stat64>,
    flags: u32,
) -> Result<u32> {
    user::write(stat, &look(directory, path, flags)?.stat64())?;
    Ok(0)
}

pub fn statx(
    directory: i32,
    path: UserStr,
    flags: u32,
    mask: u32,
    statx: UserMutPtr<Statx>,
) -> Result<u32> {
    if mask & STATX_RESERVED != 0 || flags & SYNC_TYPE == SYNC_TYPE {
        return Err(Errno::EINVAL);
    }
    user::write(statx, &look(directory, path, flags)?.statx())?;
    Ok(0)
}

pub fn access(path: UserStr, mode: u32) -> Result<u32> {
    faccessat2(AT_FDCWD, path, mode, 0)
}

pub fn faccessat(directory: i32, path: UserStr, mode: u32) -> Result<u32> {
    faccessat2(directory, path, mode, 0)
}

pub fn faccessat2(directory: i32, path: UserStr, mode: u32, flags: u32) -> Result<u32> {
    if mode & !0o7 != 0 || flags & !(AT_EACCESS | AT_SYMLINK_NOFOLLOW | AT_EMPTY_PATH) != 0 {
        return Err(Errno::EINVAL);
    }
    let credentials = current().process().credentials();
    let caller =
        if flags & AT_EACCESS != 0 { Caller::new(credentials) } else { Caller::real(credentials) };
    let (follow, empty) = (flags & AT_SYMLINK_NOFOLLOW == 0, flags & AT_EMPTY_PATH != 0);
    let found = named_for(&caller, directory, path, follow, empty)?;
    if found.place().is_err() {
        // Pipes and streams are their maker's.
        return Ok(0);
    }
    let attributes = found.attributes(&caller)?;
    let is_special = matches!(attributes.mode & S_IFMT, S_IFCHR | S_IFBLK | S_IFIFO | S_IFSOCK);
    if mode & W_OK != 0 && !is_special && found.is_read_only()? {
        return Err(Errno::EROFS);
    }
    caller.may(&attributes, mode)?;
    Ok(0)
}

const TMPFS_MAGIC: u32 = 0x0102_1994;
const PIPEFS_MAGIC: u32 = 0x5049_5045;
const ST_RDONLY: u32 = 1;
const ST_VALID: u32 = 0x20;
const ST_RELATIME: u32 = 0x1000;

fn figures(found: &Found) -> Result<Statfs64> {
    if let Some(served) = found.served() {
        return served.figures(&caller::identity());
    }
    let Some(node) = found.held() else {
        return Ok(Statfs64 {
            kind: PIPEFS_MAGIC,
            bsize: crate::file::status::BLOCK_SIZE,
            frsize: crate::file::status::BLOCK_SIZE,
            namelen: NAME_MAX,
            flags: ST_VALID | ST_RELATIME,
            ..Statfs64::default()
        });
    };
    let (mut blocks, mut free) = (0, 0);
    for_each_zone(|_, zone| blocks += u64::from(zone.managed()));
    for zone in 0..kcore::zone::ZONES {
        free += u64::from(free_frames(zone));
    }
    let nodes = u64::from(tree::lock().len());
    let read_only = if node.is_read_only()? { ST_RDONLY } else { 0 };
    Ok(Statfs64 {
        kind: TMPFS_MAGIC,
        bsize: crate::file::status::BLOCK_SIZE,
        blocks,
        bfree: free,
        bavail: free,
        files: nodes + free,
        ffree: free,
        namelen: NAME_MAX,
        frsize: crate::file::status::BLOCK_SIZE,
        flags: ST_VALID | ST_RELATIME | read_only,
        ..Statfs64::default()
    })
}

/// The figures without 64 in their name.
fn old(figures: &Statfs64) -> Result<Statfs> {
    let cut = |number: u64| u32::try_from(number).map_err(|_| Errno::EOVERFLOW);
    Ok(Statfs {
        kind: figures.kind,
        bsize: figures.bsize,
        blocks: cut(figures.blocks)?,
        bfree: cut(figures.bfree)?,
        bavail: cut(figures.bavail)?,
        files: cut(figures.files)?,
        ffree: cut(figures.ffree)?,
        fsid: figures.fsid,
        namelen: figures.namelen,
        frsize: figures.frsize,
        flags: figures.flags,
        ..Statfs::default()
    })
}

pub fn statfs(path: UserStr, to: UserMutPtr<Statfs>) -> Result<u32> {
    user::write(to, &old(&figures(&named(AT_FDCWD, path, true, false)?)?)?)?;
    Ok(0)
}

pub fn fstatfs(fd: i32, to: UserMutPtr<Statfs>) -> Result<u32> {
    user::write(to, &old(&figures(&Found::Open(files().get_any(fd)?))?)?)?;
    Ok(0)
}

pub fn statfs64(path: UserStr, size: u32, to: UserMutPtr<Statfs64>) -> Result<u32> {
    if size as usize != size_of::<Statfs64>() {
        return Err(Errno::EINVAL);
    }
    user::write(to, &figures(&named(AT_FDCWD, path, true, false)?)?)?;
    Ok(0)
}

pub fn fstatfs64(fd: i32, size: u32, to: UserMutPtr<Statfs64>) -> Result<u32> {
    if size as usize != size_of::<Statfs64>() {
        return Err(Errno::EINVAL);
    }
    user::write(to, &figures(&Found::Open(files().get_any(fd)?))?)?;
    Ok(0)
}
