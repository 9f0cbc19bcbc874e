//! Moving bytes: `read`, `write` and their kin.

use super::files;
use crate::file::buffers::{Source, UserBuffers};
use crate::file::{copy_file_range as copy_range, sendfile as copy_file};
use crate::mm::user::{self, UserSlice};
use crate::result::{Errno, Result};
use abi::file::{IOV_MAX, Iovec, MAX_RW_COUNT};
use abi::{UserMutPtr, UserPtr};
use alloc::vec::Vec;

/// One buffer, checked in Linux's order: it lies in user space, it is shorter than 2 GiB.
#[inline]
fn buffer(address: u32, count: u32) -> Result<UserBuffers<'static>> {
    let buffer = UserBuffers::one(address, count)?;
    if count > i32::MAX as u32 { Err(Errno::EINVAL) } else { Ok(buffer) }
}

#[inline]
pub fn read(fd: i32, buffer_: UserMutPtr<u8>, count: u32) -> Result<u32> {
    let file = files().get(fd)?;
    file.may_read()?;
    let mut to = buffer(buffer_.address(), count)?;
    file.read(&mut to).map(|count| count as u32)
}

#[inline]
pub fn write(fd: i32, buffer_: UserPtr<u8>, count: u32) -> Result<u32> {
    let file = files().get(fd)?;
    file.may_write()?;
    let from = buffer(buffer_.address(), count)?;
    file.write(&mut Source::User(from)).map(|count| count as u32)
}

pub fn pread64(fd: i32, buffer_: UserMutPtr<u8>, count: u32, offset: i64) -> Result<u32> {
    let offset = u64::try_from(offset).map_err(|_| Errno::EINVAL)?;
    let file = files().get(fd)?;
    file.has_positions()?;
    file.may_read()?;
    let mut to = buffer(buffer_.address(), count)?;
    file.read_at(offset, &mut to).map(|count| count as u32)
}

pub fn pwrite64(fd: i32, buffer_: UserPtr<u8>, count: u32, offset: i64) -> Result<u32> {
    let offset = u64::try_from(offset).map_err(|_| Errno::EINVAL)?;
    let file = files().get(fd)?;
    file.has_positions()?;
    file.may_write()?;
    let from = buffer(buffer_.address(), count)?;
    file.write_at(offset, &mut Source::User(from)).map(|count| count as u32)
}

/// So many buffers need no memory of the kernel.
const FEW: usize = 8;

/// Reads a vector of buffers and hands them on, cut to what one call moves.
pub(in crate::syscall) fn with_vector<R>(
    vector: UserPtr<Iovec>,
    count: u32,
    transfer: impl FnOnce(UserBuffers) -> Result<R>,
) -> Result<R> {
    if count > IOV_MAX {
        return Err(Errno::EINVAL);
    }
    let count = count as usize;
    let mut few = [UserSlice::EMPTY; FEW];
    if let Some(ranges) = few.get_mut(..count) {
        read_vector(vector, ranges)?;
        return transfer(UserBuffers::several(ranges));
    }
    let mut ranges = Vec::new();
    ranges.try_reserve_exact(count).map_err(|_| Errno::ENOMEM)?;
    ranges.resize(count, UserSlice::EMPTY);
    read_vector(vector, &mut ranges)?;
    transfer(UserBuffers::several(&ranges))
}

fn read_vector(vector: UserPtr<Iovec>, ranges: &mut [UserSlice]) -> Result<()> {
    let mut room = MAX_RW_COUNT;
    for (range, index) in ranges.iter_mut().zip(0u32..) {
        let Iovec { base, len } = user::read(vector.checked_add(index).ok_or(Errno::EFAULT)?)?;
        if len > i32::MAX as u32 {
            return Err(Errno::EINVAL);
        }
        *range = UserSlice::new(base.address(), len)?;
        range.truncate(room as usize);
        room -= range.len() as u32;
    }
    Ok(())
}

pub fn readv(fd: i32, vector: UserPtr<Iovec>, count: u32) -> Result<u32> {
    let file = files().get(fd)?;
    file.may_read()?;
    with_vector(vector, count, |mut to| file.read(&mut to)).map(|count| count as u32)
}

