//! The console: what programs write goes to a serial line, what arrives there is their input.
//!
//! The kernel keeps the streams in frames ([`Shared`]), a [`Driver`] moves bytes between them and the
//! [`Device`]. The kernel has a driver of its own; once there is a console server, that is the driver.
//! All that must outlive a driver lies in the shared frames, and an index moves only after what it
//! counts has been done. So a driver may end at any moment, and the next one goes on: on the framed
//! line nothing is lost and nothing shown twice; a terminal may see the last load of the device's
//! buffer again, and loses nothing either.
//!
//! ```text
//!  program ─ write ─► kernel ─► outputs ─► driver ─► device
//!  program ◄─ read ── kernel ◄── input ◄── driver ◄── device
//! ```

mod command;
mod framed;
mod outgoing;
mod shared;
mod terminal;
#[cfg(test)]
mod tests;
pub mod uart;

pub use command::Command;
pub use shared::{
    COMMAND_WORDS, COMMANDS, DriverPage, FRAMED, KernelPage, RING_BYTES, Ring, SHARED_PAGES,
    Shared, TERMINAL, passes,
};

use core::sync::atomic::{AtomicU32, Ordering::SeqCst};
use framed::Framed;
use terminal::Terminal;

/// A serial port.
pub trait Device {
    /// The next byte that has arrived.
    fn receive(&mut self) -> Option<u8>;

    /// Stores `tag`, whose low 8 bits are 0, with the next byte that has arrived in them. A driver
    /// that ends has done both or neither: the byte is in the device or in `place`. Whether there was
    /// one.
    fn receive_into(&mut self, place: &AtomicU32, tag: u32) -> bool;

    /// Takes as many of the bytes as it has room for now; returns how many.
    fn send(&mut self, bytes: &[u8]) -> usize;
}

/// What a step of a driver came to.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Step {
    /// There may be more to do.
    Progress,
    /// The same, and the kernel is to look at the driver's indexes.
    Tell,
    /// The same, and the kernel is to signal the group in the foreground; `flush`: after forgetting
    /// what was not read.
    Signal {
        /// Which signal.
        signal: i32,
        /// Whether input is forgotten.
        flush: bool,
    },
    /// Nothing, until the kernel or the device has news.
    Idle(Wanted),
}

/// What a driver waits for on the device's side.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Wanted {
    /// Bytes that arrive.
    pub receive: bool,
    /// Room for bytes to send.
    pub send: bool,
}

/// Moves bytes between the shared frames and a device.
#[derive(Debug)]
pub enum Driver<'a> {
    /// Three streams in frames.
    Framed(Framed<'a>),
    /// A terminal.
    Terminal(Terminal<'a>),
}

impl<'a> Driver<'a> {
    /// Goes on where the last one ended.
    pub fn new(shared: &'a Shared) -> Self {
        match shared.kernel.kind.load(SeqCst) {
            TERMINAL => Self::Terminal(Terminal::new(shared)),
            _ => Self::Framed(Framed::new(shared)),
        }
    }

    /// Does a little, without waiting.
    pub fn step(&mut self, device: &mut impl Device) -> Step {
        match self {
            Self::Framed(framed) => framed.step(device),
            Self::Terminal(terminal) => terminal.step(device),
        }
    }
}
