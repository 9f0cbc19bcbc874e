//! Taking back what was typed.

use super::{LineDiscipline, is_control};
use crate::terminal::{ECHO, ECHOCTL, ECHOE, ECHOK, ECHOKE, IUTF8, VERASE, VKILL};

impl LineDiscipline<'_> {
    pub(super) fn erase_character(&mut self, echo: &mut dyn FnMut(u8)) {
        if let Some((start, first)) = self.last_character() {
            self.queue.set_head(start);
            if self.is(ECHO) && !self.is(ECHOE) {
                self.echo(self.control(VERASE), echo);
            } else {
                self.wipe(first, echo);
            }
        }
    }

    pub(super) fn erase_word(&mut self, echo: &mut dyn FnMut(u8)) {
        let mut in_word = false;
        while let Some((start, first)) = self.last_character() {
            if is_word(first) {
                in_word = true;
            } else if in_word {
                break;
            }
            self.queue.set_head(start);
            self.wipe(first, echo);
        }
    }

    pub(super) fn erase_line(&mut self, echo: &mut dyn FnMut(u8)) {
        let (head, start) = self.queue.edited();
        if head == start {
            return;
        }
        if !self.is(ECHO) {
            self.queue.set_head(start);
        } else if self.is(ECHOK) && self.is(ECHOKE) && self.is(ECHOE) {
            while let Some((start, first)) = self.last_character() {
                self.queue.set_head(start);
                self.wipe(first, echo);
            }
        } else {
            self.queue.set_head(start);
            self.echo(self.control(VKILL), echo);
            if self.is(ECHOK) {
                self.put(b'\n', echo);
            }
        }
    }

    /// Where the last character of the line under edit starts, and its first byte. `None` if there
    /// is none, or only a part of one.
    fn last_character(&self) -> Option<(u32, u8)> {
        let (mut at, start) = self.queue.edited();
        while at != start {
            at = at.wrapping_sub(1);
            let byte = self.queue.byte(at);
            if !self.is_continuation(byte) {
                return Some((at, byte));
            }
        }
        None
    }

    /// A byte that shares its column with the one before.
    pub(super) const fn is_continuation(&self, byte: u8) -> bool {
        self.termios.iflag & IUTF8 != 0 && byte & 0xc0 == 0x80
    }

    /// Removes what the echo of a character, now out of the queue, left on the screen.
    fn wipe(&mut self, byte: u8, echo: &mut dyn FnMut(u8)) {
        if !self.is(ECHO) {
            return;
        }
        let width = match byte {
            b'\t' => return self.wipe_tab(echo),
            _ if !is_control(byte) => 1,
            _ if self.is(ECHOCTL) => 2,
            _ => 0,
        };
        for _ in 0..width {
            for byte in [8, b' ', 8] {
                self.put(byte, echo);
            }
        }
    }

    /// Goes back to where the tab was: counts columns from the tab before it or the line's start.
    fn wipe_tab(&mut self, echo: &mut dyn FnMut(u8)) {
        let (mut at, start) = self.queue.edited();
        let mut columns = 0u32;
        let mut from = self.line_column;
        while at != start {
            at = at.wrapping_sub(1);
            let byte = self.queue.byte(at);
            if byte == b'\t' {
                from = 0;
                break;
            }
            columns += match is_control(byte) {
                true if self.is(ECHOCTL) => 2,
                true => 0,
                false => u32::from(!self.is_continuation(byte)),
            };
        }
        for _ in 0..8 - (columns.wrapping_add(from) & 7) {
            echo(8);
            self.column = self.column.saturating_sub(1);
        }
    }
}

/// Letters, also those of Latin-1, digits and the underscore.
const fn is_word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_' || (byte >= 0xc0 && byte != 0xd7 && byte != 0xf7)
}
