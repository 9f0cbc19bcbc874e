//! Mounting and unmounting.

use super::{from, named, read_path};
use crate::file::caller;
use crate::file::found::Found;
use crate::file::served::{self, End, Type};
use crate::ipc::port::Port;
use crate::mm::user;
use crate::result::{Errno, Result};
use abi::UserStr;
use abi::file::AT_FDCWD;
use abi::{UserPtr, file};
use alloc::sync::Arc;

/// The directory that a path leads to, in the kernel's own tree: others cannot be covered (EBUSY).
fn directory(found: Found) -> Result<crate::file::tree::Held> {
    found.check_directory(&caller::identity())?;
    match found {
        Found::Held(held) => Ok(held),
        _ => Err(Errno::EBUSY),
    }
}

/// A type's name. EINVAL if it is too long to be one.
fn type_of(name: UserStr) -> Result<Type> {
    let name = user::c_string(name, size_of::<Type>(), Errno::EINVAL)?;
    let mut kind = Type::default();
    for (place, byte) in kind.iter_mut().zip(name) {
        *place = byte;
    }
    Ok(kind)
}

/// The call of this name, the port looked up.
pub(in crate::syscall) fn mount_port(
    port: Arc<Port>,
    target: UserStr,
    kind: UserStr,
) -> Result<()> {
    let path = read_path(target)?;
    let covered = directory(from(AT_FDCWD, &path, |start| start.find(&path, true))?)?;
    served::mount(port, covered, type_of(kind)?)
}

pub fn mount(
    _: UserStr,
    target: UserStr,
    kind: UserStr,
    flags: u32,
    _: UserPtr<u8>,
) -> Result<u32> {
    // The old mark of a flag word.
    let flags = if flags & 0xffff_0000 == file::MS_MGC_VAL { flags & 0xffff } else { flags };
    let found = named(AT_FDCWD, target, true, false)?;
    may_mount()?;
    if flags & file::MS_OTHER_THAN_NEW != 0 || kind.is_null() {
        return Err(Errno::EINVAL);
    }
    let kind = type_of(kind).map_err(|error| match error {
        Errno::EINVAL => Errno::ENODEV,
        other => other,
    })?;
    served::mount_again(kind, directory(found)?)?;
    Ok(0)
}

pub fn umount(target: UserStr) -> Result<u32> {
    umount2(target, 0)
}

pub fn umount2(target: UserStr, flags: u32) -> Result<u32> {
    if flags & !(file::MNT_FORCE | file::MNT_DETACH | file::MNT_EXPIRE | file::UMOUNT_NOFOLLOW) != 0
    {
        return Err(Errno::EINVAL);
    }
    let found = named(AT_FDCWD, target, flags & file::UMOUNT_NOFOLLOW == 0, false)?;
    may_mount()?;
    // Nothing is lost by force here.
    let end = match flags & (file::MNT_FORCE | file::MNT_DETACH | file::MNT_EXPIRE) {
        0 | file::MNT_FORCE => End::Unused,
        file::MNT_EXPIRE => End::Expired,
        flags if flags & file::MNT_EXPIRE == 0 => End::Detached,
        _ => return Err(Errno::EINVAL),
    };
    match found {
        Found::Served(root, _) => served::unmount(root, end)?,
        _ => return Err(Errno::EINVAL),
    }
    Ok(0)
}

fn may_mount() -> Result<()> {
    if caller::is_privileged() { Ok(()) } else { Err(Errno::EPERM) }
}
