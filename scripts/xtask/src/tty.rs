//! COM1 as a terminal: bytes pass as they are, and one exit frame at the end is not shown.

use abi::frame::{Decoder, Exit, Frame, MARK, Step};
use std::io::{self, Read, Write};
use std::os::unix::net::UnixStream;
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

/// Ends Folio from the keyboard, since ^C belongs to the guest.
pub const ESCAPE_KEY: u8 = 0x1D;
/// No exit frame is longer.
const LONGEST_EXIT: usize = 24;
/// A frame that takes longer than this is terminal output that looked like one.
const PATIENCE: Duration = Duration::from_millis(50);

/// How the session ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    Exit(Exit),
    /// The guest is gone and said nothing.
    Closed,
    /// The user pressed [`ESCAPE_KEY`].
    Escaped,
}

/// Separates terminal output from an exit frame.
struct Filter {
    decoder: Decoder,
    held: Vec<u8>,
}

impl Filter {
    fn new() -> Self {
        Self { decoder: Decoder::new(), held: Vec::new() }
    }

    /// Takes one byte from the guest and appends to `out` what is certainly output.
    fn push(&mut self, byte: u8, out: &mut Vec<u8>) -> Option<Exit> {
        match self.decoder.push(byte) {
            Step::Outside => out.push(byte),
            Step::Inside => {
                self.held.push(byte);
                if self.held.len() > LONGEST_EXIT {
                    self.give_up(out);
                }
            }
            Step::Frame(Frame::Exit(exit)) => {
                self.held.clear();
                return Some(exit);
            }
            Step::Broken if byte == MARK => {
                out.append(&mut self.held);
                self.held.push(byte);
            }
            Step::Broken | Step::Frame(_) => {
                self.held.push(byte);
                out.append(&mut self.held);
            }
        }
        None
    }

    /// What is held back is output after all.
    fn give_up(&mut self, out: &mut Vec<u8>) {
        self.decoder.reset();
        out.append(&mut self.held);
    }
}

/// Connects `input` and `output` with the guest until it ends.
pub fn serve(
    mut socket: UnixStream,
    input: impl Read + Send + 'static,
    mut output: impl Write,
) -> io::Result<End> {
    let escaped = Arc::new(AtomicBool::new(false));
    {
        let (socket, escaped) = (socket.try_clone()?, Arc::clone(&escaped));
        // Not joined: it may sleep in a read of the terminal for as long as it likes.
        thread::spawn(move || pump_keys(input, socket, &escaped));
    }
    let mut filter = Filter::new();
    let mut buffer = [0; 4096];
    let mut shown = Vec::new();
    loop {
        socket.set_read_timeout((!filter.held.is_empty()).then_some(PATIENCE))?;
        let count = match socket.read(&mut buffer) {
            Ok(count) => count,
            Err(error) => match error.kind() {
                io::ErrorKind::Interrupted => continue,
                io::ErrorKind::WouldBlock | io::ErrorKind::TimedOut => {
                    filter.give_up(&mut shown);
                    output.write_all(&std::mem::take(&mut shown))?;
                    output.flush()?;
                    continue;
                }
                io::ErrorKind::ConnectionReset => 0,
                _ => return Err(error),
            },
        };
        let mut exit = None;
        for &byte in buffer.get(..count).unwrap_or(&[]) {
            exit = exit.or(filter.push(byte, &mut shown));
        }
        if count == 0 {
            filter.give_up(&mut shown);
        }
        output.write_all(&shown)?;
        output.flush()?;
        shown.clear();
        match exit {
            Some(exit) => return Ok(End::Exit(exit)),
            None if count == 0 && escaped.load(Ordering::Relaxed) => return Ok(End::Escaped),
            None if count == 0 => return Ok(End::Closed),
            None => {}
        }
    }
}

fn pump_keys(mut input: impl Read, mut socket: UnixStream, escaped: &AtomicBool) {
    let mut buffer = [0; 256];
    loop {
        let keys = match input.read(&mut buffer) {
            Ok(count) => buffer.get(..count).unwrap_or(&[]),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Err(_) => return,
        };
        if keys.contains(&ESCAPE_KEY) {
            escaped.store(true, Ordering::Relaxed);
            // The other thread sees the end of the line, and with it the flag.
            let _ = socket.shutdown(std::net::Shutdown::Both);
            return;
        }
        if keys.is_empty() || socket.write_all(keys).is_err() {
            return;
        }
    }
}

/// The terminal passes every key until this is dropped.
pub struct Raw {
    before: String,
}

impl Raw {
    /// Switches the terminal that is our standard input.
    pub fn enter() -> io::Result<Self> {
        let before = stty(&["-g"])?.trim().to_owned();
        stty(&["raw", "-echo"])?;
        Ok(Self { before })
    }
}

impl Drop for Raw {
    fn drop(&mut self) {
        // Nothing else can be done about a terminal that is gone.
        let _ = stty(&[&self.before]);
    }
}

fn stty(arguments: &[&str]) -> io::Result<String> {
    let output = Command::new("stty").args(arguments).stdin(Stdio::inherit()).output()?;
    if output.status.success() {
        Ok(String::from_utf8_lossy(&output.stdout).into_owned())
    } else {
        Err(io::Error::other(String::from_utf8_lossy(&output.stderr).into_owned()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use abi::frame::put;

    fn filter(bytes: &[u8]) -> (Vec<u8>, Option<Exit>) {
        let (mut filter, mut out) = (Filter::new(), Vec::new());
        let exit = bytes.iter().fold(None, |exit, &byte| exit.or(filter.push(byte, &mut out)));
        filter.give_up(&mut out);
        (out, exit)
    }

    #[test]
    fn the_exit_frame_is_not_shown() {
        let mut bytes = b"$ exit\r\n".to_vec();
        put(&Frame::Exit(Exit::Exited(MARK)), |byte| bytes.push(byte));
        assert_eq!(filter(&bytes), (b"$ exit\r\n".to_vec(), Some(Exit::Exited(MARK))));
    }

    #[test]
    fn every_other_byte_is_shown() {
        let mut bytes: Vec<u8> = (0..=255).collect();
        bytes.extend([MARK, MARK, 3, MARK, 1, 200]);
        bytes.extend([MARK, 1, 200, 0, 0, 0, 0]);
        bytes.extend([b'x'; 300]);
        assert_eq!(filter(&bytes), (bytes, None));
    }

    #[test]
    fn a_session_passes_bytes_both_ways_and_ends_with_the_frame() {
        let (host, mut guest) = UnixStream::pair().unwrap();
        let guest = thread::spawn(move || {
            let mut keys = [0; 3];
            guest.read_exact(&mut keys).unwrap();
            guest.write_all(&keys).unwrap();
            // A byte that looks like a frame must not stay hidden while the guest is silent.
            guest.write_all(&[MARK]).unwrap();
            thread::sleep(PATIENCE * 3);
            let mut frame = Vec::new();
            put(&Frame::Exit(Exit::Signalled(2)), |byte| frame.push(byte));
            guest.write_all(&frame).unwrap();
        });
        let mut shown = Vec::new();
        let end = serve(host, &b"a\x03b"[..], &mut shown).unwrap();
        guest.join().unwrap();
        assert_eq!((end, shown), (End::Exit(Exit::Signalled(2)), b"a\x03b\xFE".to_vec()));
    }

    #[test]
    fn the_escape_key_ends_the_session() {
        let (host, _guest) = UnixStream::pair().unwrap();
        assert_eq!(serve(host, &[ESCAPE_KEY][..], io::sink()).unwrap(), End::Escaped);
    }
}
