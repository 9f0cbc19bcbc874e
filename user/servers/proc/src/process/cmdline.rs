//! `cmdline`, `environ`, `auxv`: what a program was started with, as it lies in its memory; `comm`.

use super::Subject;
use crate::text::{Text, name_of};
use alloc::vec;
use sys::{Errno, Result};

/// More than a program can be started with.
const MOST: u32 = 4 << 20;
const PIECE: usize = 4096;

/// Adds memory from `start` to before `end`, as far as it is there and `wants` more.
fn add_memory(
    of: &Subject<'_>,
    (start, end): (u32, u32),
    text: &mut Text,
    mut wants: impl FnMut(&[u8]) -> Option<usize>,
) -> Result<()> {
    let end = end.min(start.saturating_add(MOST));
    let (mut at, mut piece) = (start, vec![0; PIECE]);
    while at < end {
        let room = piece.get_mut(..PIECE.min((end - at) as usize)).unwrap_or_default();
        let count = match of.kernel.memory_of(of.pid, at, room) {
            Err(Errno::EFAULT) => return Ok(()),
            count => count?,
        };
        let bytes = piece.get(..count).unwrap_or_default();
        if let Some(last) = wants(bytes) {
            text.add_bytes(bytes.get(..last).unwrap_or(bytes));
            return Ok(());
        }
        text.add_bytes(bytes);
        if count == 0 {
            return Ok(());
        }
        at += count as u32;
    }
    Ok(())
}

/// The arguments, each with its NUL. A program that wrote over them, to be called something else, may
/// have needed the place of its environment too: then one string up to its NUL.
pub fn cmdline(of: &Subject<'_>, text: &mut Text) -> Result<()> {
    let space = of.details()?.space;
    let before = text.len();
    add_memory(of, (space.start_arguments, space.end_arguments), text, |_| None)?;
    if text.bytes().get(before..).and_then(<[u8]>::last).is_none_or(|last| *last == 0) {
        return Ok(());
    }
    let first = text.bytes().get(before..).unwrap_or_default().iter().position(|byte| *byte == 0);
    if let Some(first) = first {
        let kept = text.bytes().get(..before + first + 1).unwrap_or_default().to_vec();
        *text = Text::new();
        text.add_bytes(&kept);
        return Ok(());
    }
    let range = (space.end_arguments, space.end_environment);
    add_memory(of, range, text, |bytes| bytes.iter().position(|byte| *byte == 0))
}

/// The environment, each string with its NUL.
pub fn environ(of: &Subject<'_>, text: &mut Text) -> Result<()> {
    let space = of.details()?.space;
    add_memory(of, (space.start_environment, space.end_environment), text, |_| None)
}

/// The auxiliary vector. The kernel put it behind the pointers to arguments and environment.
pub fn auxv(of: &Subject<'_>, text: &mut Text) -> Result<()> {
    let space = of.details()?.space;
    if space.exists == 0 {
        return Ok(());
    }
    let mut stack = Text::new();
    let range = (space.start_stack & !3, space.start_arguments);
    add_memory(of, range, &mut stack, |_| None)?;
    let (words, _) = stack.bytes().as_chunks::<4>();
    let mut words = words.iter().map(|word| u32::from_le_bytes(*word));
    // The count and the arguments up to their null, then the environment up to its null.
    for _ in 0..2 {
        words.by_ref().take_while(|word| *word != 0).for_each(drop);
    }
    while let (Some(kind), Some(value)) = (words.next(), words.next()) {
        text.add_bytes(&kind.to_le_bytes());
        text.add_bytes(&value.to_le_bytes());
        if kind == 0 {
            break;
        }
    }
    Ok(())
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
