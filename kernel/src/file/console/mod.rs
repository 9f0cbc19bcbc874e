//! The console: COM1 as the kernel drives it until a console server takes it over.
//!
//! The command line says what COM1 is: three framed streams, or a terminal. Output waits in rings
//! that a server can go on from; it is sent at once as far as the other side lets us. Input arrives
//! by interrupt and is worked on by a task of its own, which also sends what had to wait.

mod channel;
mod framed;
mod port;
mod ring;
mod terminal;
mod terminal_control;

pub use channel::Channel;
pub use terminal::Terminal;

use super::caller;
use super::description::{File, Kind, Node};
use super::status::DeviceNumber;
use crate::result::{Errno, Result};
use crate::sync::BootCell;
use crate::task::{self, Task};
use abi::boot::{CONSOLE, CONSOLE_TTY, CREDITS, CREDITS_OFF};
use abi::file::{O_RDONLY, O_RDWR, O_WRONLY};
use abi::frame::Exit;
use alloc::sync::Arc;
use framed::Framed;
use kcore::cmdline::CommandLine;
use kcore::run_queue::Priority;

enum Console {
    Framed(&'static Framed),
    Terminal(&'static Terminal),
}

static CONSOLE_IN_USE: BootCell<Console> = BootCell::new();

/// Above all programs: ^C reaches one that never sleeps.
const PRIORITY: Priority = Priority::new(Priority::NORMAL.level() - 1);

/// Starts the console that the command line asks for.
///
/// # Safety
/// Once, at boot, before there are programs.
#[inline(never)]
pub unsafe fn start(command_line: &CommandLine) -> Result<()> {
    let console = if command_line.value(CONSOLE) == Some(CONSOLE_TTY.as_bytes()) {
        Console::Terminal(Terminal::new()?)
    } else {
        let credits = command_line.value(CREDITS) != Some(CREDITS_OFF.as_bytes());
        Console::Framed(Framed::new(credits)?)
    };
    // SAFETY: passed on to the caller.
    unsafe { CONSOLE_IN_USE.set(console) };
    port::start();
    let service = Task::new(b"console", PRIORITY, serve, 0).map_err(|_| Errno::ENOMEM)?;
    task::start(service);
    Ok(())
}

/// What received bytes are for.
fn serve(_: usize) {
    let mut bytes = [0; 256];
    loop {
        let count = port::take(&mut bytes);
        let bytes = bytes.get(..count).unwrap_or_default();
        match CONSOLE_IN_USE.get() {
            Console::Framed(framed) => framed.receive(bytes),
            Console::Terminal(terminal) => terminal.receive(bytes),
        }
    }
}

/// The first program's descriptors 0, 1 and 2.
pub fn standard_files() -> Result<[Arc<File>; 3]> {
    match CONSOLE_IN_USE.get() {
        Console::Framed(_) => {
            let file =
                |channel, flags| File::new(Kind::Channel(channel), Node::anonymous(0, 0), flags);
            Ok([
                file(Channel::Input, O_RDONLY)?,
                file(Channel::Output, O_WRONLY)?,
                file(Channel::Error, O_WRONLY)?,
            ])
        }
        &Console::Terminal(terminal) => {
            let node = super::open::console_node()?;
            let file = File::new(Kind::Terminal(terminal), Node::Held(node), O_RDWR)?;
            Ok([file.clone(), file.clone(), file])
        }
    }
}

/// Opens a character device that is none of the kernel's own. ENXIO if there is no such thing.
pub fn open(number: DeviceNumber, node: Node, flags: u32) -> Result<Arc<File>> {
    let kind = match (number, CONSOLE_IN_USE.get()) {
        (DeviceNumber { major: 5, minor: 1 }, Console::Framed(_)) => {
            Kind::Channel(Channel::Console)
        }
        (DeviceNumber { major: 5, minor: 1 }, &Console::Terminal(terminal)) => {
            Kind::Terminal(terminal)
        }
        (DeviceNumber { major: 5, minor: 0 }, &Console::Terminal(terminal))
            if terminal.controls_caller() =>
        {
            Kind::Terminal(terminal)
        }
        _ => return Err(Errno::ENXIO),
    };
    File::new(kind, node, flags)
}

/// The framed line, for channels.
fn framed() -> Result<&'static Framed> {
    match CONSOLE_IN_USE.get() {
        Console::Framed(framed) => Ok(framed),
        Console::Terminal(_) => Err(Errno::EIO),
    }
}

/// The terminal becomes the controlling one of a session, if there is a terminal and it is free.
/// For the first program, which nobody else could give one.
pub fn give_terminal(session: u32, group: u32) {
    if let Console::Terminal(terminal) = CONSOLE_IN_USE.get() {
        terminal.give(session, group);
    }
}

/// The leader of a session ends: its terminal is free, and the group in the foreground is hung up.
pub fn end_session(leader: u32) {
    if let Console::Terminal(terminal) = CONSOLE_IN_USE.get()
        && let Some(group) = terminal.take(leader)
    {
        caller::hang_up(group);
    }
}

/// Sends everything that was written, and then how the first program ended.
pub fn finish(exit: Exit) {
    match CONSOLE_IN_USE.get() {
        Console::Framed(framed) => framed.finish(exit),
        &Console::Terminal(terminal) => terminal.finish(exit),
    }
}
