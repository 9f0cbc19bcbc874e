//! One program in one guest, from boot to its end.

use crate::build;
use crate::contents::Contents;
use crate::guest::{Guest, Remains};
use crate::kernel_log::{Copy, tail};
use crate::line::{self, Streams};
use crate::machine::Machine;
use crate::qemu::{Boot, Console, Shutdown, System, command_line};
use crate::stop::{Result, failed, usage};
use crate::symbols;
use crate::tty;
use abi::boot::{ARGUMENTS_PATH, INIT_PATH};
use abi::frame::Exit;
use std::fs;
use std::io::{self, Read, Write};
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering::Relaxed};
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::thread;
use std::time::Duration;

/// How long Folio may take to stop after its program has.
const STOPPING: Duration = Duration::from_secs(20);
/// What the kernel itself needs beside the archive.
const LEAST_MEMORY: u64 = 16 << 20;
/// The same for Linux.
const LEAST_LINUX_MEMORY: u64 = 96 << 20;

/// The first program: absolute path, arguments (its own name first) and environment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct First {
    pub path: Vec<u8>,
    pub arguments: Vec<Vec<u8>>,
    pub environment: Vec<Vec<u8>>,
}

/// Changes the bytes of an archive.
pub type Damage<'a> = dyn Fn(&mut Vec<u8>) + 'a;

/// What to run, and on what.
pub struct Session<'a> {
    pub machine: &'a Machine,
    pub system: System,
    /// The kernel's file; Folio's is ELF with symbols.
    pub kernel: &'a Path,
    /// The archive, but for the first program's arguments.
    pub contents: Contents,
    /// `None` for a kernel that runs its own tests.
    pub first: Option<First>,
    /// What happens to the archive on its way.
    pub damage: Option<&'a Damage<'a>>,
    /// More words for the kernel.
    pub extra: String,
    pub timeout: Option<Duration>,
    pub log: Option<&'a Copy>,
}

/// What COM1 is connected to.
pub enum Wire {
    /// The terminal that is our standard input and output.
    Terminal,
    /// A terminal made of what is typed and what is shown.
    Tty {
        keys: Box<dyn Read + Send>,
        screen: Box<dyn Write + Send>,
    },
    Streams {
        streams: Streams,
        credits: bool,
    },
}

/// How it ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum End {
    /// The program ended and Folio stopped in order.
    Exit(Exit),
    /// Folio stopped in order and named no program's status.
    Stopped,
    TimedOut,
    /// Folio or QEMU failed, for this reason.
    Failed(String),
    /// Nobody reads the program's output any more.
    BrokenPipe,
    /// The user pressed the escape key.
    Escaped,
}

/// The end and the kernel's log.
pub struct Outcome {
    pub end: End,
    pub log: Vec<String>,
}

impl Outcome {
    /// `why` with the end of the kernel's log, in which `kernel` names the addresses of a panic.
    pub fn report(&self, why: &str, kernel: &Path) -> String {
        if self.log.is_empty() {
            return format!("{why}; the kernel log is empty");
        }
        let mut report = format!("{why}; the kernel log ends:");
        for line in symbols::resolve(tail(&self.log), kernel) {
            report.push_str("\n  | ");
            report.push_str(&line);
        }
        report
    }
}

enum LineEnd {
    Exit(Exit),
    Incomplete,
    Closed,
    BrokenPipe,
    Escaped,
    Error(String),
}

