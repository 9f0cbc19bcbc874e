//! `sendfile`: from a regular file to anything, in pieces that pass through the kernel.

use super::buffers::Source;
use super::caller;
use super::description::File;
use crate::result::{Errno, Result};
use crate::task::might_resched;
use abi::file::O_APPEND;
use alloc::vec::Vec;

/// Bytes copied in one go.
const PIECE: usize = 4096;

/// Copies from a regular file, from `offset` or its position, to anything. Returns the bytes and
/// the offset behind them.
pub fn sendfile(to: &File, from: &File, offset: Option<u64>, count: usize) -> Result<(usize, u64)> {
    if from.regular().is_none() || to.flags() & O_APPEND != 0 {
        return Err(Errno::EINVAL);
    }
    let write = |bytes: &[u8], _: usize| to.write(&mut Source::Kernel(bytes));
    if let Some(offset) = offset {
        return copy(from, offset, count, write);
    }
    // The position is not kept from others while `to`, which may be the same description, is
    // written.
    let start = from.with_position(|position| Ok(*position))?;
    let (done, end) = copy(from, start, count, write)?;
    if done != 0 {
        from.with_position(|position| {
            *position = end;
            Ok(())
        })?;
    }
    Ok((done, end))
}

/// Hands pieces of a regular file to `write`, each with the number of bytes written before. Returns
/// the bytes written and the offset behind them. An error after the first bytes only ends the copy:
/// the bytes are gone. Between regular files only a fatal signal does, as on Linux.
pub(super) fn copy(
    from: &File,
    mut offset: u64,
    count: usize,
    mut write: impl FnMut(&[u8], usize) -> Result<usize>,
) -> Result<(usize, u64)> {
    let mut buffer = Vec::new();
    buffer.try_reserve_exact(PIECE).map_err(|_| Errno::ENOMEM)?;
    buffer.resize(PIECE, 0);
    let mut done = 0;
    while done < count {
        let room = buffer.get_mut(..(count - done).min(PIECE)).unwrap_or_default();
        let piece = from.read_kernel(offset, room).and_then(|got| match got {
            0 => Ok((0, 0)),
            _ => Ok((got, write(room.get(..got).unwrap_or_default(), done)?)),
        });
        let (got, written) = match piece {
            Ok(piece) => piece,
            Err(error) if done == 0 => return Err(error),
            Err(_) => break,
        };
        done += written;
        offset += written as u64;
        // Looked at behind the piece: a call that is ended so has moved something.
        if got == 0 || written < got || caller::is_killed() {
            break;
        }
        might_resched();
    }
    Ok((done, offset))
}
