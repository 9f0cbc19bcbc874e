//! Where in a server something is changed.

use crate::client::{aside, ask};
use crate::target::Target;
use alloc::format;
use alloc::vec;
use alloc::vec::Vec;
use core::time::Duration;
use mutation::{Kind, Random, change, change_word, decode};
use sys::trace::read_memory;
use sys::{Errno, Result, file};

const PATIENCE: Duration = Duration::from_secs(5);
/// Looked at of an area of data, its end: that of a stack is in use.
const MOST_DATA: u32 = 64 << 10;
/// Places that are looked at: not every instruction can be changed in every way.
const TRIES: u32 = 100;
/// Decoding that begins anywhere is in step with the code after so many bytes.
const RUN_UP: usize = 64;

/// A server's memory.
struct Memory {
    text: u32,
    code: Vec<u8>,
    /// Areas that it alone has and writes to: start and end.
    data: Vec<(u32, u32)>,
}

/// Bytes to be changed.
pub struct Change {
    pub address: u32,
    pub bytes: Vec<u8>,
}

impl Change {
    /// As a seed's number has it, in a server that nothing is wrong with.
    pub fn choose(target: &Target, pid: i32, kind: Kind, random: &Random) -> Result<Self> {
        let found = aside(
            || {
                let (memory, mut random) = (Memory::of(target, pid)?, random.clone());
                let change = (0..TRIES).find_map(|_| memory.choose(pid, kind, &mut random));
                let change = change.ok_or(Errno::ENOENT)?;
                Ok([&change.address.to_le_bytes(), &change.bytes[..]].concat())
            },
            PATIENCE,
        )?;
        let (address, bytes) = found.split_first_chunk().ok_or(Errno::EIO)?;
        Ok(Self { address: u32::from_le_bytes(*address), bytes: bytes.to_vec() })
    }
}

impl Memory {
    fn of(target: &Target, pid: i32) -> Result<Self> {
        let maps = ask(|| file::read(format!("/proc/{pid}/maps")), PATIENCE)?;
        let maps = core::str::from_utf8(&maps).map_err(|_| Errno::EIO)?;
        let (mut text, mut data) = (None, Vec::new());
        for line in maps.lines() {
            let mut words = line.split_ascii_whitespace();
            let (Some(range), Some(rights)) = (words.next(), words.next()) else { continue };
            let Some(area) = parse_range(range) else { continue };
            match rights {
                "r-xp" if words.nth(3) == Some(target.program) => text = Some(area),
                "rw-p" => data.push(area),
                _ => {}
            }
        }
        let (text, end) = text.ok_or(Errno::ENOENT)?;
        let mut code = vec![0; (end - text) as usize];
        let read = read_memory(pid, text, &mut code)?;
        code.truncate(read);
        Ok(Self { text, code, data })
    }

    /// `None`: nothing that can be changed so was found.
    fn choose(&self, pid: i32, kind: Kind, random: &mut Random) -> Option<Change> {
        if kind == Kind::Data { self.word(pid, random) } else { self.instruction(kind, random) }
    }

    fn instruction(&self, kind: Kind, random: &mut Random) -> Option<Change> {
        let start = random.below(self.code.len() as u32) as usize;
        let mut at = start.saturating_sub(RUN_UP);
        while let Some(rest) = self.code.get(at..).filter(|rest| !rest.is_empty()) {
            if at >= start
                && let Some(new) = change(kind, rest, random)
            {
                let address = self.text + at as u32;
                return Some(Change { address, bytes: new.bytes().to_vec() });
            }
            at += decode(rest).map_or(1, |instruction| instruction.length.into());
        }
        None
    }

    /// A word that is not 0: it is in use, or was.
    fn word(&self, pid: i32, random: &mut Random) -> Option<Change> {
        let (start, end) = *self.data.get(random.below(self.data.len() as u32) as usize)?;
        let start = start.max(end.saturating_sub(MOST_DATA));
        let mut bytes = vec![0; (end - start) as usize];
        let read = read_memory(pid, start, &mut bytes).ok()?;
        let (words, _) = bytes.get(..read)?.as_chunks::<4>();
        let words = || words.iter().map(|word| u32::from_le_bytes(*word)).zip((start..).step_by(4));
        let used = || words().filter(|(word, _)| *word != 0);
        let (old, address) = used().nth(random.below(used().count() as u32) as usize)?;
        Some(Change { address, bytes: change_word(old, random).to_le_bytes().to_vec() })
    }
}

/// `START-END`
fn parse_range(text: &str) -> Option<(u32, u32)> {
    let (start, end) = text.split_once('-')?;
    Some((u32::from_str_radix(start, 16).ok()?, u32::from_str_radix(end, 16).ok()?))
}
