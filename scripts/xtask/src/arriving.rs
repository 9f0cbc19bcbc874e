//! A program's output, read while it arrives.

use std::io::{self, Write};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// What has arrived and was not taken yet.
#[derive(Clone, Default)]
pub struct Arriving(Arc<Shared>);

#[derive(Default)]
struct Shared {
    state: Mutex<State>,
    news: Condvar,
}

#[derive(Default)]
struct State {
    bytes: Vec<u8>,
    /// Nothing follows.
    ended: bool,
}

/// Why there is not what was waited for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Missing {
    /// The output ended.
    Ended,
    /// The time was over.
    TimedOut,
}

impl Arriving {
    /// Output that begins with `bytes`.
    pub fn new(bytes: Vec<u8>) -> Self {
        let arriving = Self::default();
        arriving.state().bytes = bytes;
        arriving
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Where it is written to; that it is dropped is the end.
    pub fn writer(&self) -> Box<dyn Write + Send> {
        Box::new(Writer(self.clone()))
    }

    /// What has arrived and was not taken.
    pub fn so_far(&self) -> Vec<u8> {
        self.state().bytes.clone()
    }

    /// Takes what has arrived.
    pub fn take(&self) -> Vec<u8> {
        std::mem::take(&mut self.state().bytes)
    }

    /// Waits until `text` has arrived, and takes everything up to its end.
    pub fn take_until(&self, text: &[u8], timeout: Duration) -> Result<Vec<u8>, Missing> {
        self.wait(timeout, |bytes, seen| {
            // It may have begun before what is new.
            let start = seen.saturating_sub(text.len());
            let new = bytes.get(start..)?;
            let found = match text {
                [] => Some(0),
                text => new.windows(text.len()).position(|part| part == text),
            };
            found.map(|place| start + place + text.len())
        })
    }

    /// Waits until so many bytes have arrived, and takes them.
    pub fn take_bytes(&self, count: usize, timeout: Duration) -> Result<Vec<u8>, Missing> {
        self.wait(timeout, |bytes, _| (bytes.len() >= count).then_some(count))
    }

    /// Waits until `enough` says how many of the bytes to take; the second number is how many of them
    /// it has seen before.
    fn wait(
        &self,
        timeout: Duration,
        enough: impl Fn(&[u8], usize) -> Option<usize>,
    ) -> Result<Vec<u8>, Missing> {
        let deadline = Instant::now() + timeout;
        let mut state = self.state();
        let mut seen = 0;
        loop {
            if let Some(count) = enough(&state.bytes, seen) {
                let bytes = &mut state.bytes;
                let rest = bytes.split_off(count.min(bytes.len()));
                return Ok(std::mem::replace(bytes, rest));
            }
            seen = state.bytes.len();
            let left = deadline.saturating_duration_since(Instant::now());
            match state.ended {
                true => return Err(Missing::Ended),
                false if left.is_zero() => return Err(Missing::TimedOut),
                false => {}
            }
            let woken = self.0.news.wait_timeout(state, left);
            state = woken.unwrap_or_else(PoisonError::into_inner).0;
        }
    }
}

struct Writer(Arriving);

impl Write for Writer {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.state().bytes.extend(bytes);
        self.0.0.news.notify_all();
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Drop for Writer {
    fn drop(&mut self) {
        self.0.state().ended = true;
        self.0.0.news.notify_all();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::thread;

    const LONG: Duration = Duration::from_secs(60);

    #[test]
    fn a_text_is_found_that_arrives_in_pieces() {
        let output = Arriving::new(b"before rea".to_vec());
        let mut writer = output.writer();
        let other = thread::spawn(move || {
            for piece in [&b"d"[..], b"y\nnext", b" ready"] {
                thread::sleep(Duration::from_millis(5));
                writer.write_all(piece).unwrap();
            }
        });
        assert_eq!(output.take_until(b"ready\n", LONG).unwrap(), b"before ready\n");
        assert_eq!(output.take_bytes(3, LONG).unwrap(), b"nex");
        assert_eq!(output.take_until(b"ready", LONG).unwrap(), b"t ready");
        other.join().unwrap();
        assert_eq!(output.take_until(b"more", LONG), Err(Missing::Ended));
        assert_eq!(output.take_bytes(0, LONG).unwrap(), b"");
    }

    #[test]
    fn who_waits_in_vain_is_told_and_loses_nothing() {
        let output = Arriving::default();
        let mut writer = output.writer();
        writer.write_all(b"half").unwrap();
        let short = Duration::from_millis(20);
        assert_eq!(output.take_until(b"halfway", short), Err(Missing::TimedOut));
        assert_eq!(output.take(), b"half");
    }
}
