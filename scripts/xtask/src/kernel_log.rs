//! COM2: the kernel's log, kept for the report of a failure and copied where the user wants it.

use crate::stop::{Result, io};
use std::fs::File;
use std::io::{BufRead, BufReader, Read, Write};
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{self, JoinHandle};

/// Lines that a report shows.
const TAIL: usize = 60;
/// Lines that are kept for whoever reads the whole log.
const KEPT: usize = 100_000;

/// Where `--kernel-log` sends the log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Copy {
    /// `-`: standard error.
    Stderr,
    File(PathBuf),
}

/// Where lines of a log go as they come, one by one.
pub type Sink = Box<dyn Write + Send>;

impl Copy {
    pub fn parse(text: String) -> Self {
        if text == "-" { Self::Stderr } else { Self::File(text.into()) }
    }

    pub fn open(&self) -> Result<Sink> {
        match self {
            Self::Stderr => Ok(Box::new(std::io::stderr())),
            Self::File(path) => {
                let file = File::create(path).map_err(|error| io("write to", path, error))?;
                Ok(Box::new(file))
            }
        }
    }
}

/// What a kernel has said so far.
#[derive(Clone, Debug, Default)]
pub struct Said {
    lines: Vec<String>,
    /// A line without its end.
    rest: Vec<u8>,
}

impl Said {
    fn line(&mut self, bytes: &[u8]) {
        if self.lines.len() >= KEPT {
            self.lines.drain(..KEPT / 2);
        }
        self.lines.push(String::from_utf8_lossy(bytes).trim_end().to_owned());
    }

    /// All of it.
    pub fn into_lines(mut self) -> Vec<String> {
        let rest = std::mem::take(&mut self.rest);
        if !rest.is_empty() {
            self.line(&rest);
        }
        self.lines
    }
}

/// The log of one guest.
pub struct KernelLog {
    said: Arc<Mutex<Said>>,
    reader: JoinHandle<()>,
}

impl KernelLog {
    /// Reads `from` until it ends; it goes on where `said` ends. Each line goes to `copy` as it comes.
    pub fn collect(
        from: impl Read + Send + 'static,
        mut said: Said,
        mut copy: Option<Sink>,
    ) -> Self {
        let mut bytes = std::mem::take(&mut said.rest);
        let said = Arc::new(Mutex::new(said));
        let kept = Arc::clone(&said);
        let reader = thread::spawn(move || {
            let mut from = BufReader::new(from);
            while from.read_until(b'\n', &mut bytes).is_ok_and(|count| count > 0) {
                let failed = copy.as_mut().is_some_and(|copy| copy.write_all(&bytes).is_err());
                if failed {
                    copy = None;
                }
                if bytes.ends_with(b"\n") {
                    kept.lock().unwrap_or_else(PoisonError::into_inner).line(&bytes);
                    bytes.clear();
                }
            }
            kept.lock().unwrap_or_else(PoisonError::into_inner).rest = bytes;
        });
        Self { said, reader }
    }

    /// What has been said up to now, but for a line that has no end yet.
    pub fn so_far(&self) -> Vec<String> {
        self.said.lock().unwrap_or_else(PoisonError::into_inner).lines.clone()
    }

    /// All of it, once the guest is gone.
    pub fn finish(self) -> Said {
        // A reader that panicked has left what it read.
        let _ = self.reader.join();
        std::mem::take(&mut self.said.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// The end of a log.
pub fn tail(lines: &[String]) -> &[String] {
    lines.get(lines.len().saturating_sub(TAIL)..).unwrap_or(lines)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_log_goes_on_in_the_middle_of_a_line() {
        let collect = |bytes: &'static [u8], said| KernelLog::collect(bytes, said, None).finish();
        let first = collect(b"one\r\ntw", Said::default());
        assert_eq!(first.clone().into_lines(), ["one", "tw"]);
        assert_eq!(collect(b"o\nthree", first).into_lines(), ["one", "two", "three"]);
    }
}
