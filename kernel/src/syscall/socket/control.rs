//! Control messages: descriptors that go along with a message.

use crate::file::caller;
use crate::file::socket::Rights;
use crate::mm::user::{self, UserSlice};
use crate::process::current;
use crate::result::{Errno, Result};
use abi::socket::{Cmsghdr, SCM_MAX_FD, SCM_RIGHTS, SOL_SOCKET};
use abi::{UserMutPtr, UserPtr};
use alloc::boxed::Box;
use alloc::vec::Vec;
use kcore::fd_table::CloseOnExec;

const HEAD: u32 = size_of::<Cmsghdr>() as u32;
const FD: u32 = size_of::<i32>() as u32;
/// Linux's optmem_max of 32-bit machines, which control messages stay below.
const MOST: u32 = 10_240;

/// What control messages send along; other protocols' nobody looks at. EINVAL, EBADF,
/// ENOBUFS.
pub(super) fn read(control: UserPtr<u8>, len: u32) -> Result<Option<Box<Rights>>> {
    if len >= MOST {
        return Err(Errno::ENOBUFS);
    }
    UserSlice::new(control.address(), len)?;
    let (mut files, mut at) = (Vec::new(), 0);
    while len - at >= HEAD {
        let place = control.checked_add(at).ok_or(Errno::EFAULT)?;
        let head = user::read(place.cast::<Cmsghdr>())?;
        if head.len < HEAD || head.len > len - at {
            return Err(Errno::EINVAL);
        }
        if head.level == SOL_SOCKET {
            let count = (head.len - HEAD) / FD;
            if head.kind != SCM_RIGHTS || count as usize + files.len() > SCM_MAX_FD {
                return Err(Errno::EINVAL);
            }
            files.try_reserve(count as usize).map_err(|_| Errno::ENOMEM)?;
            let fds = place.checked_add(HEAD).ok_or(Errno::EFAULT)?.cast::<i32>();
            for index in 0..count {
                let fd = user::read(fds.checked_add(index).ok_or(Errno::EFAULT)?)?;
                files.push(current().files().get_any(fd)?);
            }
        }
        at = at.saturating_add(head.len.next_multiple_of(4)).min(len);
    }
    if files.is_empty() { Ok(None) } else { Rights::new(files).map(Some) }
}

/// Gives the program descriptors of what came with a message, as many as there is room for. Returns
/// the bytes used, and whether those were all.
pub(super) fn write(
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
