//! Opening and closing descriptors, and where they stand.

use super::{files, from, read_path};
use crate::file::{File, caller, open as open_file, open_memory, pipe as make_pipe, random};
use crate::mm::user::{self, UserSlice};
use crate::process::current;
use crate::result::{Errno, Result};
use abi::file::{AT_FDCWD, O_CLOEXEC, O_CREAT, O_NONBLOCK, O_TRUNC, O_WRONLY, SEEK_HOLE};
use abi::memory::MFD_CLOEXEC;
use abi::{UserMutPtr, UserStr};
use alloc::sync::Arc;
use kcore::fd_table::CloseOnExec;

pub fn open(path: UserStr, flags: u32, mode: u32) -> Result<u32> {
    openat(AT_FDCWD, path, flags, mode)
}

pub fn creat(path: UserStr, mode: u32) -> Result<u32> {
    openat(AT_FDCWD, path, O_CREAT | O_WRONLY | O_TRUNC, mode)
}

pub fn openat(directory: i32, path: UserStr, flags: u32, mode: u32) -> Result<u32> {
    let path = read_path(path)?;
    let files = files();
    // Before the file is opened, so that nothing is made for a descriptor that is not there.
    let reserved = files.reserve(close_on_exec(flags), caller::descriptor_limit())?;
    let umask = current().fs().umask();
    let file = from(directory, &path, |start| open_file(start, &path, flags, mode, umask))?;
    Ok(reserved.install(file))
}

fn close_on_exec(flags: u32) -> CloseOnExec {
    if flags & O_CLOEXEC != 0 { CloseOnExec::Yes } else { CloseOnExec::No }
}

pub fn close(fd: i32) -> Result<u32> {
    files().close(fd)?;
    Ok(0)
}

const CLOSE_RANGE_UNSHARE: u32 = 1 << 1;
const CLOSE_RANGE_CLOEXEC: u32 = 1 << 2;

pub fn close_range(first: u32, last: u32, flags: u32) -> Result<u32> {
    if flags & !(CLOSE_RANGE_UNSHARE | CLOSE_RANGE_CLOEXEC) != 0 || first > last {
        return Err(Errno::EINVAL);
    }
    let mut files = files();
    // The thread's own reference, and this one.
    if flags & CLOSE_RANGE_UNSHARE != 0 && Arc::strong_count(&files) > 2 {
        files = files.fork()?;
        current().replace_files(&files);
    }
    if flags & CLOSE_RANGE_CLOEXEC != 0 {
        files.set_close_on_exec_range(first, last);
    } else {
        files.close_range(first, last);
    }
    Ok(0)
}

pub fn pipe(fds: UserMutPtr<[i32; 2]>) -> Result<u32> {
    pipe2(fds, 0)
}

pub fn pipe2(fds: UserMutPtr<[i32; 2]>, flags: u32) -> Result<u32> {
    if flags & !(O_CLOEXEC | O_NONBLOCK) != 0 {
        return Err(Errno::EINVAL);
    }
    let identity = caller::identity();
    let (reader, writer) = make_pipe(flags & O_NONBLOCK, identity.user(), identity.group())?;
    let files = files();
    let (close, limit) = (close_on_exec(flags), caller::descriptor_limit());
    let read = files.reserve(close, limit)?;
    let write = files.reserve(close, limit)?;
    user::write(fds, &[read.fd().cast_signed(), write.fd().cast_signed()])?;
    read.install(reader);
    write.install(writer);
    Ok(0)
}

/// The longest name of a memory file.
const MAX_NAME: usize = 249;

pub fn memfd_create(name: UserStr, flags: u32) -> Result<u32> {
    if flags & !MFD_CLOEXEC != 0 {
        return Err(Errno::EINVAL);
    }
    user::c_string(name, MAX_NAME + 1, Errno::EINVAL)?;
    let close = if flags & MFD_CLOEXEC != 0 { CloseOnExec::Yes } else { CloseOnExec::No };
    let files = files();
    let reserved = files.reserve(close, caller::descriptor_limit())?;
    let file = open_memory(&caller::identity())?;
    Ok(reserved.install(file))
}

/// Moves the position; the result before it is cut to the width of the call's.
fn seek(fd: i32, offset: i64, whence: u32) -> Result<u64> {
    let file: Arc<File> = files().get(fd)?;
    if whence > SEEK_HOLE {
        return Err(Errno::EINVAL);
    }
    file.seek(offset, whence)
}

pub fn lseek(fd: i32, offset: i32, whence: u32) -> Result<u32> {
    let position = seek(fd, i64::from(offset), whence)?;
    if position > i32::MAX as u64 { Err(Errno::EOVERFLOW) } else { Ok(position as u32) }
}

pub fn _llseek(
    fd: i32,
    offset_high: u32,
    offset_low: u32,
    result: UserMutPtr<i64>,
    whence: u32,
) -> Result<u32> {
    let offset = (u64::from(offset_high) << 32 | u64::from(offset_low)).cast_signed();
    let position = seek(fd, offset, whence)?;
    user::write(result, &position.cast_signed())?;
    Ok(0)
}

const GRND_NONBLOCK: u32 = 1;
const GRND_RANDOM: u32 = 2;
const GRND_INSECURE: u32 = 4;

pub fn getrandom(buffer: UserMutPtr<u8>, count: u32, flags: u32) -> Result<u32> {
    if flags & !(GRND_NONBLOCK | GRND_RANDOM | GRND_INSECURE) != 0
        || flags & (GRND_RANDOM | GRND_INSECURE) == GRND_RANDOM | GRND_INSECURE
    {
        return Err(Errno::EINVAL);
    }
    let slice = [UserSlice::new(buffer.address(), count.min(i32::MAX as u32))?];
    let mut to = crate::file::buffers::UserBuffers::several(&slice);
    random::read(&mut to).map(|count| count as u32)
}
