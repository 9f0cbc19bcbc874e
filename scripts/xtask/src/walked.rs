//! A guest whose page tables are walked once it is up: when its program has written for the first time.

use crate::guest::Guest;
use crate::line::Streams;
use crate::page_tables::{KernelImage, Sample};
use crate::session::{End, Outcome, Session};
use crate::snapshot;
use crate::stop::{Result, failed, io};
use crate::transient::Transient;
use std::fs;
use std::io::{self, Write};
use std::path::Path;
use std::sync::mpsc::{Sender, channel};
use std::time::{Duration, Instant};

/// Where the memory of a larger machine has holes, and would take long to read.
pub const MOST_MEMORY: u64 = 256 << 20;
/// For who has no time limit of his own.
const LONG: Duration = Duration::from_secs(24 * 60 * 60);

/// Boots, and returns when the guest is gone. What is wrong with its tables is its end, unless that was bad
/// anyway. A guest that writes nothing is not walked.
pub fn run(session: Session<'_>, streams: Streams, credits: bool) -> Result<Outcome> {
    let (kernel, timeout) = (session.kernel.to_owned(), session.timeout.unwrap_or(LONG));
    let folder = Transient::folder(&snapshot::place(session.machine.memory)?, "folio")?;
    let (tell, ready) = channel();
    let stdout = Box::new(Noticed { to: streams.stdout, tell: Some(tell) });
    let mut live = session.start_served(Streams { stdout, ..streams }, credits, folder.path())?;
    let start = Instant::now();
    let wrong = match ready.recv_timeout(timeout) {
        Ok(()) => look(&mut live.guest, folder.path(), &kernel)?,
        Err(_) => None,
    };
    let mut outcome = live.end(Some(timeout.saturating_sub(start.elapsed())))?;
    outcome.end = judged(outcome.end, wrong);
    Ok(outcome)
}

/// The end of a guest with whose tables this is wrong.
fn judged(end: End, wrong: Option<String>) -> End {
    match (end, wrong) {
        (End::Exit(_) | End::Stopped, Some(why)) => End::Failed(format!("after the boot: {why}")),
        (end, _) => end,
    }
}

/// What is wrong with the tables of a guest that runs; nothing if it has ended.
fn look(guest: &mut Guest, folder: &Path, kernel: &Path) -> Result<Option<String>> {
    let image = KernelImage::read(kernel).map_err(failed)?;
    let qmp = guest.qmp().ok_or_else(|| failed("this guest was started without control"))?;
    if !qmp.stop_if_alive()? {
        return Ok(None);
    }
    let said = qmp.monitor("info registers")?;
    let place = snapshot::memory(folder);
    let memory = fs::read(&place).map_err(|error| io("read", &place, error))?;
    qmp.cont()?;
    Ok(Sample::new(&said, memory)?.check(&image).err())
}

/// Says so when something is written for the first time.
struct Noticed {
    to: Box<dyn Write + Send>,
    tell: Option<Sender<()>>,
}

impl Write for Noticed {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if let Some(tell) = self.tell.take() {
            // Nobody listens after a timeout.
            let _ = tell.send(());
        }
        self.to.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.to.flush()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use abi::frame::Exit;

    #[test]
    fn bad_tables_are_a_bad_end() {
        let well = || End::Exit(Exit::Exited(0));
        assert_eq!(judged(well(), None), well());
        let why = || Some("1 pages break a rule".to_owned());
        let failed = End::Failed("after the boot: 1 pages break a rule".into());
        assert_eq!(judged(well(), why()), failed);
        assert_eq!(judged(End::TimedOut, why()), End::TimedOut);
    }

    #[test]
    fn the_first_bytes_are_noticed() {
        let (tell, ready) = channel();
        let mut stdout = Noticed { to: Box::new(io::sink()), tell: Some(tell) };
        assert!(ready.try_recv().is_err());
        stdout.write_all(b"ok ").unwrap();
        stdout.write_all(b"more").unwrap();
        // Once, and who waits without a word learns that there will be none.
        assert!(ready.recv().is_ok() && ready.recv().is_err());
    }
}
