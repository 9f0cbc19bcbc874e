//! Another process's memory: `process_vm_readv`, `process_vm_writev`.

use crate::mm::remote::Direction;
use crate::mm::space::Mm;
use crate::mm::user::{self, UserSlice};
use crate::process::permission;
use crate::process::table::{find, lock_family};
use crate::result::{Errno, Result};
use abi::UserPtr;
use abi::file::{IOV_MAX, Iovec, MAX_RW_COUNT};
use alloc::sync::Arc;
use alloc::vec::Vec;

pub fn process_vm_readv(
    pid: i32,
    local: UserPtr<Iovec>,
    local_count: u32,
    remote: UserPtr<Iovec>,
    remote_count: u32,
    flags: u32,
) -> Result<u32> {
    transfer(pid, (local, local_count), (remote, remote_count), flags, Direction::Read)
}

pub fn process_vm_writev(
    pid: i32,
    local: UserPtr<Iovec>,
    local_count: u32,
    remote: UserPtr<Iovec>,
    remote_count: u32,
    flags: u32,
) -> Result<u32> {
    transfer(pid, (local, local_count), (remote, remote_count), flags, Direction::Write)
}

/// What lies in the other process is looked for only if anything is to be copied.
fn transfer(
    pid: i32,
    local: (UserPtr<Iovec>, u32),
    remote: (UserPtr<Iovec>, u32),
    flags: u32,
    direction: Direction,
) -> Result<u32> {
    if flags != 0 {
        return Err(Errno::EINVAL);
    }
    let mut local = own_ranges(&read_vector(local)?)?;
    if local.iter().all(UserSlice::is_empty) {
        return Ok(0);
    }
    let remote = read_vector(remote)?;
    if remote.iter().all(|range| range.len == 0) {
        return Ok(0);
    }
    copy(&*memory_of(pid)?, &mut local, &remote, direction)
}

fn read_vector((vector, count): (UserPtr<Iovec>, u32)) -> Result<Vec<Iovec>> {
    if count > IOV_MAX {
        return Err(Errno::EINVAL);
    }
    let mut ranges = Vec::new();
    ranges.try_reserve_exact(count as usize).map_err(|_| Errno::ENOMEM)?;
    for index in 0..count {
        let range = user::read(vector.checked_add(index).ok_or(Errno::EFAULT)?)?;
        if range.len > i32::MAX as u32 {
            return Err(Errno::EINVAL);
        }
        ranges.push(range);
    }
    Ok(ranges)
}

/// The caller's side, cut to what one call moves.
fn own_ranges(vector: &[Iovec]) -> Result<Vec<UserSlice>> {
    let mut ranges = Vec::new();
    ranges.try_reserve_exact(vector.len()).map_err(|_| Errno::ENOMEM)?;
    let mut room = MAX_RW_COUNT;
    for Iovec { base, len } in vector {
        let mut range = UserSlice::new(base.address(), *len)?;
        range.truncate(room as usize);
        room -= range.len() as u32;
        ranges.push(range);
    }
    Ok(ranges)
}

/// EPERM is said only of who is there.
pub fn memory_of(pid: i32) -> Result<Arc<Mm>> {
    let process = {
        let family = lock_family();
        find(&family, pid)?.1.clone()
    };
    let mm = process.mm().ok_or(Errno::ESRCH)?;
    permission::may_change(&process)?;
    Ok(mm)
}

/// Through both lists as far as both go. What was copied before an error counts, and hides it.
fn copy(mm: &Mm, local: &mut [UserSlice], remote: &[Iovec], direction: Direction) -> Result<u32> {
    let mut done = 0;
    let mut local = local.iter_mut().filter(|range| !range.is_empty());
    let Some(mut to) = local.next() else { return Ok(0) };
    for Iovec { base, len } in remote {
        let mut within = 0;
        while within < *len {
            let count = (*len - within).min(to.len() as u32);
            let address = base.address().checked_add(within);
            let copied = match address
                .ok_or(Errno::EFAULT)
                .and_then(|address| mm.copy_remote(address, count, to, direction))
            {
                Ok(copied) => copied,
                Err(errno) if done == 0 => return Err(errno),
                Err(_) => return Ok(done),
            };
            done += copied;
            within += copied;
            if copied < count {
                return if done == 0 { Err(Errno::EFAULT) } else { Ok(done) };
            }
            if to.is_empty() {
                match local.next() {
                    Some(next) => to = next,
                    None => return Ok(done),
                }
            }
        }
    }
    Ok(done)
}
