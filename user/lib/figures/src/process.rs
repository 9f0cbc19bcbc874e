//! The line of `PID/stat`.

use crate::table::{number, words};
use alloc::vec::Vec;

/// A process, as far as tools show it.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Process {
    /// Process id.
    pub pid: u64,
    /// Its name, which may hold anything.
    pub name: Vec<u8>,
    /// Letter of its state.
    pub state: u8,
    /// Id of the parent.
    pub parent: u64,
    /// Process group.
    pub group: u64,
    /// Clock ticks it used.
    pub ticks: u64,
    /// -20 to 19.
    pub nice: i64,
    /// Threads.
    pub threads: u64,
    /// Clock ticks from boot to its start.
    pub started: u64,
    /// Bytes mapped.
    pub size: u64,
    /// Pages present.
    pub resident: u64,
}

impl Process {
    /// Of a file's contents. `None` if that is something else.
    pub fn parse(line: &[u8]) -> Option<Self> {
        let open = line.iter().position(|byte| *byte == b'(')?;
        let close = line.iter().rposition(|byte| *byte == b')')?;
        let pid = number(line.get(..open)?.trim_ascii())?;
        let name = line.get(open + 1..close)?.to_vec();
        let mut words = words(line.get(close + 1..)?);
        let state = *words.next()?.first()?;
        // Fields are counted from 1; the state is the third.
        let mut at = 4;
        let mut field = |wanted: usize| {
            let word = words.nth(wanted - at)?;
            at = wanted + 1;
            Some(word)
        };
        let parent = number(field(4)?)?;
        let group = number(field(5)?)?;
        let ticks = number(field(14)?)? + number(field(15)?)?;
        let nice = core::str::from_utf8(field(19)?).ok()?.parse().ok()?;
        let threads = number(field(20)?)?;
        let started = number(field(22)?)?;
        let (size, resident) = (number(field(23)?)?, number(field(24)?)?);
        Some(Self {
            pid,
            name,
            state,
            parent,
            group,
            ticks,
            nice,
            threads,
            started,
            size,
            resident,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_are_counted_behind_the_name() {
        let line =
            b"42 (my) prog) S 1 43 40 1281 42 0 100 9 1 0 12 3 2 0 25 -5 2 0 1234 2457600 125 \
            4294967295 1 1 0\n";
        let expected = Process {
            pid: 42,
            name: b"my) prog".to_vec(),
            state: b'S',
            parent: 1,
            group: 43,
            ticks: 15,
            nice: -5,
            threads: 2,
            started: 1234,
            size: 2_457_600,
            resident: 125,
        };
        assert_eq!(Process::parse(line), Some(expected));
        for wrong in [&b""[..], b"42", b"42 (x", b"42 (x) S 1", b"x (x) S 1 2", b")("] {
            assert_eq!(Process::parse(wrong), None);
        }
    }
}
