//! One program in one guest, from boot to its end.
//!
//! A running machine is, from the inside to the outside, a [`Guest`] (its QEMU and its lines), a
//! [`Live`] one (somebody serves the lines), and a [`Running`] one (a test talks to it meanwhile).

use crate::build;
use crate::contents::Contents;
use crate::guest::Guest;
use crate::kernel_log::{Said, Sink};
use crate::line::{Position, Streams};
use crate::live::Live;
pub use crate::live::{End, LOST_OUTPUT, Outcome, Wire};
use crate::machine::Machine;
use crate::qemu::{Begin, Boot, Console, System, command_line};
use crate::running::{Moment, Running};
use crate::snapshot;
use crate::stop::{Result, failed, usage};
use crate::transient::Transient;
use crate::tty;
use abi::boot::{ARGUMENTS_PATH, INIT_PATH};
use std::fs;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

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
    /// Who else reads the kernel's log.
    pub log: Option<Sink>,
}

impl Session<'_> {
    /// Boots, and returns when the guest is gone.
    pub fn run(self, wire: Wire) -> Result<Outcome> {
        let (system, timeout) = (self.system, self.timeout);
        let console = match wire {
            Wire::Terminal | Wire::Tty { .. } => Console::Tty,
            Wire::Streams { credits, .. } => Console::Framed { credits },
        };
        let (guest, archive) = self.boot(console, None)?;
        // Restored whatever happens below.
        let _raw = match wire {
            Wire::Terminal => Some(
                tty::Raw::enter()
                    .map_err(|error| failed(format!("cannot use the terminal: {error}")))?,
            ),
            Wire::Tty { .. } | Wire::Streams { .. } => None,
        };
        Live::new(guest, system, Some(archive), wire, Position::start())?.end(timeout)
    }

    /// Boots, and serves the guest's line, which is controlled from `folder` and has its memory there.
    pub(crate) fn start_served(
        self,
        streams: Streams,
        credits: bool,
        folder: &Path,
    ) -> Result<Live> {
        let system = self.system;
        let (guest, archive) = self.boot(Console::Framed { credits }, Some(folder))?;
        let wire = Wire::Streams { streams, credits };
        Live::new(guest, system, Some(archive), wire, Position::start())
    }

    /// Boots a guest that is controlled from `folder` and has its memory there, and returns at once.
    pub(crate) fn start(self, folder: &Arc<Transient>) -> Result<Running> {
        let (system, kernel) = (self.system, self.kernel.to_owned());
        let credits = !self.machine.icount;
        let (guest, archive) = self.boot(Console::Framed { credits }, Some(folder.path()))?;
        Running::new(guest, (system, kernel), Some(archive), credits, Moment::boot(), folder)
    }

    /// Boots a guest for a test that talks to it meanwhile, and returns at once. Call it from a thread
    /// that lives as long as the guest: when that thread ends, however it ends, the guest does.
    pub fn start_alone(self) -> Result<Running> {
        let folder = Transient::folder(&snapshot::place(self.machine.memory)?, "folio")?;
        self.start(&Arc::new(folder))
    }

    /// Makes the archive and starts QEMU with it.
    fn boot(mut self, console: Console, folder: Option<&Path>) -> Result<(Guest, Transient)> {
        let mut init = None;
        if let Some(first) = self.first.take() {
            self.contents.bytes(ARGUMENTS_PATH, 0o444, first.to_bytes())?;
            init = first_process(&self.contents, first.path);
        }
        let system = self.system;
        let line = command_line(self.machine, &Boot { system, console, init, extra: self.extra })?;
        let archive = archive_file()?;
        let path = archive.path();
        let mut size = self.contents.write(path)?;
        if let Some(damage) = self.damage {
            size = rewrite(path, damage)
                .map_err(|error| failed(format!("{}: {error}", path.display())))?;
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
        let memory = folder.map(snapshot::memory);
        let begin = Begin::Kernel {
            kernel: self.kernel,
            archive: Some(path),
            line: &line,
            memory: memory.as_deref(),
        };
        let control = folder.map(snapshot::control);
        let said = Said::default();
        let guest = Guest::start_controlled(self.machine, begin, said, self.log, control)?;
        Ok((guest, archive))
    }
}

/// The place of one run's archive.
pub fn archive_file() -> Result<Transient> {
    Ok(Transient::file(&build::images()?, "boot", ".cpio"))
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
