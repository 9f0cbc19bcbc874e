//! From a terminal's bytes to keys.

/// A key, or what one byte of it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Key {
    /// A byte of text.
    Byte(u8),
    /// A key with Control, as its letter.
    Control(u8),
    /// A key with Alt, as its letter.
    Alt(u8),
    /// Erases to the left.
    Backspace,
    /// Erases to the right.
    Delete,
    /// Ends the line.
    Enter,
    /// To the next stop.
    Tab,
    /// Cursor keys.
    Up,
    /// See `Up`.
    Down,
    /// See `Up`.
    Left,
    /// See `Up`.
    Right,
    /// To the start of the line.
    Home,
    /// To the end of the line.
    End,
}

/// Takes bytes one by one.
#[derive(Debug, Default)]
pub struct Keys {
    state: State,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum State {
    #[default]
    Ground,
    /// After ESC.
    Escape,
    /// After ESC O.
    Single,
    /// After ESC [, with the first number so far.
    Sequence(u8),
    /// In further parameters, which are ignored.
    Parameters(u8),
}

impl Keys {
    /// The key that `byte` completes, if it does.
    pub fn feed(&mut self, byte: u8) -> Option<Key> {
        let (state, key) = match (self.state, byte) {
            (_, 0x1b) => (State::Escape, None),
            (State::Ground, _) => (State::Ground, Some(plain(byte))),
            (State::Escape, b'[') => (State::Sequence(0), None),
            (State::Escape, b'O') => (State::Single, None),
            (State::Escape, 0x20..0x7f) => (State::Ground, Some(Key::Alt(byte))),
            (State::Sequence(number), b'0'..=b'9') => {
                (State::Sequence(number.saturating_mul(10).saturating_add(byte - b'0')), None)
            }
            (State::Sequence(number) | State::Parameters(number), b';') => {
                (State::Parameters(number), None)
            }
            (State::Parameters(number), b'0'..=b'9') => (State::Parameters(number), None),
            (State::Sequence(number) | State::Parameters(number), 0x40..0x7f) => {
                (State::Ground, sequence(number, byte))
            }
            (State::Single, 0x40..0x7f) => (State::Ground, sequence(0, byte)),
            // Not a sequence after all.
            _ => (State::Ground, None),
        };
        self.state = state;
        key
    }
}

fn plain(byte: u8) -> Key {
    match byte {
        b'\r' | b'\n' => Key::Enter,
        b'\t' => Key::Tab,
        0x08 | 0x7f => Key::Backspace,
        0..0x20 => Key::Control(byte + b'@'),
        _ => Key::Byte(byte),
    }
}

fn sequence(number: u8, last: u8) -> Option<Key> {
    match (number, last) {
        (_, b'A') => Some(Key::Up),
        (_, b'B') => Some(Key::Down),
        (_, b'C') => Some(Key::Right),
        (_, b'D') => Some(Key::Left),
        (_, b'H') | (1 | 7, b'~') => Some(Key::Home),
        (_, b'F') | (4 | 8, b'~') => Some(Key::End),
        (3, b'~') => Some(Key::Delete),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::vec::Vec;

    fn keys(bytes: &[u8]) -> Vec<Key> {
        let mut keys = Keys::default();
        bytes.iter().filter_map(|&byte| keys.feed(byte)).collect()
    }

    #[test]
    fn sequences_are_keys() {
        assert_eq!(keys(b"\x1b[A\x1bOB\x1b[1;5C"), [Key::Up, Key::Down, Key::Right]);
        assert_eq!(
            keys(b"\x1b[3~\x1b[1~\x1b[4~\x1b[H"),
            [Key::Delete, Key::Home, Key::End, Key::Home]
        );
        assert_eq!(keys(b"\x1bb\x1b[99~x"), [Key::Alt(b'b'), Key::Byte(b'x')]);
    }

    #[test]
    fn single_bytes_are_keys() {
        let wanted = [Key::Control(b'A'), Key::Byte(b'a'), Key::Byte(0xc3), Key::Backspace];
        assert_eq!(keys(b"\x01a\xc3\x7f"), wanted);
        assert_eq!(keys(b"\r\n\t"), [Key::Enter, Key::Enter, Key::Tab]);
    }

    #[test]
    fn broken_sequences_end() {
        assert_eq!(keys(b"\x1b\x1b[A"), [Key::Up]);
        assert_eq!(keys(b"\x1b[\x01a"), [Key::Byte(b'a')]);
        assert_eq!(keys(b"\x1b[999999999A"), [Key::Up]);
    }
}
