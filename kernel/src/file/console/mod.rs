//! The console: programs' streams, and the line they lead to, COM1.
//!
//! The command line says what COM1 is: three framed streams, or a terminal. [`streams`] is what
//! programs read and write; it lies in frames that `abi::console` describes. Whoever drives the line
//! moves bytes between them and COM1: the kernel itself ([`driving`]), or a server. Both do it by the
//! same code, `abi::console::Driver`, and either goes on where the other stopped.

mod channel;
mod driving;
mod handle;
#[cfg(feature = "ktest")]
pub mod ktest;
mod memory;
mod port;
mod streams;
mod terminal;
mod terminal_control;

pub use channel::Channel;
pub use driving::finish;
pub use handle::ConsoleHandle;
pub use terminal::Terminal;

use super::caller;
use super::description::{File, Kind, Node};
use crate::result::{Errno, Result};
use crate::sync::{BootCell, WaitQueue};
use abi::boot::{CONSOLE, CONSOLE_TTY, CREDITS, CREDITS_OFF};
use abi::console::{FRAMED, TERMINAL};
use abi::file::{DeviceNumber, O_RDONLY, O_RDWR, O_WRONLY};
use alloc::sync::Arc;
use kcore::cmdline::CommandLine;
use streams::Streams;

struct Console {
    streams: Streams,
    /// Unless the line is framed.
    terminal: Option<Terminal>,
}

static CONSOLE_IN_USE: BootCell<Console> = BootCell::new();

/// Starts the console that the command line asks for.
///
/// # Safety
/// Once, at boot, before there are programs.
#[inline(never)]
pub unsafe fn start(command_line: &CommandLine) -> Result<()> {
    let is_terminal = command_line.value(CONSOLE) == Some(CONSOLE_TTY.as_bytes());
    let has_credits = command_line.value(CREDITS) != Some(CREDITS_OFF.as_bytes());
    let kind = if is_terminal { TERMINAL } else { FRAMED };
    let terminal = is_terminal.then(Terminal::new);
    let console = Console { streams: Streams::new(kind, has_credits)?, terminal };
    // SAFETY: passed on to the caller.
    unsafe {
        CONSOLE_IN_USE.set(console);
        driving::start(streams())
    }
}

fn streams() -> &'static Streams {
    &CONSOLE_IN_USE.get().streams
}

fn terminal() -> Option<&'static Terminal> {
    CONSOLE_IN_USE.get().terminal.as_ref()
}

/// The process group in the foreground, if there is a terminal and it has one.
fn foreground() -> Option<u32> {
    terminal().and_then(Terminal::foreground)
}

/// Who waits for any change.
pub fn pollers() -> &'static WaitQueue {
    &streams().pollers
}

/// The first program's descriptors 0, 1 and 2.
pub fn standard_files() -> Result<[Arc<File>; 3]> {
    match terminal() {
        None => {
            let file =
                |channel, flags| File::new(Kind::Channel(channel), Node::anonymous(0, 0), flags);
            Ok([
                file(Channel::Input, O_RDONLY)?,
                file(Channel::Output, O_WRONLY)?,
                file(Channel::Error, O_WRONLY)?,
            ])
        }
        Some(terminal) => {
            let node = super::open::console_node()?;
            let file = File::new(Kind::Terminal(terminal), Node::Held(node), O_RDWR)?;
            Ok([file.clone(), file.clone(), file])
        }
    }
}

/// Opens a character device that is none of the kernel's own. ENXIO if there is no such thing.
pub fn open(number: DeviceNumber, node: Node, flags: u32) -> Result<Arc<File>> {
    let kind = match (number, terminal()) {
        (DeviceNumber { major: 5, minor: 1 }, None) => Kind::Channel(Channel::Console),
        (DeviceNumber { major: 5, minor: 1 }, Some(terminal)) => Kind::Terminal(terminal),
        (DeviceNumber { major: 5, minor: 0 }, Some(terminal)) if terminal.controls_caller() => {
            Kind::Terminal(terminal)
        }
        _ => return Err(Errno::ENXIO),
    };
    File::new(kind, node, flags)
}

/// The terminal becomes the controlling one of a session, if there is a terminal and it is free.
/// For the first program, which nobody else could give one.
pub fn give_terminal(session: u32, group: u32) {
    if let Some(terminal) = terminal() {
        terminal.give(session, group);
    }
}

/// The controlling terminal of a session, if it has one: its number, and the process group in the
/// foreground.
pub fn terminal_of(session: u32) -> Option<(DeviceNumber, Option<u32>)> {
    let terminal = terminal().filter(|terminal| terminal.controls(session))?;
    Some((DeviceNumber::new(5, 1), terminal.foreground()))
}

/// The leader of a session ends: its terminal is free, and the group in the foreground is hung up.
pub fn end_session(leader: u32) {
    if let Some(group) = terminal().and_then(|terminal| terminal.take(leader)) {
        caller::hang_up(group);
    }
}
