//! `cmdline`, `environ`, `auxv`: what a program was started with, as it lies in its memory; `comm`.
//!
//! Arguments and environment may be megabytes: they are copied from where the reader is.

use super::{PAGE, Put, Subject};
use crate::text::{Text, name_of};
use alloc::vec;
use core::ops::ControlFlow;
use sys::abi::statistics::SpaceStatistics;
use sys::{Errno, Result};

/// Bytes copied at a time.
const PIECE: usize = PAGE as usize;

/// Hands on memory from `start` to before `end`, a piece at a time, as far as it is there and `take`
/// goes on.
fn each_piece(
    of: &Subject<'_>,
    (start, end): (u32, u32),
    mut take: impl FnMut(&[u8]) -> Result<ControlFlow<()>>,
) -> Result<()> {
    let (mut at, mut piece) = (start, vec![0; PIECE]);
    while at < end {
        let room = piece.get_mut(..PIECE.min((end - at) as usize)).unwrap_or_default();
        let count = match of.kernel.memory_of(of.pid, at, room) {
            Err(Errno::EFAULT) | Ok(0) => return Ok(()),
            count => count?,
        };
        let bytes = piece.get(..count).unwrap_or_default();
        if take(bytes)?.is_break() {
            return Ok(());
        }
        at += count as u32;
    }
    Ok(())
}

/// Hands on at most `room` bytes of such memory from byte `offset` on.
fn part(
    of: &Subject<'_>,
    (start, end): (u32, u32),
    offset: u64,
    room: usize,
    put: Put<'_>,
) -> Result<()> {
    let at = |distance: u64| u64::from(start).saturating_add(distance).min(u64::from(end)) as u32;
    let range = (at(offset), at(offset.saturating_add(room as u64)));
    each_piece(of, range, |bytes| put(bytes).map(ControlFlow::Continue))
}

/// The arguments, each with its NUL. A program that wrote over the last NUL, to be called something
/// else, shows one string, which may go on in the place of its environment; at most a page.
pub fn cmdline(of: &Subject<'_>, offset: u64, room: usize, put: Put<'_>) -> Result<()> {
    let space = of.details()?.space;
    if !is_title(of, &space)? {
        return part(of, (space.start_arguments, space.end_arguments), offset, room, put);
    }
    let is_followed = space.start_environment == space.end_arguments;
    let end = if is_followed { space.end_environment } else { space.end_arguments };
    let mut title = vec![];
    each_piece(of, (space.start_arguments, end), |bytes| {
        let length = bytes.iter().position(|byte| *byte == 0).map_or(bytes.len(), |nul| nul + 1);
        title.extend_from_slice(bytes.get(..length).unwrap_or_default());
        let is_over = title.last() == Some(&0) || title.len() >= PIECE;
        Ok(if is_over { ControlFlow::Break(()) } else { ControlFlow::Continue(()) })
    })?;
    title.truncate(PIECE);
    let rest = usize::try_from(offset).ok().and_then(|offset| title.get(offset..));
    let rest = rest.unwrap_or_default();
    put(rest.get(..room).unwrap_or(rest))
}

/// Whether the arguments do not end in a NUL any more.
fn is_title(of: &Subject<'_>, space: &SpaceStatistics) -> Result<bool> {
    let Some(last) = space.end_arguments.checked_sub(1) else { return Ok(false) };
    let mut byte = [0];
    match of.kernel.memory_of(of.pid, last, &mut byte) {
        Err(Errno::EFAULT) => Ok(false),
        count => Ok(count? == 1 && byte != [0]),
    }
}

/// The environment, each string with its NUL.
pub fn environ(of: &Subject<'_>, offset: u64, room: usize, put: Put<'_>) -> Result<()> {
    let space = of.details()?.space;
    part(of, (space.start_environment, space.end_environment), offset, room, put)
}

/// The auxiliary vector. The kernel put it behind the pointers to arguments and environment, each of
/// which end with a null.
pub fn auxv(of: &Subject<'_>, text: &mut Text) -> Result<()> {
    let space = of.details()?.space;
    if space.exists == 0 {
        return Ok(());
    }
    // The count comes first.
    let pointers = (space.start_stack & !3).saturating_add(4);
    let range = (pointers, space.start_arguments);
    let (mut nulls, mut kind) = (0, None);
    each_piece(of, range, |bytes| {
        let (words, _) = bytes.as_chunks::<4>();
        for word in words {
            let value = u32::from_le_bytes(*word);
            if nulls < 2 {
                nulls += u32::from(value == 0);
                continue;
            }
            text.add_bytes(word);
            match kind.take() {
                None => kind = Some(value),
                Some(0) => return Ok(ControlFlow::Break(())),
                Some(_) => {}
            }
        }
        Ok(ControlFlow::Continue(()))
    })
}

/// The name.
pub fn comm(of: &Subject<'_>, text: &mut Text) -> Result<()> {
    let name = match of.thread()? {
        Some(thread) => thread.name,
        None => of.details()?.name,
    };
    text.add_bytes(name_of(&name));
    text.add_bytes(b"\n");
    Ok(())
}
