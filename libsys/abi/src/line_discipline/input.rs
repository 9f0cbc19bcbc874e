//! Bytes from the device.

use super::queue::END_OF_FILE;
use super::{LineDiscipline, is_control};
use crate::signal::{SIGINT, SIGQUIT, SIGTSTP};
use crate::terminal::{
    ECHO, ECHOCTL, ECHONL, ICANON, ICRNL, IEXTEN, IGNCR, INLCR, ISIG, ISTRIP, IXANY, IXON, NOFLSH,
    PARMRK, VEOF, VEOL, VEOL2, VERASE, VINTR, VKILL, VLNEXT, VQUIT, VREPRINT, VSTART, VSTOP, VSUSP,
    VWERASE,
};

/// What a byte from the device did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Received {
    /// To send to the foreground group.
    pub signal: Option<i32>,
    /// Readers may find something now.
    pub wake_readers: bool,
    /// What has not been read and output that has not reached the device are to be thrown away.
    pub flush: bool,
}

impl LineDiscipline<'_> {
    /// Whether another byte would be kept. While this says no, the device keeps what it has.
    pub const fn has_room(&self) -> bool {
        // A line without an end must let one in, and editing characters.
        !self.queue.is_nearly_full() || (self.is(ICANON) && !self.queue.is_readable())
    }

    /// Takes a byte from the device. What the user shall see goes to `echo`.
    pub fn receive(&mut self, byte: u8, echo: &mut dyn FnMut(u8)) -> Received {
        let strip = self.input(ISTRIP);
        let byte = if strip { byte & 0x7f } else { byte };
        if self.queue.is_full() {
            if !self.has_room() {
                return Received::default();
            }
            self.queue.drop_last();
        }
        if self.literal != 0 {
            self.literal = 0;
            self.plain(byte, echo);
        } else if let Some(received) = self.flow_control(byte).or_else(|| self.signal(byte, echo)) {
            return received;
        } else {
            if self.input(IXON) && self.input(IXANY) {
                self.stopped = 0;
            }
            let Some(byte) = self.translated(byte) else { return Received::default() };
            if self.is(ICANON) && self.edit(byte, echo) {
                return self.received(self.queue.is_readable() && self.queue.at_line_start());
            }
            self.plain(byte, echo);
        }
        if !self.is(ICANON) {
            self.queue.publish();
        }
        self.received(!self.is(ICANON))
    }

    fn received(&self, wake_readers: bool) -> Received {
        Received { wake_readers, ..Received::default() }
    }

    fn flow_control(&mut self, byte: u8) -> Option<Received> {
        if !self.input(IXON) || byte == 0 {
            return None;
        }
        if byte == self.control(VSTART) {
            self.stopped = 0;
        } else if byte == self.control(VSTOP) {
            self.stopped = 1;
        } else {
            return None;
        }
        Some(Received::default())
    }

    fn signal(&mut self, byte: u8, echo: &mut dyn FnMut(u8)) -> Option<Received> {
        if !self.is(ISIG) || byte == 0 {
            return None;
        }
        let signals = [(VINTR, SIGINT), (VQUIT, SIGQUIT), (VSUSP, SIGTSTP)];
        let (_, signal) = signals.into_iter().find(|&(index, _)| self.control(index) == byte)?;
        let flush = !self.is(NOFLSH);
        if flush {
            self.drop_line();
        }
        if self.input(IXON) {
            self.stopped = 0;
        }
        if self.is(ECHO) {
            self.echo(byte, echo);
        }
        Some(Received { signal: Some(signal), wake_readers: false, flush })
    }

    fn translated(&self, byte: u8) -> Option<u8> {
        match byte {
            b'\r' if self.input(IGNCR) => None,
            b'\r' if self.input(ICRNL) => Some(b'\n'),
            b'\n' if self.input(INLCR) => Some(b'\r'),
            _ => Some(byte),
        }
    }

    /// Canonical mode: whether the byte was an editing character or ended the line.
    fn edit(&mut self, byte: u8, echo: &mut dyn FnMut(u8)) -> bool {
        let extended = self.is(IEXTEN);
        let is = |this: &Self, index| byte != 0 && this.control(index) == byte;
        if is(self, VERASE) {
            self.erase_character(echo);
        } else if is(self, VKILL) {
            self.erase_line(echo);
        } else if extended && is(self, VWERASE) {
            self.erase_word(echo);
        } else if extended && is(self, VLNEXT) {
            self.literal = 1;
            if self.is(ECHO) && self.is(ECHOCTL) {
                self.put(b'^', echo);
                self.put(8, echo);
            }
        } else if extended && self.is(ECHO) && is(self, VREPRINT) {
            self.reprint(byte, echo);
        } else if byte == b'\n' {
            if self.is(ECHO) || self.is(ECHONL) {
                self.put(b'\n', echo);
            }
            self.queue.push_end(b'\n');
        } else if is(self, VEOF) {
            self.queue.push_end(END_OF_FILE);
        } else if is(self, VEOL) || extended && is(self, VEOL2) {
            if self.is(ECHO) {
                self.begin_line();
                self.echo(byte, echo);
            }
            self.double_marker(byte);
            self.queue.push_end(byte);
        } else {
            return false;
        }
        true
    }

    fn plain(&mut self, byte: u8, echo: &mut dyn FnMut(u8)) {
        if self.is(ECHO) {
            if byte == b'\n' {
                self.put(byte, echo);
            } else {
                self.begin_line();
                self.echo(byte, echo);
            }
        }
        self.double_marker(byte);
        self.queue.push(byte);
    }

    /// PARMRK: a byte 0xff that is no mark is doubled.
    fn double_marker(&mut self, byte: u8) {
        if byte == 0xff && self.input(PARMRK) && !self.input(ISTRIP) {
            self.queue.push(byte);
        }
    }

    fn reprint(&mut self, byte: u8, echo: &mut dyn FnMut(u8)) {
        self.echo(byte, echo);
        self.put(b'\n', echo);
        let (head, start) = self.queue.edited();
        let mut at = start;
        while at != head {
            self.echo(self.queue.byte(at), echo);
            at = at.wrapping_add(1);
        }
    }

    /// Remembers where the line under edit begins, for erasing tabs.
    fn begin_line(&mut self) {
        if self.queue.at_line_start() {
            self.line_column = self.column;
        }
    }

    /// Shows a byte that was typed; with ECHOCTL control characters as ^X.
    pub(super) fn echo(&mut self, byte: u8, echo: &mut dyn FnMut(u8)) {
        if self.is(ECHOCTL) && is_control(byte) && byte != b'\t' {
            echo(b'^');
            echo(byte ^ 0x40);
            self.column = self.column.wrapping_add(2);
        } else {
            self.put(byte, echo);
        }
    }

    const fn input(&self, input_flag: u32) -> bool {
        self.termios.iflag & input_flag != 0
    }
}