pub fn writev(fd: i32, vector: UserPtr<Iovec>, count: u32) -> Result<u32> {
    let file = files().get(fd)?;
    file.may_write()?;
    with_vector(vector, count, |from| file.write(&mut Source::User(from))).map(|count| count as u32)
}

pub fn preadv(fd: i32, vector: UserPtr<Iovec>, count: u32, offset: i64) -> Result<u32> {
    let offset = u64::try_from(offset).map_err(|_| Errno::EINVAL)?;
    let file = files().get(fd)?;
    file.has_positions()?;
    file.may_read()?;
    with_vector(vector, count, |mut to| file.read_at(offset, &mut to)).map(|count| count as u32)
}

pub fn pwritev(fd: i32, vector: UserPtr<Iovec>, count: u32, offset: i64) -> Result<u32> {
    let offset = u64::try_from(offset).map_err(|_| Errno::EINVAL)?;
    let file = files().get(fd)?;
    file.has_positions()?;
    file.may_write()?;
    with_vector(vector, count, |from| file.write_at(offset, &mut Source::User(from)))
        .map(|count| count as u32)
}

pub fn sendfile(output: i32, input: i32, offset: UserMutPtr<i32>, count: u32) -> Result<u32> {
    if offset.is_null() {
        return send(output, input, None, count, i64::MAX.cast_unsigned()).map(|(count, _)| count);
    }
    let start = user::read(offset.as_const())?;
    let limit = u64::from(i32::MAX.cast_unsigned());
    let (count, end) = send(output, input, Some(i64::from(start)), count, limit)?;
    user::write(offset, &i32::try_from(end).map_err(|_| Errno::EOVERFLOW)?)?;
    Ok(count)
}

pub fn sendfile64(output: i32, input: i32, offset: UserMutPtr<i64>, count: u32) -> Result<u32> {
    if offset.is_null() {
        return send(output, input, None, count, i64::MAX.cast_unsigned()).map(|(count, _)| count);
    }
    let start = user::read(offset.as_const())?;
    let (count, end) = send(output, input, Some(start), count, i64::MAX.cast_unsigned())?;
    user::write(offset, &end)?;
    Ok(count)
}

/// Returns the bytes moved and the offset behind them, which does not pass `limit`.
fn send(
    output: i32,
    input: i32,
    offset: Option<i64>,
    count: u32,
    limit: u64,
) -> Result<(u32, i64)> {
    let files = files();
    let from = files.get(input)?;
    from.may_read()?;
    if offset.is_some() {
        from.has_positions()?;
    }
    let offset = offset.map(u64::try_from).transpose().map_err(|_| Errno::EINVAL)?;
    if count > i32::MAX as u32 {
        return Err(Errno::EINVAL);
    }
    let to = files.get(output)?;
    to.may_write()?;
    let room = limit.saturating_sub(offset.unwrap_or(0));
    if room == 0 && count != 0 {
        return Err(Errno::EOVERFLOW);
    }
    let count = u64::from(count.min(MAX_RW_COUNT)).min(room);
    copy_file(&to, &from, offset, count as usize)
        .map(|(count, end)| (count as u32, end.cast_signed()))
}

pub fn copy_file_range(
    input: i32,
    input_offset: UserMutPtr<i64>,
    output: i32,
    output_offset: UserMutPtr<i64>,
    length: u32,
    flags: u32,
) -> Result<u32> {
    let files = files();
    let (from, to) = (files.get(input)?, files.get(output)?);
    let read = |offset: UserMutPtr<i64>| match offset.is_null() {
        true => Ok(None),
        false => user::read(offset.as_const()).map(Some),
    };
    let (start, target) = (read(input_offset)?, read(output_offset)?);
    if flags != 0 {
        return Err(Errno::EINVAL);
    }
    let count = copy_range(&from, start, &to, target, length)?;
    if count != 0 {
        for (place, offset) in [(input_offset, start), (output_offset, target)] {
            if let Some(offset) = offset {
                user::write(place, &(offset + i64::from(count)))?;
            }
        }
    }
    Ok(count)
}
