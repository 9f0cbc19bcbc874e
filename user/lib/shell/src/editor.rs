//! Editing one line on a terminal that understands CR, BEL and `ESC [ K`.
//!
//! A line longer than the terminal scrolls sideways, so that it never wraps. Each character counts
//! as one column.

use crate::history::History;
use crate::key::{Key, Keys};
use alloc::vec::Vec;

/// What a key led to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// The line is not finished.
    Pending,
    /// The line, without its end.
    Line(Vec<u8>),
    /// ^C: the line is given up.
    Interrupted,
    /// ^D on an empty line.
    EndOfInput,
}

/// The line, the cursor, and what came before.
#[derive(Debug, Default)]
pub struct Editor {
    keys: Keys,
    history: History,
    prompt: Vec<u8>,
    columns: usize,
    line: Vec<u8>,
    /// Index of the byte under the cursor, always the first of a character.
    cursor: usize,
    /// What ^K, ^U and ^W took away last.
    killed: Vec<u8>,
}

/// Whether a byte goes on with a character of UTF-8.
fn continues(byte: u8) -> bool {
    byte & 0xc0 == 0x80
}

/// How many characters a text has.
fn width(text: &[u8]) -> usize {
    text.iter().filter(|&&byte| !continues(byte)).count()
}

impl Editor {
    /// The lines entered so far.
    pub const fn history(&self) -> &History {
        &self.history
    }

    /// Starts a line on a terminal of so many columns; `output` is to be shown.
    pub fn start(&mut self, prompt: &[u8], columns: usize, output: &mut Vec<u8>) {
        self.prompt = prompt.to_vec();
        self.columns = columns.max(2);
        self.line.clear();
        self.cursor = 0;
        self.draw(output);
    }

    /// Takes a byte from the terminal; `output` is to be shown.
    pub fn feed(&mut self, byte: u8, output: &mut Vec<u8>) -> Outcome {
        match self.keys.feed(byte) {
            Some(key) => self.press(key, output),
            None => Outcome::Pending,
        }
    }

    fn press(&mut self, key: Key, output: &mut Vec<u8>) -> Outcome {
        match key {
            Key::Enter => {
                if self.cursor != self.line.len() {
                    self.cursor = self.line.len();
                    self.draw(output);
                }
                output.extend_from_slice(b"\r\n");
                self.history.add(&self.line);
                return Outcome::Line(core::mem::take(&mut self.line));
            }
            Key::Control(b'C') => {
                output.extend_from_slice(b"^C\r\n");
                self.history.add(b"");
                return Outcome::Interrupted;
            }
            Key::Control(b'D') if self.line.is_empty() => {
                output.extend_from_slice(b"\r\n");
                return Outcome::EndOfInput;
            }
            Key::Control(b'L') => output.extend_from_slice(b"\x1b[H\x1b[2J"),
            Key::Byte(byte @ b' '..=b'~') if self.has_room_at_end() => {
                self.edit(key);
                output.push(byte);
                return Outcome::Pending;
            }
            key => {
                if !self.edit(key) {
                    output.push(0x07);
                    return Outcome::Pending;
                }
            }
        }
        self.draw(output);
        Outcome::Pending
    }

    /// Whether a letter at the end shows by itself, without drawing the line again.
    fn has_room_at_end(&self) -> bool {
        self.cursor == self.line.len() && width(&self.prompt) + width(&self.line) + 1 < self.columns
    }

