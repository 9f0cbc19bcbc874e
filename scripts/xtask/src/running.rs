//! A guest that runs while a test talks to its program and to its QEMU.

use crate::arriving::{Arriving, Missing};
use crate::captured::{Captured, text};
use crate::gdb::Gdb;
use crate::guest::Guest;
use crate::kernel_log::Said;
use crate::line::{Position, Streams};
use crate::live::{End, Live, Wire, report};
use crate::qemu::{System, with_doubled_commas};
use crate::qmp::{Listener, Qmp, quoted};
use crate::snapshot;
use crate::stop::{Result, Stop, failed, io};
use crate::transient::Transient;
use serde_json::json;
use std::fs;
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::time::Duration;

/// It dies with this value, and nothing of it is left then. If the whole process is killed, its QEMU
/// dies, too, and the next process that starts one removes its folder.
pub struct Running {
    live: Live,
    kernel: PathBuf,
    /// `None` if it was closed, or where instructions are counted.
    stdin: Option<Sender<Vec<u8>>>,
    stdout: Arriving,
    stderr: Arriving,
    folder: Arc<Transient>,
}

/// A machine at a moment, but for what QEMU knows of it.
#[derive(Clone)]
pub(crate) struct Moment {
    pub line: Position,
    pub said: Said,
    /// What the program wrote and nobody read.
    pub stdout: Vec<u8>,
    pub stderr: Vec<u8>,
}

impl Moment {
    /// The start.
    pub fn boot() -> Self {
        let (stdout, stderr) = (Vec::new(), Vec::new());
        Self { line: Position::start(), said: Said::default(), stdout, stderr }
    }
}

impl Running {
    /// Serves a guest whose streams are where `moment` says. Without `credits` it gets no input.
    pub(crate) fn new(
        guest: Guest,
        (system, kernel): (System, PathBuf),
        archive: Option<Transient>,
        credits: bool,
        moment: Moment,
        folder: &Arc<Transient>,
    ) -> Result<Self> {
        let (stdout, stderr) = (Arriving::new(moment.stdout), Arriving::new(moment.stderr));
        let (stdin, input) = channel();
        let streams = Streams {
            stdin: Box::new(Input { from: input, bytes: Vec::new() }),
            stdout: stdout.writer(),
            stderr: stderr.writer(),
        };
        let wire = Wire::Streams { streams, credits };
        let live = Live::new(guest, system, archive, wire, moment.line)?;
        let stdin = credits.then_some(stdin);
        Ok(Self { live, kernel, stdin, stdout, stderr, folder: Arc::clone(folder) })
    }

    /// Gives the program input. Never waits: what the guest has no room for follows later.
    pub fn write(&mut self, bytes: &[u8]) -> Result<()> {
        match &self.stdin {
            // If the guest is gone, whoever waits for an answer is told.
            Some(stdin) => drop(stdin.send(bytes.to_vec())),
            None => {
                return Err(failed(
                    "its standard input is closed, or instructions are counted: a guest that is the \
                     same in every run gets no input",
                ));
            }
        }
        Ok(())
    }

    /// Ends the program's input.
    pub fn close_stdin(&mut self) {
        self.stdin = None;
    }

    /// Waits until the program has written `text`; all of its output up to there that was not read.
    pub fn read_until(&mut self, text: &[u8], timeout: Duration) -> Result<Vec<u8>> {
        self.stdout.take_until(text, timeout).map_err(|missing| {
            let text = String::from_utf8_lossy(text).into_owned();
            self.silent(missing, &format!("{text:?}"), timeout)
        })
    }

    /// The next line of the program's output, with its end.
    pub fn read_line(&mut self, timeout: Duration) -> Result<Vec<u8>> {
        self.read_until(b"\n", timeout)
    }

    /// The next `count` bytes of the program's output.
    pub fn read_bytes(&mut self, count: usize, timeout: Duration) -> Result<Vec<u8>> {
        let missing = self.stdout.take_bytes(count, timeout);
        missing.map_err(|missing| self.silent(missing, &format!("{count} bytes"), timeout))
    }

