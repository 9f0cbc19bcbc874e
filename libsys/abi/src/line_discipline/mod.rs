//! What makes a byte line a terminal: editing, echo, signals, output processing, as `N_TTY` of
//! Linux does it.
//!
//! [`LineDiscipline`] takes the bytes that arrive, hands out what programs read and turns what they
//! write into what the device gets. It does no input or output and has no locks: the kernel's
//! polled port and the console server drive the same state. All of it is plain numbers without
//! pointers, so it can lie in memory that outlives the process that drives the line.

mod erase;
mod input;
mod output;
mod queue;
#[cfg(test)]
mod tests;

pub use input::Received;

use crate::signal::SIGWINCH;
use crate::terminal::{
    B38400, CREAD, CS8, ECHO, ECHOCTL, ECHOE, ECHOK, ECHOKE, HUPCL, ICANON, ICRNL, IEXTEN, ISIG,
    IXON, ONLCR, OPOST, Termios, VMIN, VTIME, Winsize,
};
use queue::Queue;

/// The state of one terminal.
#[derive(Debug)]
#[repr(C)]
pub struct LineDiscipline {
    termios: Termios,
    winsize: Winsize,
    queue: Queue,
    /// Where the cursor is, counted from 0.
    column: u32,
    /// Where it was when the line under edit began.
    line_column: u32,
    /// Not 0: the next byte is taken literally.
    literal: u32,
    /// Not 0: output waits for the start character.
    stopped: u32,
}

impl Default for LineDiscipline {
    fn default() -> Self {
        Self::new()
    }
}

impl LineDiscipline {
    /// A terminal with Linux's attributes for a new one.
    pub const fn new() -> Self {
        let mut cc = [0; 19];
        let usual = *b"\x03\x1c\x7f\x15\x04\0\x01\0\x11\x13\x1a\0\x12\x0f\x17\x16\0";
        let mut index = 0;
        while index < usual.len() {
            cc[index] = usual[index];
            index += 1;
        }
        Self {
            termios: Termios {
                iflag: ICRNL | IXON,
                oflag: OPOST | ONLCR,
                cflag: B38400 | CS8 | CREAD | HUPCL,
                lflag: ISIG | ICANON | ECHO | ECHOE | ECHOK | ECHOCTL | ECHOKE | IEXTEN,
                line: 0,
                cc,
            },
            winsize: Winsize { row: 0, col: 0, xpixel: 0, ypixel: 0 },
            queue: Queue::new(),
            column: 0,
            line_column: 0,
            literal: 0,
            stopped: 0,
        }
    }

    /// The attributes.
    pub const fn termios(&self) -> &Termios {
        &self.termios
    }

    /// Changes the attributes. What is in the queue stays: leaving canonical mode makes an
    /// unfinished line readable, entering it turns everything unread into a line.
    pub fn set_termios(&mut self, termios: &Termios) {
        let changed = self.termios.lflag ^ termios.lflag;
        self.termios = *termios;
        if changed & ICANON != 0 {
            self.queue.change_mode(self.is(ICANON));
            self.literal = 0;
        }
        if termios.iflag & IXON == 0 {
            self.stopped = 0;
        }
    }

    /// The size of the window.
    pub const fn winsize(&self) -> Winsize {
        self.winsize
    }

    /// Changes the size of the window. The signal to send to the foreground group, if that is news.
    pub fn set_winsize(&mut self, winsize: Winsize) -> Option<i32> {
        let changed = self.winsize != winsize;
        self.winsize = winsize;
        changed.then_some(SIGWINCH)
    }

    /// Whether input comes by lines.
    pub const fn is_canonical(&self) -> bool {
        self.is(ICANON)
    }

    /// Whether a read finds something: a line (or end of file), or bytes in raw mode.
    pub const fn is_readable(&self) -> bool {
        self.queue.readable(self.is(ICANON)) != 0
    }

    /// Whether `poll` reports input: in raw mode only from VMIN bytes on, unless VTIME is set.
    pub const fn is_ready(&self) -> bool {
        let least =
            if self.is(ICANON) || self.control(VTIME) != 0 { 0 } else { self.control(VMIN) };
        let readable = self.queue.readable(self.is(ICANON));
        readable != 0 && readable >= least as u32
    }

    /// How many bytes `FIONREAD` reports.
    pub fn readable_bytes(&self) -> u32 {
        self.queue.readable_bytes(self.is(ICANON))
    }

    /// Whether output waits for the start character (^S was typed).
    pub const fn is_stopped(&self) -> bool {
        self.stopped != 0
    }

    /// Stops or resumes output, as `TCXONC` does.
    pub fn set_stopped(&mut self, stopped: bool) {
        self.stopped = stopped as u32;
    }

    /// Throws away what has not been read.
    pub fn flush_input(&mut self) {
        self.queue.clear();
        self.literal = 0;
    }

    /// Takes bytes for a program: at most the rest of one line in canonical mode, else what is
    /// there. 0 where [`LineDiscipline::is_readable`] means end of file.
    pub fn read(&mut self, to: &mut [u8]) -> usize {
        if self.is(ICANON) { self.queue.take_line(to) } else { self.queue.take(to) }
    }

    const fn is(&self, local_flag: u32) -> bool {
        self.termios.lflag & local_flag != 0
    }

    /// A control character; 0 means there is none.
    const fn control(&self, index: usize) -> u8 {
        self.termios.cc[index]
    }
}

/// Whether a terminal shows nothing for the byte, or ^X.
const fn is_control(byte: u8) -> bool {
    byte < b' ' || byte == 0x7f
}
