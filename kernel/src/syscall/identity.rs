//! Who a process is: ids of processes, groups, sessions, users.

use crate::mm::user;
use crate::process::credentials;
use crate::process::table::{find, lock_family};
use crate::process::{Credentials, current};
use crate::result::{Errno, Result};
use abi::{UserMutPtr, UserPtr};
use alloc::vec::Vec;
use kcore::credentials::Ids;

#[inline]
pub fn getpid() -> Result<u32> {
    Ok(current().process().pid())
}

#[inline]
pub fn gettid() -> Result<u32> {
    Ok(current().tid())
}

#[inline]
pub fn getppid() -> Result<u32> {
    Ok(current().process().parent_pid())
}

pub fn getpgrp() -> Result<u32> {
    getpgid(0)
}

pub fn getpgid(pid: i32) -> Result<u32> {
    with_member(pid, |group, _| group)
}

pub fn getsid(pid: i32) -> Result<u32> {
    with_member(pid, |_, session| session)
}

fn with_member(pid: i32, choose: impl FnOnce(u32, u32) -> u32) -> Result<u32> {
    let family = lock_family();
    let slot = match pid {
        0 => current().process().slot(),
        _ => find(&family, pid)?.0,
    };
    let member = &family[slot];
    Ok(choose(member.group(), member.session()))
}

pub fn setpgid(pid: i32, pgid: i32) -> Result<u32> {
    lock_family().set_group(current().process().slot(), pid, pgid).map(|()| 0)
}

pub fn setsid() -> Result<u32> {
    lock_family().start_session(current().process().slot())
}

fn ids(choose: impl FnOnce(&Credentials) -> u32) -> Result<u32> {
    Ok(choose(&current().process().credentials()))
}

pub fn getuid() -> Result<u32> {
    getuid32().map(to_16)
}

pub fn getgid() -> Result<u32> {
    getgid32().map(to_16)
}

pub fn geteuid() -> Result<u32> {
    geteuid32().map(to_16)
}

pub fn getegid() -> Result<u32> {
    getegid32().map(to_16)
}

/// The id that stands for all that do not fit 16 bits.
const OVERFLOW_ID: u32 = 65534;

fn to_16(id: u32) -> u32 {
    if id > 0xffff { OVERFLOW_ID } else { id }
}

/// 16-bit calls say "leave it" with 16 ones.
fn from_16(id: u32) -> u32 {
    if id & 0xffff == 0xffff { u32::MAX } else { id & 0xffff }
}

pub fn getuid32() -> Result<u32> {
    ids(|credentials| credentials.user.real)
}

pub fn getgid32() -> Result<u32> {
    ids(|credentials| credentials.group.real)
}

pub fn geteuid32() -> Result<u32> {
    ids(|credentials| credentials.user.effective)
}

pub fn getegid32() -> Result<u32> {
    ids(|credentials| credentials.group.effective)
}

pub fn getresuid32(
    real: UserMutPtr<u32>,
    effective: UserMutPtr<u32>,
    saved: UserMutPtr<u32>,
) -> Result<u32> {
    write_ids(&current().process().credentials().user, [real, effective, saved])
}

pub fn getresgid32(
    real: UserMutPtr<u32>,
    effective: UserMutPtr<u32>,
    saved: UserMutPtr<u32>,
) -> Result<u32> {
    write_ids(&current().process().credentials().group, [real, effective, saved])
}

fn write_ids(ids: &Ids, places: [UserMutPtr<u32>; 3]) -> Result<u32> {
    for (place, id) in places.into_iter().zip([ids.real, ids.effective, ids.saved]) {
        user::write_word(place, id)?;
    }
    Ok(0)
}

fn change_user(change: impl FnOnce(Ids, bool) -> Result<Ids>) -> Result<u32> {
    credentials::change(|new, privileged| {
        new.user = change(new.user, privileged)?;
        Ok(())
    })?;
    Ok(0)
}

fn change_group(change: impl FnOnce(Ids, bool) -> Result<Ids>) -> Result<u32> {
    credentials::change(|new, privileged| {
        new.group = change(new.group, privileged)?;
        Ok(())
    })?;
    Ok(0)
}

pub fn setuid(user: u32) -> Result<u32> {
    setuid32(from_16(user))
}

pub fn setgid(group: u32) -> Result<u32> {
    setgid32(from_16(group))
}

pub fn setuid32(user: u32) -> Result<u32> {
    change_user(|ids, privileged| ids.set(user, privileged))
}

pub fn setgid32(group: u32) -> Result<u32> {
    change_group(|ids, privileged| ids.set(group, privileged))
}

pub fn setreuid32(real: u32, effective: u32) -> Result<u32> {
    change_user(|ids, privileged| ids.set_real_effective(real, effective, privileged))
}

pub fn setregid32(real: u32, effective: u32) -> Result<u32> {
    change_group(|ids, privileged| ids.set_real_effective(real, effective, privileged))
}

pub fn setresuid32(real: u32, effective: u32, saved: u32) -> Result<u32> {
    change_user(|ids, privileged| ids.set_all([real, effective, saved], privileged))
}

pub fn setresgid32(real: u32, effective: u32, saved: u32) -> Result<u32> {
    change_group(|ids, privileged| ids.set_all([real, effective, saved], privileged))
}

/// Returns the former id, whether it changed or not.
pub fn setfsuid32(user: u32) -> Result<u32> {
    let old = current().process().credentials().user.filesystem;
    change_user(|ids, privileged| Ok(ids.set_filesystem(user, privileged)))?;
    Ok(old)
}

pub fn setfsgid32(group: u32) -> Result<u32> {
    let old = current().process().credentials().group.filesystem;
    change_group(|ids, privileged| Ok(ids.set_filesystem(group, privileged)))?;
    Ok(old)
}

pub fn getgroups32(size: i32, list: UserMutPtr<u32>) -> Result<u32> {
    let size = u32::try_from(size).map_err(|_| Errno::EINVAL)?;
    let credentials = current().process().credentials();
    let count = u32::try_from(credentials.groups.len()).map_err(|_| Errno::EINVAL)?;
    if size == 0 {
        return Ok(count);
    }
    if count > size {
        return Err(Errno::EINVAL);
    }
    for (index, group) in (0..).zip(&credentials.groups) {
        user::write_word(list.checked_add(index).ok_or(Errno::EFAULT)?, *group)?;
    }
    Ok(count)
}

pub fn setgroups32(size: u32, list: UserPtr<u32>) -> Result<u32> {
    credentials::may_set_groups(size)?;
    let mut groups = Vec::new();
    groups.try_reserve_exact(size as usize).map_err(|_| Errno::ENOMEM)?;
    for index in 0..size {
        let group = user::read_word(list.checked_add(index).ok_or(Errno::EFAULT)?)?;
        if group == u32::MAX {
            return Err(Errno::EINVAL);
        }
        groups.push(group);
    }
    groups.sort_unstable();
    credentials::set_groups(groups)?;
    Ok(0)
}
