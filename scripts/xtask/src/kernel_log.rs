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

impl Copy {
    pub fn parse(text: String) -> Self {
        if text == "-" { Self::Stderr } else { Self::File(text.into()) }
    }

    fn open(&self) -> Result<Box<dyn Write + Send>> {
        match self {
            Self::Stderr => Ok(Box::new(std::io::stderr())),
            Self::File(path) => {
                let file = File::create(path).map_err(|error| io("write to", path, error))?;
                Ok(Box::new(file))
            }
        }
    }
}

/// The log of one guest.
pub struct KernelLog {
    lines: Arc<Mutex<Vec<String>>>,
    reader: JoinHandle<()>,
}

impl KernelLog {
    /// Reads `from` until it ends.
    pub fn collect(from: impl Read + Send + 'static, copy: Option<&Copy>) -> Result<Self> {
        let mut copy = copy.map(Copy::open).transpose()?;
        let lines = Arc::new(Mutex::new(Vec::new()));
        let kept = Arc::clone(&lines);
        let reader = thread::spawn(move || {
            let mut from = BufReader::new(from);
            let mut bytes = Vec::new();
            while from.read_until(b'\n', &mut bytes).is_ok_and(|count| count > 0) {
                let failed = copy.as_mut().is_some_and(|copy| copy.write_all(&bytes).is_err());
                if failed {
                    copy = None;
                }
                let line = String::from_utf8_lossy(&bytes).trim_end().to_owned();
                let mut kept = kept.lock().unwrap_or_else(PoisonError::into_inner);
                if kept.len() >= KEPT {
                    kept.drain(..KEPT / 2);
                }
                kept.push(line);
                bytes.clear();
            }
        });
        Ok(Self { lines, reader })
    }

    /// All of it, once the guest is gone.
    pub fn finish(self) -> Vec<String> {
        // A reader that panicked has left what it read.
        let _ = self.reader.join();
        std::mem::take(&mut self.lines.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// The end of a log.
pub fn tail(lines: &[String]) -> &[String] {
    lines.get(lines.len().saturating_sub(TAIL)..).unwrap_or(lines)
}
