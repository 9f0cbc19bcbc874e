//! What makes a byte line a terminal: editing, echo, signals, output processing, as `N_TTY` of
//! Linux does it.
//!
//! [`LineDiscipline`] is the device's side: it takes the bytes that arrive and turns what programs
//! write into what the device gets. What was typed lies in [`Typed`], from where the other side hands
//! it to programs. Neither does input or output or has locks, and all state can be
//! [`save`](LineDiscipline::save)d as plain words: it outlives whoever drives the line.

mod erase;
mod input;
mod output;
mod queue;
#[cfg(test)]
mod tests;
mod typed;

pub use input::Received;
pub use typed::{Ends, Typed};

use crate::terminal::{
    B38400, CREAD, CS8, ECHO, ECHOCTL, ECHOE, ECHOK, ECHOKE, HUPCL, ICANON, ICRNL, IEXTEN, ISIG,
    IXON, ONLCR, OPOST, TERMIOS_WORDS, Termios,
};
use queue::Queue;

/// Linux's attributes for a new terminal.
pub const INITIAL: Termios = {
    let mut cc = [0; 19];
    let usual = *b"\x03\x1c\x7f\x15\x04\0\x01\0\x11\x13\x1a\0\x12\x0f\x17\x16\0";
    let mut index = 0;
    while index < usual.len() {
        cc[index] = usual[index];
        index += 1;
    }
    Termios {
        iflag: ICRNL | IXON,
        oflag: OPOST | ONLCR,
        cflag: B38400 | CS8 | CREAD | HUPCL,
        lflag: ISIG | ICANON | ECHO | ECHOE | ECHOK | ECHOCTL | ECHOKE | IEXTEN,
        line: 0,
        cc,
    }
};

/// The state of one terminal's line.
#[derive(Clone, Debug)]
pub struct LineDiscipline<'a> {
    termios: Termios,
    queue: Queue<'a>,
    /// Where the cursor is, counted from 0.
    column: u32,
    /// Where it was when the line under edit began.
    line_column: u32,
    /// Not 0: the next byte is taken literally.
    literal: u32,
    /// Not 0: output waits for the start character.
    stopped: u32,
}

/// Words of a saved state.
pub const SAVED_WORDS: usize = TERMIOS_WORDS + 6;
/// A saved state. All zero: none.
pub type Saved = [u32; SAVED_WORDS];

impl<'a> LineDiscipline<'a> {
    /// A new terminal.
    pub const fn new(typed: Typed<'a>) -> Self {
        Self {
            termios: INITIAL,
            queue: Queue::new(typed),
            column: 0,
            line_column: 0,
            literal: 0,
            stopped: 0,
        }
    }

    /// All there is to know, but for what was typed.
    pub fn save(&self) -> Saved {
        let mut saved = [0; SAVED_WORDS];
        let (termios, rest) = saved.split_at_mut(TERMIOS_WORDS);
        termios.copy_from_slice(&self.termios.to_words());
        let Queue { head, complete, .. } = self.queue;
        rest.copy_from_slice(&[
            self.column,
            self.line_column,
            self.literal,
            self.stopped,
            head,
            complete,
        ]);
        saved
    }

    /// Goes on from a saved state; readers have taken everything before `taken`. The words may come
    /// from a process that died or lied.
    pub fn resume(typed: Typed<'a>, saved: &Saved, taken: u32) -> Self {
        let mut words = saved.iter().copied();
        let mut next = || words.next().unwrap_or(0);
        let termios = Termios::from_words(&core::array::from_fn(|_| next()));
        let [column, line_column, literal, stopped, head, complete] =
            core::array::from_fn(|_| next());
        let queue = Queue::resume(typed, head, complete, taken);
        Self { termios, queue, column, line_column, literal, stopped }
    }

    /// The attributes.
    pub const fn termios(&self) -> &Termios {
        &self.termios
    }

    /// Changes the attributes. What was typed stays: leaving canonical mode makes an unfinished line
    /// readable, entering it turns everything unread into a line.
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

    /// Whether output waits for the start character (^S was typed).
    pub const fn is_stopped(&self) -> bool {
        self.stopped != 0
    }

    /// Stops or resumes output, as `TCXONC` does.
    pub fn set_stopped(&mut self, stopped: bool) {
        self.stopped = stopped as u32;
    }

    /// Throws the line under edit away.
    pub fn drop_line(&mut self) {
        self.queue.drop_line();
        self.literal = 0;
    }

    /// Readers may have everything before this position.
    pub const fn readable_end(&self) -> u32 {
        self.queue.complete
    }

    /// Readers have taken everything before `position`, which lies between where they were and
    /// [`readable_end`](Self::readable_end).
    pub fn set_taken(&mut self, position: u32) {
        if self.queue.complete.wrapping_sub(position) <= Typed::SIZE {
            self.queue.tail = position;
        }
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