    fn silent(&self, missing: Missing, what: &str, timeout: Duration) -> Stop {
        let why = match missing {
            Missing::Ended => format!("the guest ended and has not written {what}"),
            Missing::TimedOut => {
                format!("the guest has not written {what} for {} ms", timeout.as_millis())
            }
        };
        let (stdout, stderr) = (self.stdout.so_far(), self.stderr.so_far());
        let (stdout, stderr) = (text(&stdout), text(&stderr));
        failed(self.report(&format!("{why}; unread output {stdout:?}, errors {stderr:?}")))
    }

    /// What the program wrote to standard error and nobody took.
    pub fn stderr(&self) -> Vec<u8> {
        self.stderr.so_far()
    }

    /// What the kernel has said up to now, since it booted.
    pub fn log(&self) -> Vec<String> {
        self.live.guest.log()
    }

    /// `why` with the end of the kernel's log.
    pub fn report(&self, why: &str) -> String {
        report(why, &self.log(), &self.kernel)
    }

    /// The control of its QEMU.
    pub fn qmp(&mut self) -> Result<&mut Qmp> {
        self.live.guest.qmp().ok_or_else(|| failed("this guest was started without control"))
    }

    /// Stops the guest and connects to its debugger's stub. When that is done with, the guest goes on
    /// at [`Qmp::cont`].
    pub fn gdb(&mut self) -> Result<Gdb> {
        let path = snapshot::control(self.folder.path());
        let listener = Listener::new(path.clone())?;
        let qmp = self.qmp()?;
        qmp.stop()?;
        // There is one connection at a time.
        qmp.monitor("gdbserver none")?;
        let place = String::from_utf8_lossy(&with_doubled_commas(&path)).into_owned();
        let said = qmp.monitor(&format!("gdbserver {}", quoted(&format!("unix:{place}"))))?;
        // QEMU connected before it answered, if it could.
        let connected = listener.accept(|| false)?;
        Gdb::new(connected.ok_or_else(|| failed(format!("no debugger's stub: {said}")))?)
    }

    /// The file of its kernel.
    pub fn kernel(&self) -> &Path {
        &self.kernel
    }

    /// The number of its process on the host.
    pub fn pid(&self) -> u32 {
        self.live.guest.pid()
    }

    /// Physical memory as the guest sees it.
    pub fn memory(&mut self, address: u64, size: usize) -> Result<Vec<u8>> {
        let file = Transient::file(self.folder.path(), "part", "");
        let path = file.path().to_owned();
        let name = path.to_string_lossy().into_owned();
        let part = json!({ "val": address, "size": size, "filename": name });
        self.qmp()?.call("pmemsave", part)?;
        fs::read(&path).map_err(|error| io("read", &path, error))
    }

    /// Waits for the end of the guest, or ends it when its time is over. Output that was taken is not
    /// in the answer.
    pub fn end(self, timeout: Duration) -> Result<Captured> {
        let Self { live, stdin, stdout, stderr, .. } = self;
        let outcome = live.end(Some(timeout));
        drop(stdin);
        Ok(Captured { outcome: outcome?, stdout: stdout.take(), stderr: stderr.take() })
    }

    /// The same for a guest that has stopped already or is to be ended at once: how it ended.
    pub fn kill(self) -> Result<End> {
        Ok(self.end(Duration::ZERO)?.outcome.end)
    }

    /// Ends a guest whose processors stand still. Where it was.
    pub(crate) fn leave(self) -> Result<Moment> {
        let (line, said) = self.live.leave()?;
        Ok(Moment { line, said, stdout: self.stdout.take(), stderr: self.stderr.take() })
    }
}

/// Standard input, as it is written.
struct Input {
    from: Receiver<Vec<u8>>,
    bytes: Vec<u8>,
}

impl Read for Input {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        while self.bytes.is_empty() {
            match self.from.recv() {
                Ok(bytes) => self.bytes = bytes,
                Err(_) => return Ok(0),
            }
        }
        let count = self.bytes.as_slice().read(buffer)?;
        self.bytes.drain(..count);
        Ok(count)
    }
}