impl Session<'_> {
    /// Boots, and returns when the guest is gone.
    pub fn run(mut self, wire: Wire) -> Result<Outcome> {
        let console = match wire {
            Wire::Terminal | Wire::Tty { .. } => Console::Tty,
            Wire::Streams { credits, .. } => Console::Framed { credits },
        };
        let mut init = None;
        if let Some(first) = self.first.take() {
            self.contents.bytes(ARGUMENTS_PATH, 0o444, first.to_bytes())?;
            init = first_process(&self.contents, first.path);
        }
        let system = self.system;
        let line = command_line(self.machine, &Boot { system, console, init, extra: self.extra })?;
        let archive = ArchiveFile::new()?;
        let mut size = self.contents.write(&archive.0)?;
        if let Some(damage) = self.damage {
            size = rewrite(&archive.0, damage)
                .map_err(|error| failed(format!("{}: {error}", archive.0.display())))?;
        }
        let need = match system {
            System::Folio => size + LEAST_MEMORY,
            // It copies the files out of the archive.
            System::Linux => 2 * size + LEAST_LINUX_MEMORY,
        };
        if need > self.machine.memory {
            let need = need.div_ceil(1 << 20);
            return Err(usage(format!(
                "the boot archive has {} MiB: give --memory {need}M or more",
                size.div_ceil(1 << 20)
            )));
        }
        let guest = Guest::start(self.machine, self.kernel, Some(&archive.0), &line, self.log)?;
        // Restored whatever happens below.
        let _raw = match wire {
            Wire::Terminal => Some(
                tty::Raw::enter()
                    .map_err(|error| failed(format!("cannot use the terminal: {error}")))?,
            ),
            Wire::Tty { .. } | Wire::Streams { .. } => None,
        };
        let (tell, told) = channel();
        let com1 = guest.com1()?;
        thread::spawn(move || {
            // Nobody listens after a timeout.
            let _ = tell.send(serve(com1, wire));
        });
        let line_end = match self.timeout {
            None => told.recv().map_err(|_| RecvTimeoutError::Disconnected),
            Some(timeout) => told.recv_timeout(timeout),
        };
        let patience = match line_end {
            Ok(LineEnd::Exit(_) | LineEnd::Closed | LineEnd::Incomplete) => STOPPING,
            _ => Duration::ZERO,
        };
        let Remains { shutdown, log, messages } = guest.finish(patience)?;
        let end = match line_end {
            Err(RecvTimeoutError::Timeout) => End::TimedOut,
            Err(RecvTimeoutError::Disconnected) => End::Failed("the line was lost".into()),
            Ok(LineEnd::BrokenPipe) => End::BrokenPipe,
            Ok(LineEnd::Escaped) => End::Escaped,
            Ok(LineEnd::Error(why)) => End::Failed(why),
            Ok(LineEnd::Exit(exit)) => match shutdown {
                Some(Shutdown::Orderly) => End::Exit(exit),
                shutdown => End::Failed(why(system, shutdown, &messages, &log)),
            },
            Ok(LineEnd::Incomplete) => match shutdown {
                Some(Shutdown::Orderly) => End::Failed("output was lost on the line".into()),
                shutdown => End::Failed(why(system, shutdown, &messages, &log)),
            },
            Ok(LineEnd::Closed) => match shutdown {
                Some(Shutdown::Orderly) if messages.is_empty() => End::Stopped,
                shutdown => End::Failed(why(system, shutdown, &messages, &log)),
            },
        };
        Ok(Outcome { end, log })
    }
}

/// Changes a file; its size.
fn rewrite(path: &Path, change: &Damage<'_>) -> std::io::Result<u64> {
    let mut bytes = fs::read(path)?;
    change(&mut bytes);
    fs::write(path, &bytes)?;
    Ok(bytes.len() as u64)
}

/// Which program the kernel is to start in `init`'s place: none if there is an `init`, which starts
/// the one that `/boot/args` names.
fn first_process(contents: &Contents, program: Vec<u8>) -> Option<Vec<u8>> {
    (!contents.has(INIT_PATH)).then_some(program)
}

impl First {
    /// The contents of [`abi::boot::ARGUMENTS_PATH`].
    fn to_bytes(&self) -> Vec<u8> {
        let mut bytes = Vec::new();
        for string in self.arguments.iter().chain([&Vec::new()]).chain(&self.environment) {
            bytes.extend(string);
            bytes.push(0);
        }
        bytes
    }
}

fn serve(com1: UnixStream, wire: Wire) -> LineEnd {
    let ended = match wire {
        Wire::Terminal => tty::serve(com1, io::stdin(), io::stdout()).map(LineEnd::from),
        Wire::Tty { keys, screen } => tty::serve(com1, keys, screen).map(LineEnd::from),
        Wire::Streams { streams, credits } => {
            line::serve(com1, streams, credits).map(|end| match end {
                line::End::Exit(exit) => LineEnd::Exit(exit),
                line::End::Incomplete => LineEnd::Incomplete,
                line::End::Closed => LineEnd::Closed,
                line::End::BrokenPipe => LineEnd::BrokenPipe,
            })
        }
    };
    ended.unwrap_or_else(|error| LineEnd::Error(format!("COM1: {error}")))
}

