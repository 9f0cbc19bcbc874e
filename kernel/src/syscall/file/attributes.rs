//! Changing attributes and sizes.

use super::{files, from, named, read_path};
use crate::file::found::Found;
use crate::file::names;
use crate::file::tree;
use crate::file::{Caller, caller};
use crate::mm::user;
use crate::result::{Errno, Result};
use abi::file::{
    AT_EMPTY_PATH, AT_FDCWD, AT_SYMLINK_NOFOLLOW, S_IFDIR, S_IFMT, S_ISGID, S_ISUID, W_OK,
};
use abi::node::{
    CHANGE_ACCESSED, CHANGE_GROUP, CHANGE_MODE, CHANGE_MODIFIED, CHANGE_USER, Changes,
};
use abi::time::{Timespec, Timespec64, Timeval, UTIME_NOW, UTIME_OMIT, Utimbuf};
use abi::{UserMutPtr, UserPtr, UserStr};
use kcore::node_tree::{Attributes, Timestamp};

/// Changes attributes: EROFS, then what `change` says. What is a server's is changed as the server
/// thinks fit.
fn change(
    found: &Found,
    changes: &Changes,
    change: impl FnOnce(&mut Attributes, Timestamp) -> Result<()>,
) -> Result<()> {
    let Some(node) = found.held() else {
        // Pipes and streams have none to change.
        let served = found.served().ok_or(Errno::EPERM)?;
        return served.set_attributes(changes, &caller::identity());
    };
    let mut tree = tree::lock();
    let now = tree.now();
    let attributes = tree.changeable(node.node())?;
    let mut new = *attributes;
    change(&mut new, now)?;
    *attributes = new;
    Ok(())
}

pub fn chmod(path: UserStr, mode: u32) -> Result<u32> {
    fchmodat(AT_FDCWD, path, mode)
}

pub fn fchmod(fd: i32, mode: u32) -> Result<u32> {
    change_mode(&Found::Open(files().get(fd)?), mode)
}

pub fn fchmodat(directory: i32, path: UserStr, mode: u32) -> Result<u32> {
    change_mode(&named(directory, path, true, false)?, mode)
}

fn change_mode(found: &Found, mode: u32) -> Result<u32> {
    let caller = caller::identity();
    let changes = Changes { mask: CHANGE_MODE, mode: mode & 0o7777, ..Changes::default() };
    change(found, &changes, |attributes, now| {
        caller.owns(attributes)?;
        let mut mode = mode & 0o7777;
        if !caller.is_privileged() && !caller.is_in_group(attributes.gid) {
            mode &= !S_ISGID;
        }
        attributes.mode = attributes.mode & S_IFMT | mode;
        attributes.changed = now;
        Ok(())
    })?;
    Ok(0)
}

/// An id that stays as it is.
const UNCHANGED: u32 = u32::MAX;

pub fn chown32(path: UserStr, user: u32, group: u32) -> Result<u32> {
    fchownat(AT_FDCWD, path, user, group, 0)
}

pub fn lchown32(path: UserStr, user: u32, group: u32) -> Result<u32> {
    fchownat(AT_FDCWD, path, user, group, AT_SYMLINK_NOFOLLOW)
}

pub fn fchown32(fd: i32, user: u32, group: u32) -> Result<u32> {
    change_owner(&Found::Open(files().get(fd)?), user, group)
}

pub fn fchownat(directory: i32, path: UserStr, user: u32, group: u32, flags: u32) -> Result<u32> {
    if flags & !(AT_SYMLINK_NOFOLLOW | AT_EMPTY_PATH) != 0 {
        return Err(Errno::EINVAL);
    }
    let (follow, empty) = (flags & AT_SYMLINK_NOFOLLOW == 0, flags & AT_EMPTY_PATH != 0);
    change_owner(&named(directory, path, follow, empty)?, user, group)
}

/// 16-bit ids: the largest one means "unchanged".
fn wide(id: u32) -> u32 {
    if id as u16 == u16::MAX { UNCHANGED } else { id & 0xffff }
}

pub fn chown(path: UserStr, user: u32, group: u32) -> Result<u32> {
    chown32(path, wide(user), wide(group))
}

pub fn lchown(path: UserStr, user: u32, group: u32) -> Result<u32> {
    lchown32(path, wide(user), wide(group))
}

pub fn fchown(fd: i32, user: u32, group: u32) -> Result<u32> {
    fchown32(fd, wide(user), wide(group))
}

