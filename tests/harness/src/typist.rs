//! Somebody at the terminal: waits for what the guest shows, then types.

use std::io::{self, Read};
use std::thread::sleep;
use std::time::{Duration, Instant};
use xtask::captured::Kept;

/// A guest that shows nothing of what is expected for so long gets no more keys.
const PATIENCE: Duration = Duration::from_secs(50);
const GLANCE: Duration = Duration::from_millis(5);

pub struct Typist {
    screen: Kept,
    /// What to wait for, and what to type then.
    steps: std::vec::IntoIter<(String, String)>,
    /// Everything before has been waited for.
    seen: usize,
    /// Still to be typed.
    keys: Vec<u8>,
}

impl Typist {
    pub fn new<T: ToString>(steps: impl IntoIterator<Item = (T, T)>) -> Self {
        let strings = |(text, keys): (T, T)| (text.to_string(), keys.to_string());
        let steps: Vec<_> = steps.into_iter().map(strings).collect();
        Self { screen: Kept::default(), steps: steps.into_iter(), seen: 0, keys: Vec::new() }
    }

    pub fn screen(&self) -> Kept {
        self.screen.clone()
    }

    /// Waits until the text is on the screen, behind what was waited for before.
    fn wait_for(&mut self, text: &str) -> bool {
        let start = Instant::now();
        while start.elapsed() < PATIENCE {
            let shown = self.screen.so_far();
            let rest = shown.get(self.seen..).unwrap_or_default();
            let place = rest.windows(text.len()).position(|part| part == text.as_bytes());
            if let Some(place) = place {
                self.seen += place + text.len();
                return true;
            }
            sleep(GLANCE);
        }
        false
    }
}

impl Read for Typist {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        while self.keys.is_empty() {
            let Some((text, keys)) = self.steps.next() else { return Ok(0) };
            if !self.wait_for(&text) {
                return Ok(0);
            }
            self.keys = keys.into_bytes();
        }
        let count = self.keys.len().min(buffer.len());
        let (now, _) = buffer.split_at_mut(count);
        now.copy_from_slice(&self.keys[..count]);
        self.keys.drain(..count);
        Ok(count)
    }
}