    /// Changes line or cursor; false if the key has nothing to do here.
    fn edit(&mut self, key: Key) -> bool {
        match key {
            Key::Byte(byte) => {
                self.line.insert(self.cursor, byte);
                self.cursor += 1;
                true
            }
            Key::Backspace => {
                let to = self.left();
                self.erase(to, self.cursor)
            }
            Key::Delete | Key::Control(b'D') => {
                let to = self.right();
                self.erase(self.cursor, to)
            }
            Key::Left | Key::Control(b'B') => self.go(self.left()),
            Key::Right | Key::Control(b'F') => self.go(self.right()),
            Key::Home | Key::Control(b'A') => {
                self.cursor = 0;
                true
            }
            Key::End | Key::Control(b'E') => {
                self.cursor = self.line.len();
                true
            }
            Key::Alt(b'b') => self.go(self.word_start()),
            Key::Alt(b'f') => self.go(self.word_end()),
            Key::Control(b'K') => self.kill(self.cursor, self.line.len()),
            Key::Control(b'U') => self.kill(0, self.cursor),
            Key::Control(b'W') => self.kill(self.word_start(), self.cursor),
            Key::Alt(b'd') => self.kill(self.cursor, self.word_end()),
            Key::Control(b'Y') => {
                let killed = self.killed.clone();
                self.line.splice(self.cursor..self.cursor, killed.iter().copied());
                self.cursor += killed.len();
                !killed.is_empty()
            }
            Key::Up | Key::Control(b'P') => {
                let line = self.history.older(&self.line).map(<[u8]>::to_vec);
                self.replace(line)
            }
            Key::Down | Key::Control(b'N') => {
                let line = self.history.newer().map(<[u8]>::to_vec);
                self.replace(line)
            }
            _ => false,
        }
    }

    fn go(&mut self, to: usize) -> bool {
        let moved = to != self.cursor;
        self.cursor = to;
        moved
    }

    fn replace(&mut self, line: Option<Vec<u8>>) -> bool {
        let Some(line) = line else { return false };
        self.cursor = line.len();
        self.line = line;
        true
    }

    fn erase(&mut self, from: usize, to: usize) -> bool {
        self.line.drain(from..to);
        self.cursor = from;
        from != to
    }

    fn kill(&mut self, from: usize, to: usize) -> bool {
        if from != to {
            self.killed = self.line[from..to].to_vec();
        }
        self.erase(from, to)
    }

    /// The start of the character before the cursor.
    fn left(&self) -> usize {
        let before = &self.line[..self.cursor];
        before.iter().rposition(|&byte| !continues(byte)).unwrap_or(0)
    }

    /// The start of the character after the one under the cursor.
    fn right(&self) -> usize {
        let after = self.line.get(self.cursor + 1..).unwrap_or_default();
        let rest = after.iter().take_while(|&&byte| continues(byte)).count();
        (self.cursor + 1 + rest).min(self.line.len())
    }

    fn word_start(&self) -> usize {
        let before = &self.line[..self.cursor];
        let end = before.iter().rposition(|&byte| byte != b' ').map_or(0, |last| last + 1);
        before[..end].iter().rposition(|&byte| byte == b' ').map_or(0, |blank| blank + 1)
    }

    fn word_end(&self) -> usize {
        let after = &self.line[self.cursor..];
        let start = after.iter().position(|&byte| byte != b' ').unwrap_or(after.len());
        let length = after[start..].iter().position(|&byte| byte == b' ');
        self.cursor + length.map_or(after.len(), |length| start + length)
    }

    /// Shows prompt and line and puts the cursor where it belongs.
    fn draw(&self, output: &mut Vec<u8>) {
        // The last column stays free: there a terminal may wrap.
        let room = self.columns - 1;
        let prompt = if width(&self.prompt) < room { self.prompt.as_slice() } else { b"" };
        let room = room - width(prompt);
        let before = width(&self.line[..self.cursor]);
        let hidden = before.saturating_sub(room);
        let mut shown: Vec<u8> = Vec::new();
        let mut column = 0;
        for &byte in &self.line {
            if !continues(byte) {
                column += 1;
            }
            if column > hidden && column <= hidden + room {
                // Control bytes, which a history cannot hold but a paste can.
                shown.push(if byte < 0x20 || byte == 0x7f { b'?' } else { byte });
            }
        }
        output.push(b'\r');
        output.extend_from_slice(prompt);
        output.extend_from_slice(&shown);
        output.extend_from_slice(b"\x1b[K");
        if self.cursor == self.line.len() {
            return;
        }
        output.push(b'\r');
        let right = width(prompt) + before - hidden;
        if right > 0 {
            output.extend_from_slice(b"\x1b[");
            output.extend_from_slice(alloc::format!("{right}").as_bytes());
            output.push(b'C');
        }
    }
}

#[cfg(test)]
mod tests;
