//! A guest whose line is served, and how it ended.

use crate::guest::{Guest, Remains};
use crate::kernel_log::{Said, tail};
use crate::line::{self, Position, Streams};
use crate::qemu::{Shutdown, System, cure};
use crate::stop::{Result, failed};
use crate::symbols;
use crate::transient::Transient;
use crate::tty;
use abi::frame::Exit;
use std::io::{self, Read, Write};
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::thread;
use std::time::Duration;

/// How long Folio may take to stop after its program has.
const STOPPING: Duration = Duration::from_secs(20);

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
        report(why, &self.log, kernel)
    }
}

/// Why a run failed that ended in good order, but for its output.
pub const LOST_OUTPUT: &str = "output was lost on the line";

/// `why` with the end of a log of `kernel`'s.
pub fn report(why: &str, log: &[String], kernel: &Path) -> String {
    if log.is_empty() {
        return format!("{why}; the kernel log is empty");
    }
    let mut report = format!("{why}; the kernel log ends:");
    for line in symbols::resolve(tail(log), kernel) {
        report.push_str("\n  | ");
        report.push_str(&line);
    }
    report
}

enum LineEnd {
    Exit(Exit),
    Incomplete,
    Closed,
    BrokenPipe,
    Escaped,
    Error(String),
}

/// A running guest and the thread that serves its line.
pub struct Live {
    pub guest: Guest,
    system: System,
    /// How the line ended, and how far it was if it was framed.
    ended: Receiver<(LineEnd, Option<Position>)>,
    /// QEMU reads it when it starts.
    _archive: Option<Transient>,
}

impl Live {
    /// Serves the line of `guest` from `position` on.
    pub fn new(
        guest: Guest,
        system: System,
        archive: Option<Transient>,
        wire: Wire,
        position: Position,
    ) -> Result<Self> {
        let (tell, ended) = channel();
        let com1 = guest.com1()?;
        thread::spawn(move || {
            // Nobody listens after a timeout.
            let _ = tell.send(serve(com1, wire, position));
        });
        Ok(Self { guest, system, ended, _archive: archive })
    }

    /// Waits for the end, or ends the guest when its time is over.
    pub fn end(self, timeout: Option<Duration>) -> Result<Outcome> {
        let Self { guest, system, ended, .. } = self;
        let line_end = match timeout {
            None => ended.recv().map_err(|_| RecvTimeoutError::Disconnected),
            Some(timeout) => ended.recv_timeout(timeout),
        };
        let line_end = line_end.map(|(end, _)| end);
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
                Some(Shutdown::Orderly) => End::Failed(LOST_OUTPUT.into()),
                shutdown => End::Failed(why(system, shutdown, &messages, &log)),
            },
            Ok(LineEnd::Closed) => match shutdown {
                Some(Shutdown::Orderly) if messages.is_empty() => End::Stopped,
                shutdown => End::Failed(why(system, shutdown, &messages, &log)),
            },
        };
        Ok(Outcome { end, log })
    }

    /// Ends the guest, whose processors stand still. Where its framed line and its log were then.
    pub fn leave(self) -> Result<(Position, Said)> {
        let said = self.guest.end();
        match self.ended.recv() {
            Ok((LineEnd::Closed, Some(position))) => Ok((position, said)),
            Ok((LineEnd::Error(why), _)) => Err(failed(why)),
            _ => Err(failed("the program ended before the machine was stopped")),
        }
    }
}

fn serve(com1: UnixStream, wire: Wire, from: Position) -> (LineEnd, Option<Position>) {
    let ended = match wire {
        Wire::Terminal => tty::serve(com1, io::stdin(), io::stdout()).map(LineEnd::from),
        Wire::Tty { keys, screen } => tty::serve(com1, keys, screen).map(LineEnd::from),
        Wire::Streams { streams, credits } => match line::serve(com1, streams, credits, from) {
            Ok(served) => return (served.end.into(), Some(served.position)),
            Err(error) => Err(error),
        },
    };
    (ended.unwrap_or_else(|error| LineEnd::Error(format!("COM1: {error}"))), None)
}

impl From<line::End> for LineEnd {
    fn from(end: line::End) -> Self {
        match end {
            line::End::Exit(exit) => Self::Exit(exit),
            line::End::Incomplete => Self::Incomplete,
            line::End::Closed => Self::Closed,
            line::End::BrokenPipe => Self::BrokenPipe,
        }
    }
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
