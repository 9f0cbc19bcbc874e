//! What the kernel tells a terminal's driver to do, one after the other.

use super::shared::COMMAND_WORDS;
use crate::terminal::Termios;

/// A command.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Command {
    /// From here on these are the attributes.
    SetTermios(Termios),
    /// The line under edit is forgotten.
    DropLine,
    /// Output before this index is not to be sent.
    DropOutput(u32),
    /// Output stops, or goes on.
    Stop(bool),
    /// This byte is sent before everything else.
    Send(u8),
}

impl Command {
    /// For the shared frames.
    pub fn to_words(&self) -> [u32; COMMAND_WORDS] {
        let mut words = [0; COMMAND_WORDS];
        let [kind, rest @ ..] = &mut words;
        (*kind, rest[0]) = match *self {
            Self::SetTermios(termios) => {
                *rest = termios.to_words();
                (0, rest[0])
            }
            Self::DropLine => (1, 0),
            Self::DropOutput(index) => (2, index),
            Self::Stop(stop) => (3, u32::from(stop)),
            Self::Send(byte) => (4, u32::from(byte)),
        };
        words
    }

    /// From the shared frames; `None` for what is none.
    pub fn from_words(words: &[u32; COMMAND_WORDS]) -> Option<Self> {
        let [kind, rest @ ..] = words;
        let argument = rest[0];
        Some(match kind {
            0 => Self::SetTermios(Termios::from_words(rest)),
            1 => Self::DropLine,
            2 => Self::DropOutput(argument),
            3 => Self::Stop(argument != 0),
            4 => Self::Send(argument as u8),
            _ => return None,
        })
    }
}
