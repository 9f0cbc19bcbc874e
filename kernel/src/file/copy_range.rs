//! `copy_file_range`: from one regular file into another, or into another part of the same.

use super::buffers::Source;
use super::caller;
use super::description::File;
use super::sendfile::copy;
use crate::result::{Errno, Result};
use abi::file::{MAX_RW_COUNT, O_APPEND, O_LARGEFILE};
use abi::signal::SIGXFSZ;
use alloc::sync::Arc;

/// Where a copy reads or writes: at an offset of its own, or where the description is.
pub type Offset = Option<i64>;

/// Copies `len` bytes, or what there is before the end. Returns how many.
pub fn copy_file_range(
    from: &File,
    from_offset: Offset,
    to: &File,
    to_offset: Offset,
    len: u32,
) -> Result<u32> {
    let position = |file: &File| file.with_position(|position| Ok(position.cast_signed()));
    let start = from_offset.map_or_else(|| position(from), Ok)?;
    let target = to_offset.map_or_else(|| position(to), Ok)?;
    check_files(from, to)?;
    let len = check_range(from, start, to, target, len)?;
    let (Ok(start), Ok(target)) = (u64::try_from(start), u64::try_from(target)) else {
        return Err(Errno::EINVAL);
    };
    let write =
        |bytes: &[u8], done: usize| to.write_at(target + done as u64, &mut Source::Kernel(bytes));
    let (done, end) = copy(from, start, len.min(MAX_RW_COUNT) as usize, write)?;
    let advance = |file: &File, end: u64| {
        file.with_position(|position| {
            *position = end;
            Ok(())
        })
    };
    if done != 0 && from_offset.is_none() {
        advance(from, end)?;
    }
    if done != 0 && to_offset.is_none() {
        advance(to, target + done as u64)?;
    }
    Ok(done as u32)
}

fn check_files(from: &File, to: &File) -> Result<()> {
    if from.is_directory() || to.is_directory() {
        return Err(Errno::EISDIR);
    }
    if from.regular().is_none() || to.regular().is_none() {
        return Err(Errno::EINVAL);
    }
    from.may_read()?;
    to.may_write()?;
    if to.flags() & O_APPEND != 0 { Err(Errno::EBADF) } else { Ok(()) }
}

/// How much of `len` can be copied, with errors in Linux's order.
fn check_range(from: &File, start: i64, to: &File, target: i64, len: u32) -> Result<u32> {
    let (Some((source, _)), Some((sink, _))) = (from.regular(), to.regular()) else {
        return Err(Errno::EINVAL);
    };
    let wraps = |offset: i64| offset.cast_unsigned().checked_add(u64::from(len)).is_none();
    if wraps(start) || wraps(target) {
        return Err(Errno::EOVERFLOW);
    }
    let left = i128::from(source.size()) - i128::from(start);
    let mut len = i128::from(len).min(left).max(0);
    let reach = if to.flags() & O_LARGEFILE != 0 { i64::MAX } else { i64::from(i32::MAX) };
    let limit = i128::from(caller::file_size_limit());
    let target = i128::from(target);
    if target >= limit {
        caller::raise(SIGXFSZ);
        return Err(Errno::EFBIG);
    }
    if target >= i128::from(reach) {
        return Err(Errno::EFBIG);
    }
    len = len.min(limit - target).min(i128::from(reach) - target);
    let start = i128::from(start);
    if Arc::ptr_eq(source, sink) && target + len > start && target < start + len {
        return Err(Errno::EINVAL);
    }
    u32::try_from(len).map_err(|_| Errno::EINVAL)
}
