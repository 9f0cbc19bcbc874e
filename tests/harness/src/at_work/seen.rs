//! What is seen of a guest at work.

use crate::guest::why;
use std::fmt;
use std::time::Duration;
use xtask::captured::text;
use xtask::page_tables::{KernelImage, Sample};
use xtask::running::Running;
use xtask::session::End;

/// Many times what the work takes; most guests that hang say so themselves.
const PATIENCE: Duration = Duration::from_secs(20);
/// What QEMU and its lines may take when the guest has ended.
const ENDING: Duration = Duration::from_secs(5);
const DONE: &str = "done\n";

/// How it ended.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Ending {
    /// It never said that it was done.
    #[default]
    Silent,
    /// With all its work behind it.
    Done,
    Ended(End),
}

/// What was seen of it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Seen {
    pub ending: Ending,
    pub stdout: String,
    pub stderr: String,
    /// What the kernel said since.
    pub log: Vec<String>,
    /// What is wrong with its page tables at the end.
    pub tables: Option<String>,
}

/// For people, all of it.
impl fmt::Display for Seen {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}\n{}{}", self.ending, self.stdout, self.stderr)?;
        let mut lines = self.log.iter().chain(&self.tables);
        lines.try_for_each(|line| writeln!(f, "  | {line}"))
    }
}

impl Seen {
    /// Waits until it is done or has ended. Its page tables are looked at as an image and so many bytes of
    /// memory want it.
    pub fn watch(mut guest: Running, rules: Option<(&KernelImage, u64)>) -> Result<Self, String> {
        let mut tables = None;
        let read = guest.read_until(DONE.as_bytes(), PATIENCE);
        let is_done = read.is_ok();
        if let (true, Some((image, memory))) = (is_done, rules) {
            // It sleeps, and no longer changes them.
            why(guest.qmp()).and_then(|qmp| why(qmp.stop()))?;
            let sample = why(Sample::take_still(&mut guest, memory));
            tables = sample.and_then(|sample| sample.check(image)).err();
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
        Ok(Self { ending, stdout, stderr, log: left.outcome.log, tables })
    }
}
