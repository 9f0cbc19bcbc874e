//! One QEMU with its two serial lines.

use crate::kernel_log::{KernelLog, Said, Sink};
use crate::machine::{Accelerator, Machine};
use crate::qemu::{self, Begin, Shutdown};
use crate::qmp::{Listener, Qmp};
use crate::stop::{Result, Stop, failed};
use std::fs::OpenOptions;
use std::io::Read;
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixStream;
use std::path::PathBuf;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

/// A running guest; it dies with this value.
pub struct Guest {
    child: Child,
    com1: UnixStream,
    log: Option<KernelLog>,
    messages: Option<JoinHandle<String>>,
    qmp: Option<Qmp>,
}

/// What is left of a guest.
pub struct Remains {
    /// `None` if it had to be killed.
    pub shutdown: Option<Shutdown>,
    pub log: Vec<String>,
    /// What QEMU itself had to say.
    pub messages: String,
}

impl Guest {
    /// Starts QEMU. Call it from a thread that lives as long as the guest: when that thread ends,
    /// however it ends, the guest does.
    pub fn start(machine: &Machine, begin: Begin<'_>, copy: Option<Sink>) -> Result<Self> {
        Self::start_controlled(machine, begin, Said::default(), copy, None)
    }

    /// The same, with a log that goes on where `said` ends, and a socket by which QEMU is controlled:
    /// it is made at this path, and removed again.
    pub fn start_controlled(
        machine: &Machine,
        begin: Begin<'_>,
        said: Said,
        copy: Option<Sink>,
        control: Option<PathBuf>,
    ) -> Result<Self> {
        let name = qemu::program(machine);
        let qemu = find(name).ok_or_else(|| {
            failed(format!("{name} is not installed: run scripts/setup, or install QEMU for x86"))
        })?;
        if machine.accelerator == Accelerator::Kvm {
            OpenOptions::new().read(true).write(true).open("/dev/kvm").map_err(|error| {
                failed(format!("--accel kvm: /dev/kvm: {error}; leave the option out"))
            })?;
        }
        let mut command = match find("setpriv") {
            Some(setpriv) => {
                let mut command = Command::new(setpriv);
                command.args(["--pdeathsig", "KILL", "--"]).arg(qemu);
                command
            }
            None => Command::new(qemu),
        };
        let trouble = |error| failed(format!("cannot start {name}: {error}"));
        let (com1, com1_guest) = line(machine).map_err(trouble)?;
        let (com2, com2_guest) = line(machine).map_err(trouble)?;
        let log = KernelLog::collect(com2, said, copy);
        let arguments = qemu::arguments(machine, begin, control.as_deref());
        let listener = control.map(Listener::new).transpose()?;
        let mut child = command
            .args(arguments)
            .stdin(com1_guest)
            .stdout(com2_guest)
            .stderr(Stdio::piped())
            .spawn()
            .map_err(trouble)?;
        // The command still holds the guest's ends, without which the lines would never close.
        drop(command);
        let messages = child.stderr.take().map(|mut pipe| {
            thread::spawn(move || {
                let mut bytes = Vec::new();
                // What was read before an error is still worth showing.
                let _ = pipe.read_to_end(&mut bytes);
                String::from_utf8_lossy(&bytes).into_owned()
            })
        });
        let mut guest = Self { child, com1, log: Some(log), messages, qmp: None };
        if let Some(listener) = listener {
            let connected = listener.accept(|| matches!(guest.child.try_wait(), Ok(None)))?;
            let qmp = connected.map(Qmp::new).transpose()?;
            guest.qmp = Some(qmp.ok_or_else(|| guest.died())?);
        }
        Ok(guest)
    }

    /// Why it cannot be controlled.
    fn died(&mut self) -> Stop {
        let messages = self.messages.take().and_then(|thread| thread.join().ok());
        let messages = messages.unwrap_or_default();
        failed(format!("QEMU ended at once: {}{}", messages.trim_end(), qemu::cure(&messages)))
    }

    /// The control of its QEMU; `None` if it was started without.
    pub fn qmp(&mut self) -> Option<&mut Qmp> {
        self.qmp.as_mut()
    }

    /// The number of its process on the host.
    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    /// What its kernel has said up to now.
    pub fn log(&self) -> Vec<String> {
        self.log.as_ref().map(KernelLog::so_far).unwrap_or_default()
    }

    /// Ends it at once. What its kernel had said.
    pub fn end(mut self) -> Said {
        self.kill();
        self.log.take().map(KernelLog::finish).unwrap_or_default()
    }

    /// The host's end of COM1.
    pub fn com1(&self) -> Result<UnixStream> {
        self.com1.try_clone().map_err(|error| failed(format!("COM1: {error}")))
    }

    /// Gives the guest `patience` to end by itself, then ends it.
    pub fn finish(mut self, patience: Duration) -> Result<Remains> {
        let deadline = Instant::now() + patience;
        let mut pause = Duration::from_micros(200);
        let ended = loop {
            match self.child.try_wait() {
                Ok(Some(status)) => break Some(status),
                Ok(None) if Instant::now() < deadline => thread::sleep(pause),
                Ok(None) => break None,
                Err(error) => return Err(failed(format!("QEMU: {error}"))),
            }
            pause = (pause * 2).min(Duration::from_millis(20));
        };
        if ended.is_none() {
            self.kill();
        }
        // COM1 may still be read by a thread that waits for the other end to close; it just did.
        let log = self.log.take().map(KernelLog::finish).unwrap_or_default().into_lines();
        let messages = self.messages.take().and_then(|thread| thread.join().ok());
        Ok(Remains {
            shutdown: ended.map(|status: ExitStatus| Shutdown::from_status(status)),
            log,
            messages: messages.unwrap_or_default(),
        })
    }

    fn kill(&mut self) {
        // Both fail only if it is gone already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Drop for Guest {
    fn drop(&mut self) {
        self.kill();
    }
}

/// Both ends of a serial line: the host's, and what QEMU gets. Where instructions are counted, that
/// is a pipe, and what comes out of it goes to the host's end.
fn line(machine: &Machine) -> std::io::Result<(UnixStream, OwnedFd)> {
    let (host, guest) = UnixStream::pair()?;
    if !machine.icount {
        return Ok((host, guest.into()));
    }
    let (mut reader, writer) = std::io::pipe()?;
    let mut end = guest;
    // It ends with QEMU, or when nobody listens any more.
    thread::spawn(move || std::io::copy(&mut reader, &mut end));
    Ok((host, writer.into()))
}

/// A program in `PATH`.
pub fn find(program: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH")?;
    std::env::split_paths(&path).map(|folder| folder.join(program)).find(|file| file.is_file())
}