fn change_owner(found: &Found, user: u32, group: u32) -> Result<u32> {
    let caller = caller::identity();
    let mask = |id, bit| if id == UNCHANGED { 0 } else { bit };
    let mask = mask(user, CHANGE_USER) | mask(group, CHANGE_GROUP);
    let changes = Changes { mask, uid: user, gid: group, ..Changes::default() };
    change(found, &changes, |attributes, now| {
        may_change_owner(&caller, attributes, user, group)?;
        if user != UNCHANGED {
            attributes.uid = user;
        }
        if group != UNCHANGED {
            attributes.gid = group;
        }
        if attributes.mode & S_IFMT != S_IFDIR {
            attributes.mode &= !S_ISUID;
            // Without group execution the bit means something else.
            if attributes.mode & 0o010 != 0 {
                attributes.mode &= !S_ISGID;
            }
        }
        attributes.changed = now;
        Ok(())
    })?;
    Ok(0)
}

fn may_change_owner(caller: &Caller, attributes: &Attributes, user: u32, group: u32) -> Result<()> {
    if caller.is_privileged() {
        return Ok(());
    }
    let owns = attributes.uid == caller.user();
    let user_allowed = user == UNCHANGED || owns && user == attributes.uid;
    let group_allowed =
        group == UNCHANGED || owns && (group == attributes.gid || caller.is_in_group(group));
    if user_allowed && group_allowed { Ok(()) } else { Err(Errno::EPERM) }
}

/// A time to set.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Setting {
    Now,
    Omit,
    To(Timestamp),
}

impl Setting {
    fn new(seconds: i64, nanoseconds: i32) -> Result<Self> {
        Ok(match nanoseconds {
            UTIME_NOW => Self::Now,
            UTIME_OMIT => Self::Omit,
            0..=999_999_999 => {
                Self::To(Timestamp { seconds, nanoseconds: nanoseconds.cast_unsigned() })
            }
            _ => return Err(Errno::EINVAL),
        })
    }

    fn apply(self, time: &mut Timestamp, now: Timestamp) {
        match self {
            Self::Now => *time = now,
            Self::Omit => {}
            Self::To(new) => *time = new,
        }
    }
}

/// The same for a server.
fn changes_of([accessed, modified]: [Setting; 2]) -> Changes {
    let now = tree::lock().now();
    let time = |setting, bit| match setting {
        Setting::Now => (bit, now),
        Setting::Omit => (0, now),
        Setting::To(time) => (bit, time),
    };
    let (accessed, atime) = time(accessed, CHANGE_ACCESSED);
    let (modified, mtime) = time(modified, CHANGE_MODIFIED);
    Changes {
        mask: accessed | modified,
        atime: atime.seconds,
        atime_nsec: atime.nanoseconds,
        mtime: mtime.seconds,
        mtime_nsec: mtime.nanoseconds,
        ..Changes::default()
    }
}

/// Sets access and modification time. `times` as the program gave them are checked after the file
/// was found.
fn set_times(found: &Found, times: Option<[(i64, i32); 2]>) -> Result<u32> {
    let settings = match times {
        Some([accessed, modified]) => {
            [Setting::new(accessed.0, accessed.1)?, Setting::new(modified.0, modified.1)?]
        }
        None => [Setting::Now; 2],
    };
    let caller = caller::identity();
    change(found, &changes_of(settings), |attributes, now| {
        // To say "now", the right to write is enough.
        match caller.owns(attributes) {
            Err(_) if settings == [Setting::Now; 2] => caller.may(attributes, W_OK)?,
            owns => owns?,
        }
        settings[0].apply(&mut attributes.accessed, now);
        settings[1].apply(&mut attributes.modified, now);
        attributes.changed = now;
        Ok(())
    })?;
    Ok(0)
}

fn set_times_at(
    directory: i32,
    path: UserStr,
    flags: u32,
    times: Option<[(i64, i32); 2]>,
) -> Result<u32> {
    if let Some([(_, UTIME_OMIT), (_, UTIME_OMIT)]) = times {
        return Ok(0);
    }
    if path.is_null() && directory != AT_FDCWD {
        if flags != 0 {
            return Err(Errno::EINVAL);
        }
        return set_times(&Found::Open(files().get(directory)?), times);
    }
    if flags & !(AT_SYMLINK_NOFOLLOW | AT_EMPTY_PATH) != 0 {
        return Err(Errno::EINVAL);
    }
    let (follow, empty) = (flags & AT_SYMLINK_NOFOLLOW == 0, flags & AT_EMPTY_PATH != 0);
    set_times(&named(directory, path, follow, empty)?, times)
}

pub fn utimensat(
    directory: i32,
    path: UserStr,
    times: UserPtr<[Timespec; 2]>,
    flags: u32,
) -> Result<u32> {
    let times = user::read_unless_null(times)?;
    let times = times.map(|times| times.map(|time| (i64::from(time.sec), time.nsec)));
    set_times_at(directory, path, flags, times)
}

pub fn utimensat_time64(
    directory: i32,
    path: UserStr,
    times: UserPtr<[Timespec64; 2]>,
    flags: u32,
) -> Result<u32> {
    let times = user::read_unless_null(times)?;
    let times = times.map(|times| times.map(|time| (time.sec, time.nsec as i32)));
    set_times_at(directory, path, flags, times)
}

