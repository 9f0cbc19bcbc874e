//! Control messages: descriptors that go along with a message, and who sends it.

use crate::file::socket::Rights;
use crate::file::{File, caller};
use crate::mm::user::{self, UserSlice};
use crate::process::current;
use crate::result::{Errno, Result};
use abi::socket::{Cmsghdr, SCM_CREDENTIALS, SCM_MAX_FD, SCM_RIGHTS, SOL_SOCKET, Ucred};
use abi::{UserMutPtr, UserPtr};
use alloc::boxed::Box;
use alloc::sync::Arc;
use alloc::vec::Vec;
use kcore::fd_table::CloseOnExec;

const HEAD: u32 = size_of::<Cmsghdr>() as u32;
const FD: u32 = size_of::<i32>() as u32;
/// Linux's optmem_max of 32-bit machines, which control messages stay below.
const MOST: u32 = 10_240;

const CREDENTIALS: u32 = HEAD + size_of::<Ucred>() as u32;
/// Linux's user for who has none here.
const OVERFLOW_ID: u32 = 65_534;

/// What goes along with a message.
#[derive(Default)]
pub(super) struct Along {
    pub rights: Option<Box<Rights>>,
    pub credentials: Option<Ucred>,
}

/// What control messages send along; other protocols' nobody looks at. EINVAL, EBADF, EPERM, ESRCH,
/// ENOBUFS.
pub(super) fn read(control: UserPtr<u8>, len: u32) -> Result<Along> {
    if len >= MOST {
        return Err(Errno::ENOBUFS);
    }
    UserSlice::new(control.address(), len)?;
    let (mut files, mut credentials, mut at) = (Vec::new(), None, 0);
    while len - at >= HEAD {
        let place = control.checked_add(at).ok_or(Errno::EFAULT)?;
        let head = user::read(place.cast::<Cmsghdr>())?;
        if head.len < HEAD || head.len > len - at {
            return Err(Errno::EINVAL);
        }
        if head.level == SOL_SOCKET {
            let body = place.checked_add(HEAD).ok_or(Errno::EFAULT)?;
            match head.kind {
                SCM_RIGHTS => read_files(body.cast(), (head.len - HEAD) / FD, &mut files)?,
                SCM_CREDENTIALS if head.len == CREDENTIALS => {
                    let who = user::read(body.cast())?;
                    caller::may_send_as(&who)?;
                    credentials = Some(who);
                }
                _ => return Err(Errno::EINVAL),
            }
        }
        at = at.saturating_add(head.len.next_multiple_of(4)).min(len);
    }
    let rights = if files.is_empty() { None } else { Some(Rights::new(files)?) };
    Ok(Along { rights, credentials })
}

fn read_files(fds: UserPtr<i32>, count: u32, files: &mut Vec<Arc<File>>) -> Result<()> {
    if count as usize + files.len() > SCM_MAX_FD {
        return Err(Errno::EINVAL);
    }
    files.try_reserve(count as usize).map_err(|_| Errno::ENOMEM)?;
    for index in 0..count {
        let fd = user::read(fds.checked_add(index).ok_or(Errno::EFAULT)?)?;
        files.push(current().files().get_any(fd)?);
    }
    Ok(())
}

/// Tells the program who sent a message, as far as there is room. Returns as [`write_rights`].
pub(super) fn write_credentials(
    control: UserMutPtr<u8>,
    room: u32,
    who: Option<Ucred>,
) -> Result<(u32, bool)> {
    if control.is_null() || room < HEAD {
        return Ok((0, false));
    }
    let len = CREDENTIALS.min(room);
    let head = Cmsghdr { len, level: SOL_SOCKET, kind: SCM_CREDENTIALS };
    let who = who.unwrap_or(Ucred { pid: 0, uid: OVERFLOW_ID, gid: OVERFLOW_ID });
    let body = control.checked_add(HEAD).ok_or(Errno::EFAULT)?;
    user::write(control.cast(), &head)?;
    user::write_prefix(body.cast(), &who, (len - HEAD) as usize)?;
    Ok((len, len == CREDENTIALS))
}

/// Gives the program descriptors of what came with a message, as many as there is room for. Returns
/// the bytes used, and whether those were all.
pub(super) fn write_rights(
    control: UserMutPtr<u8>,
    room: u32,
    rights: &Rights,
    close: CloseOnExec,
) -> Result<(u32, bool)> {
    let most = if control.is_null() { 0 } else { room.saturating_sub(HEAD) / FD };
    let fds = control.checked_add(HEAD).map(UserMutPtr::cast::<i32>);
    let mut count = 0;
    for file in rights.files().iter().take(most as usize) {
        let place = fds.and_then(|fds| fds.checked_add(count)).ok_or(Errno::EFAULT)?;
        let files = current().files();
        let Ok(reserved) = files.reserve(close, caller::descriptor_limit()) else { break };
        if user::write(place, &reserved.fd().cast_signed()).is_err() {
            break;
        }
        reserved.install(file.clone());
        count += 1;
    }
    let are_all = count as usize == rights.files().len();
    if count == 0 {
        return Ok((0, are_all));
    }
    let head = Cmsghdr { len: HEAD + count * FD, level: SOL_SOCKET, kind: SCM_RIGHTS };
    user::write(control.cast(), &head)?;
    Ok((head.len.next_multiple_of(4).min(room), are_all))
}
