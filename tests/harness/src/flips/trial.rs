//! One guest that goes on with one bit flipped, and what was seen of it.

use super::places::Place;
use crate::guest::why;
use crate::page_tables::{KernelImage, Sample};
use std::time::Duration;
use xtask::captured::text;
use xtask::running::Running;
use xtask::session::End;
use xtask::snapshot::Snapshot;

/// Many times what the work takes; most guests that hang say so themselves.
const PATIENCE: Duration = Duration::from_secs(20);
/// What QEMU and its lines may take when the guest has ended.
const ENDING: Duration = Duration::from_secs(5);
const DONE: &str = "done\n";

/// How it ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Ending {
    /// With all its work behind it.
    Done,
    /// It never said that it was done.
    Silent,
    Ended(End),
}

/// What was seen of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Seen {
    pub ending: Ending,
    pub stdout: String,
    pub stderr: String,
    /// What the kernel said since.
    pub log: Vec<String>,
    /// What is wrong with its page tables at the end.
    pub tables: Option<String>,
}

/// What each trial begins with.
pub struct Start {
    pub snapshot: Snapshot,
    pub image: KernelImage,
    /// Bytes of memory.
    pub memory: u64,
}

impl Start {
    /// Goes on from there, with this bit flipped, and `walks` the page tables at the end.
    pub fn go_on(&self, flip: Option<&Place>, walks: bool) -> Result<Seen, String> {
        let mut guest = why(self.snapshot.restore_stopped())?;
        let before = guest.log().len();
        if let Some(place) = flip {
            why(guest.gdb().and_then(|mut gdb| gdb.flip(place.address, place.bit)))?;
        }
        why(guest.qmp()).and_then(|qmp| why(qmp.cont()))?;
        let mut seen = self.watch(guest, walks)?;
        seen.log.drain(..before.min(seen.log.len()));
        Ok(seen)
    }

    fn watch(&self, mut guest: Running, walks: bool) -> Result<Seen, String> {
        let mut tables = None;
        let read = guest.read_until(DONE.as_bytes(), PATIENCE);
        let is_done = read.is_ok();
        if is_done && walks {
            // It sleeps, and no longer changes them.
            why(guest.qmp()).and_then(|qmp| why(qmp.stop()))?;
            let sample = Sample::take_still(&mut guest, self.memory);
            tables = sample.and_then(|sample| sample.check(&self.image)).err();
        }
        let has_ended = read.as_ref().is_err_and(|stop| stop.why.starts_with("the guest ended"));
        let patience = if has_ended { ENDING } else { Duration::ZERO };
        let left = why(guest.end(patience))?;
        let mut stdout = text(&read.unwrap_or_default()).into_owned();
        stdout += &text(&left.stdout);
        let ending = match left.outcome.end {
            _ if is_done => Ending::Done,
            End::TimedOut => Ending::Silent,
            end => Ending::Ended(end),
        };
        let stderr = text(&left.stderr).into_owned();
        Ok(Seen { ending, stdout, stderr, log: left.outcome.log, tables })
    }
}