pub fn utimes(path: UserStr, times: UserPtr<[Timeval; 2]>) -> Result<u32> {
    futimesat(AT_FDCWD, path, times)
}

pub fn futimesat(directory: i32, path: UserStr, times: UserPtr<[Timeval; 2]>) -> Result<u32> {
    let times = user::read_unless_null(times)?;
    if times.iter().flatten().any(|time| !(0..1_000_000).contains(&{ time.usec })) {
        return Err(Errno::EINVAL);
    }
    let times = times.map(|times| times.map(|time| (i64::from(time.sec), time.usec * 1000)));
    set_times_at(directory, path, 0, times)
}

pub fn utime(path: UserStr, times: UserPtr<Utimbuf>) -> Result<u32> {
    let times = user::read_unless_null(times)?;
    let times = times.map(|times| [times.actime, times.modtime].map(|time| (i64::from(time), 0)));
    set_times_at(AT_FDCWD, path, 0, times)
}

pub fn truncate(path: UserStr, length: i32) -> Result<u32> {
    truncate64(path, i64::from(length))
}

pub fn truncate64(path: UserStr, length: i64) -> Result<u32> {
    let length = u64::try_from(length).map_err(|_| Errno::EINVAL)?;
    let path = read_path(path)?;
    from(AT_FDCWD, &path, |start| names::truncate(start, &path, length))?;
    Ok(0)
}

/// The largest size that `ftruncate` gives a description without O_LARGEFILE.
const MAX_NON_LFS: u64 = 0x7fff_ffff;

pub fn ftruncate(fd: i32, length: u32) -> Result<u32> {
    let file = files().get(fd)?;
    file.truncate(u64::from(length), Some(MAX_NON_LFS))?;
    Ok(0)
}

pub fn ftruncate64(fd: i32, length: i64) -> Result<u32> {
    let length = u64::try_from(length).map_err(|_| Errno::EINVAL)?;
    files().get(fd)?.truncate(length, None)?;
    Ok(0)
}

pub fn fallocate(fd: i32, mode: i32, offset: i64, length: i64) -> Result<u32> {
    let file = files().get(fd)?;
    let offset = u64::try_from(offset).map_err(|_| Errno::EINVAL)?;
    let length = u64::try_from(length).ok().filter(|length| *length != 0);
    file.allocate(mode, offset, length.ok_or(Errno::EINVAL)?)?;
    Ok(0)
}

/// The tree keeps no extended attributes: the file has to be there, and that is all.
fn no_attributes(found: Result<Found>) -> Result<u32> {
    found?;
    Err(Errno::EOPNOTSUPP)
}

pub fn getxattr(path: UserStr, _: UserStr, _: UserMutPtr<u8>, _: u32) -> Result<u32> {
    no_attributes(named(AT_FDCWD, path, true, false))
}

pub fn lgetxattr(path: UserStr, _: UserStr, _: UserMutPtr<u8>, _: u32) -> Result<u32> {
    no_attributes(named(AT_FDCWD, path, false, false))
}

pub fn fgetxattr(fd: i32, _: UserStr, _: UserMutPtr<u8>, _: u32) -> Result<u32> {
    no_attributes(files().get(fd).map(Found::Open))
}

pub fn setxattr(path: UserStr, _: UserStr, _: UserPtr<u8>, _: u32, _: u32) -> Result<u32> {
    no_attributes(named(AT_FDCWD, path, true, false))
}

pub fn lsetxattr(path: UserStr, _: UserStr, _: UserPtr<u8>, _: u32, _: u32) -> Result<u32> {
    no_attributes(named(AT_FDCWD, path, false, false))
}

pub fn fsetxattr(fd: i32, _: UserStr, _: UserPtr<u8>, _: u32, _: u32) -> Result<u32> {
    no_attributes(files().get(fd).map(Found::Open))
}

pub fn removexattr(path: UserStr, _: UserStr) -> Result<u32> {
    no_attributes(named(AT_FDCWD, path, true, false))
}

pub fn lremovexattr(path: UserStr, _: UserStr) -> Result<u32> {
    no_attributes(named(AT_FDCWD, path, false, false))
}

pub fn fremovexattr(fd: i32, _: UserStr) -> Result<u32> {
    no_attributes(files().get(fd).map(Found::Open))
}

pub fn listxattr(path: UserStr, _: UserMutPtr<u8>, _: u32) -> Result<u32> {
    named(AT_FDCWD, path, true, false)?;
    Ok(0)
}

pub fn llistxattr(path: UserStr, _: UserMutPtr<u8>, _: u32) -> Result<u32> {
    named(AT_FDCWD, path, false, false)?;
    Ok(0)
}

pub fn flistxattr(fd: i32, _: UserMutPtr<u8>, _: u32) -> Result<u32> {
    files().get(fd)?;
    Ok(0)
}
