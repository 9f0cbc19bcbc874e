//! A program of the guest whose output is kept instead of shown.

use crate::contents::Contents;
use crate::kernel_log::Sink;
use crate::line::Streams;
use crate::machine::Machine;
use crate::qemu::System;
use crate::run::whole_environment;
use crate::session::{First, Outcome, Session, Wire};
use crate::stop::Result;
use crate::walked;
use std::borrow::Cow;
use std::io::{self, Write};
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

/// What the program left.
pub struct Captured {
    pub outcome: Outcome,
    pub stdout: Vec<u8>,
    pub stderr: Vec<u8>,
}

/// Boots, and runs the program whose path and arguments are `words`, without input, in time zone UTC. Where the
/// machine counts instructions nothing is sent to it, so that every run is the same.
pub fn capture(
    machine: &Machine,
    (system, kernel): (System, &Path),
    contents: Contents,
    words: &[&str],
    timeout: Duration,
) -> Result<Captured> {
    let stdout = Kept::default();
    let ran = watch(machine, (system, kernel), contents, words, timeout, Box::new(stdout.clone()))?;
    Ok(Captured { stdout: stdout.take(), ..ran })
}

/// The same, and its kernel's log goes to `log` as it comes.
pub fn capture_with_log(
    machine: &Machine,
    (system, kernel): (System, &Path),
    contents: Contents,
    words: &[&str],
    timeout: Duration,
    log: Sink,
) -> Result<Captured> {
    let mut session = session(machine, (system, kernel), contents, words, timeout);
    session.log = Some(log);
    let stdout = Kept::default();
    let ran = serve(session, Box::new(stdout.clone()))?;
    Ok(Captured { stdout: stdout.take(), ..ran })
}

/// The same, and its output goes to `stdout` as it comes.
pub fn watch(
    machine: &Machine,
    (system, kernel): (System, &Path),
    contents: Contents,
    words: &[&str],
    timeout: Duration,
    stdout: Box<dyn Write + Send>,
) -> Result<Captured> {
    serve(session(machine, (system, kernel), contents, words, timeout), stdout)
}

fn serve(session: Session<'_>, stdout: Box<dyn Write + Send>) -> Result<Captured> {
    let (stderr, credits) = (Kept::default(), !session.machine.icount);
    let streams =
        Streams { stdin: Box::new(io::empty()), stdout, stderr: Box::new(stderr.clone()) };
    // What is counted must not be stopped: nobody knows at which instruction that would be.
    let is_walked = session.system == System::Folio
        && !session.machine.icount
        && session.machine.memory <= walked::MOST_MEMORY;
    let outcome = match is_walked {
        true => walked::run(session, streams, credits)?,
        false => session.run(Wire::Streams { streams, credits })?,
    };
    Ok(Captured { outcome, stdout: Vec::new(), stderr: stderr.take() })
}

/// What boots and runs the program whose path and arguments are `words`. Its environment depends on
/// nobody's terminal: what is repeated has to be the same.
pub fn session<'a>(
    machine: &'a Machine,
    (system, kernel): (System, &'a Path),
    contents: Contents,
    words: &[&str],
    timeout: Duration,
) -> Session<'a> {
    let first = First {
        path: words.first().copied().unwrap_or_default().into(),
        arguments: words.iter().map(|word| word.as_bytes().to_vec()).collect(),
        environment: whole_environment(vec!["TZ=UTC".into(), "TERM=linux".into()]),
    };
    Session {
        machine,
        system,
        kernel,
        contents,
        first: Some(first),
        damage: None,
        extra: String::new(),
        timeout: Some(timeout),
        log: None,
    }
}

/// Output as text for people.
pub fn text(output: &[u8]) -> Cow<'_, str> {
    String::from_utf8_lossy(output)
}

/// Keeps what is written.
#[derive(Clone, Default)]
pub struct Kept(Arc<Mutex<Vec<u8>>>);

impl Kept {
    /// What was written since [`take`](Self::take).
    pub fn so_far(&self) -> Vec<u8> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// What was written since the last time.
    pub fn take(&self) -> Vec<u8> {
        std::mem::take(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Write for Kept {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).extend(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