impl From<tty::End> for LineEnd {
    fn from(end: tty::End) -> Self {
        match end {
            tty::End::Exit(exit) => Self::Exit(exit),
            tty::End::Closed => Self::Closed,
            tty::End::Escaped => Self::Escaped,
        }
    }
}

/// Why a guest ended otherwise than it should.
fn why(system: System, shutdown: Option<Shutdown>, messages: &str, log: &[String]) -> String {
    let cure = cure(messages);
    let messages = messages.trim_end();
    let panicked = log.iter().any(|line| line.contains("PANIC"));
    match shutdown {
        None => format!("{system} did not stop after its program had ended"),
        Some(Shutdown::Panic) if panicked => "the kernel panicked".to_owned(),
        Some(Shutdown::Panic) => format!("{system} cannot run on this machine"),
        Some(Shutdown::Orderly) if messages.is_empty() => {
            format!("{system} stopped without saying how its program ended")
        }
        Some(Shutdown::Other(Some(0))) if messages.is_empty() && system == System::Linux => {
            "its first program died, or Linux panicked".to_owned()
        }
        Some(Shutdown::Other(Some(0))) if messages.is_empty() => {
            "the machine reset: a triple fault".to_owned()
        }
        Some(Shutdown::Orderly) => format!("QEMU failed: {messages}{cure}"),
        Some(Shutdown::Other(None)) => format!("QEMU was killed: {messages}"),
        Some(Shutdown::Other(Some(status))) => {
            format!("QEMU ended with status {status}: {messages}")
        }
    }
}

/// What to do about a message of QEMU, where the options can help.
fn cure(messages: &str) -> &'static str {
    const CURES: [(&str, &str); 4] = [
        ("cannot set up guest memory", "; give a smaller --memory"),
        ("unable to find CPU model", "; qemu-system-i386 -cpu help lists the models for --cpu"),
        ("Property", "; qemu-system-i386 -cpu help lists the features for --cpu"),
        ("Address already in use", "; another guest waits for gdb on that port"),
    ];
    CURES.iter().find(|(part, _)| messages.contains(part)).map_or("", |(_, cure)| cure)
}

/// The archive of one run; it goes away with this value.
pub struct ArchiveFile(PathBuf);

impl ArchiveFile {
    pub fn new() -> Result<Self> {
        // Several guests may run at a time.
        static NUMBER: AtomicU32 = AtomicU32::new(0);
        let folder = build::images()?;
        // Runs that were killed left theirs.
        for file in fs::read_dir(&folder).into_iter().flatten().flatten() {
            let name = file.file_name();
            let name = name.to_str().unwrap_or_default();
            let owner = name.strip_prefix("boot-").and_then(|rest| rest.split_once('-'));
            if owner.is_some_and(|(pid, _)| !Path::new("/proc").join(pid).exists()) {
                // Another run may have been quicker.
                let _ = fs::remove_file(file.path());
            }
        }
        let number = NUMBER.fetch_add(1, Relaxed);
        Ok(Self(folder.join(format!("boot-{}-{number}.cpio", std::process::id()))))
    }

    pub fn path(&self) -> &Path {
        &self.0
    }
}

impl Drop for ArchiveFile {
    fn drop(&mut self) {
        // It is not there if writing it failed.
        let _ = fs::remove_file(&self.0);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_guest_reads_the_arguments_and_the_environment() {
        let first = First {
            path: b"/bin/echo".to_vec(),
            arguments: vec![b"echo".to_vec(), vec![], b"a b".to_vec()],
            environment: vec![b"HOME=/".to_vec()],
        };
        let bytes = first.to_bytes();
        let read = abi::boot::Arguments::parse(&bytes).unwrap();
        assert_eq!(read.arguments().collect::<Vec<_>>(), first.arguments);
        assert_eq!(read.environment().collect::<Vec<_>>(), first.environment);
    }

    #[test]
    fn the_kernel_starts_the_program_where_there_is_no_init() {
        let mut contents = Contents::default();
        assert_eq!(first_process(&contents, b"/bin/x".to_vec()), Some(b"/bin/x".to_vec()));
        contents.bytes(INIT_PATH, 0o755, vec![]).unwrap();
        assert_eq!(first_process(&contents, b"/bin/x".to_vec()), None);
    }
}
