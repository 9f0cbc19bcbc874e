//! The terminal of an interactive shell, and who is in its foreground.

use sys::abi::signal::{SIGINT, SIGQUIT, SIGTERM, SIGTSTP, SIGTTIN, SIGTTOU};
use sys::abi::terminal::Termios;
use sys::io::{Fd, STDIN};
use sys::{process, signal, terminal};

/// Signals that a shell leaves to its commands.
pub const LEFT_TO_COMMANDS: [i32; 6] = [SIGINT, SIGQUIT, SIGTERM, SIGTSTP, SIGTTIN, SIGTTOU];

/// The terminal this shell talks on.
pub struct Terminal {
    fd: Fd,
    /// The shell's own group.
    group: i32,
    /// Attributes for commands.
    attributes: Option<Termios>,
}

impl Terminal {
    /// Makes the shell a group of its own in the foreground; `None` if standard input is no
    /// terminal that knows groups.
    pub fn take() -> Option<Self> {
        for signal in LEFT_TO_COMMANDS {
            let _ = signal::ignore(signal);
        }
        // A session leader is in a group of its own already.
        let _ = process::set_group(0, 0);
        let group = process::group();
        terminal::set_foreground(STDIN, group).ok()?;
        Some(Self { fd: STDIN, group, attributes: terminal::attributes(STDIN).ok() })
    }

    /// Puts a group into the foreground.
    pub fn give_to(&self, group: i32) {
        let _ = terminal::set_foreground(self.fd, group);
    }

    /// Puts the shell into the foreground, and the attributes back if a command died over others.
    pub fn take_back(&self) {
        self.give_to(self.group);
        if let Some(attributes) = &self.attributes {
            let _ = terminal::set_attributes(self.fd, attributes);
        }
    }
}
