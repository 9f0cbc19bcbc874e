//! How far a campaign of trials is.

use std::io::{self, Write};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use xtask::captured::Kept;
use xtask::fault_tests::Progress;

/// A trial takes about as long as another one.
const EACH: Duration = Duration::from_millis(100);

/// Shared by whoever makes trials.
#[derive(Clone)]
pub struct Trials {
    campaign: &'static str,
    progress: Arc<Mutex<Progress>>,
}

impl Trials {
    /// There will be so many.
    pub fn new(campaign: &'static str, count: usize) -> Self {
        let mut progress = Progress::of("campaigns", false);
        progress.expect(campaign, u32::try_from(count).unwrap_or(u32::MAX), EACH);
        Self { campaign, progress: Arc::new(Mutex::new(progress)) }
    }

    /// One more is over.
    pub fn step(&self) {
        let mut progress = self.progress.lock().unwrap_or_else(PoisonError::into_inner);
        progress.step(self.campaign, 1);
    }

    /// A guest's output, which has a line for each trial, is kept and heard.
    pub fn listener(self, kept: Kept) -> Listener {
        Listener { trials: self, kept }
    }
}

pub struct Listener {
    trials: Trials,
    kept: Kept,
}

impl Write for Listener {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let lines = bytes.iter().filter(|byte| **byte == b'\n').count();
        (0..lines).for_each(|_| self.trials.step());
        self.kept.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.kept.flush()
    }
}
