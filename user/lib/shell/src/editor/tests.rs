use super::*;
use std::string::String;
use std::vec;

/// A terminal of one line: what is in its columns, and where the cursor is.
struct Screen {
    columns: Vec<char>,
    cursor: usize,
    bells: usize,
    wrapped: bool,
}

impl Screen {
    fn new(columns: usize) -> Self {
        Self { columns: vec![' '; columns], cursor: 0, bells: 0, wrapped: false }
    }

    fn show(&mut self, output: &[u8]) {
        let text = String::from_utf8_lossy(output).into_owned();
        let mut rest = text.as_str();
        while let Some(first) = rest.chars().next() {
            rest = &rest[first.len_utf8()..];
            match first {
                '\r' => self.cursor = 0,
                '\n' => {
                    self.columns.fill(' ');
                    self.cursor = 0;
                }
                '\x07' => self.bells += 1,
                '\x1b' => {
                    let end = rest.find(|c: char| c.is_ascii_alphabetic()).unwrap();
                    let number = rest[1..end].parse().unwrap_or(0);
                    match rest.as_bytes()[end] {
                        b'K' => self.columns[self.cursor..].fill(' '),
                        b'C' => self.cursor += number,
                        b'H' | b'J' => self.columns.fill(' '),
                        other => panic!("ESC [ {other}"),
                    }
                    rest = &rest[end + 1..];
                }
                letter => {
                    self.columns[self.cursor] = letter;
                    self.cursor += 1;
                    if self.cursor == self.columns.len() {
                        self.wrapped = true;
                        self.cursor = 0;
                    }
                }
            }
        }
    }

    fn text(&self) -> String {
        self.columns.iter().collect::<String>().trim_end().into()
    }
}

struct Session {
    editor: Editor,
    screen: Screen,
    outcome: Outcome,
}

impl Session {
    fn new(columns: usize) -> Self {
        let mut session = Self {
            editor: Editor::default(),
            screen: Screen::new(columns),
            outcome: Outcome::Pending,
        };
        session.start();
        session
    }

    fn start(&mut self) {
        let mut output = Vec::new();
        self.editor.start(b"$ ", self.screen.columns.len(), &mut output);
        self.screen.show(&output);
    }

    fn press(&mut self, bytes: &[u8]) -> &mut Self {
        for &byte in bytes {
            let mut output = Vec::new();
            self.outcome = self.editor.feed(byte, &mut output);
            // A character of several bytes is shown when it is complete.
            if core::str::from_utf8(&output).is_ok() {
                self.screen.show(&output);
            }
            if self.outcome != Outcome::Pending {
                self.start();
            }
        }
        self
    }

    fn line(&mut self, bytes: &[u8]) -> String {
        self.press(bytes).press(b"\r");
        match &self.outcome {
            Outcome::Line(line) => String::from_utf8_lossy(line).into(),
            other => panic!("{other:?}"),
        }
    }
}

#[test]
fn lines_are_typed_and_shown() {
    let mut session = Session::new(40);
    session.press(b"ls -l");
    assert_eq!((session.screen.text().as_str(), session.screen.cursor), ("$ ls -l", 7));
    assert_eq!(session.line(b" x"), "ls -l x");
}

#[test]
fn keys_edit() {
    let mut session = Session::new(40);
    assert_eq!(session.line(b"abc\x7f\x7fd"), "ad");
    assert_eq!(session.line(b"bc\x01a\x05d"), "abcd");
    assert_eq!(session.line(b"ac\x1b[Db"), "abc");
    assert_eq!(session.line(b"abc\x1b[D\x1b[D\x1b[3~"), "ac");
    assert_eq!(session.line(b"abc\x1b[H\x04"), "bc");
    assert_eq!(session.line(b"abc def\x17x"), "abc x");
    assert_eq!(session.line(b"abc def  \x17x"), "abc x");
    assert_eq!(session.line(b"abcdef\x02\x02\x0b"), "abcd");
    assert_eq!(session.line(b"abcdef\x02\x02\x15"), "ef");
    assert_eq!(session.line(b"abc def\x17\x01\x19"), "defabc ");
    assert_eq!(session.line(b"one two\x1bbx"), "one xtwo");
    assert_eq!(session.line(b"one two\x01\x1bfx"), "onex two");
}

#[test]
fn the_cursor_is_where_the_editing_is() {
    let mut session = Session::new(40);
    session.press(b"abcd\x02\x02");
    assert_eq!(session.screen.cursor, 4);
    session.press(b"X");
    assert_eq!((session.screen.text().as_str(), session.screen.cursor), ("$ abXcd", 5));
}

#[test]
fn characters_of_several_bytes_are_one() {
    let mut session = Session::new(40);
    assert_eq!(session.line("aäö".as_bytes()), "aäö");
    assert_eq!(session.line("aäö\x7f".as_bytes()), "aä");
    assert_eq!(session.line("äö\x02\x02\x04".as_bytes()), "ö");
    session.press("äö\x02".as_bytes());
    assert_eq!((session.screen.text().as_str(), session.screen.cursor), ("$ äö", 3));
}

#[test]
fn long_lines_scroll_and_never_wrap() {
    let mut session = Session::new(12);
    session.press(b"0123456789abcdef");
    assert!(!session.screen.wrapped);
    assert_eq!((session.screen.text().as_str(), session.screen.cursor), ("$ 789abcdef", 11));
    session.press(b"\x01");
    assert_eq!((session.screen.text().as_str(), session.screen.cursor), ("$ 012345678", 2));
    assert_eq!(session.line(b"x"), "x0123456789abcdef");
    assert!(!session.screen.wrapped);
}

#[test]
fn history_comes_back() {
    let mut session = Session::new(40);
    session.line(b"one");
    session.line(b"two");
    assert_eq!(session.line(b"\x1b[A\x1b[A"), "one");
    assert_eq!(session.line(b"draft\x10\x0e"), "draft");
    assert_eq!(session.line(b"\x10\x10!"), "one!");
}

#[test]
fn interrupting_and_ending() {
    let mut session = Session::new(40);
    session.press(b"abc\x03");
    assert_eq!(session.outcome, Outcome::Interrupted);
    session.press(b"\x04");
    assert_eq!(session.outcome, Outcome::EndOfInput);
    assert_eq!(session.line(b"x\x02\x04y"), "y");
}

#[test]
fn keys_without_effect_ring() {
    let mut session = Session::new(40);
    session.press(b"\x7f\x02\x06\x1b[A\x1b[B\x19\t");
    assert_eq!(session.screen.bells, 7);
}

proptest::proptest! {
    #![proptest_config(proptest::prelude::ProptestConfig::with_cases(300))]

    #[test]
    fn the_screen_shows_the_line(
        keys in proptest::collection::vec(proptest::sample::select(vec![
            &b"a"[..], b"b", b" ", b"\xc3\xa4", b"\x7f", b"\x04x", b"\x01", b"\x05", b"\x02", b"\x06",
            b"\x0b", b"\x15", b"\x17", b"\x19", b"\x10", b"\x0e", b"\x1b[3~", b"\x1bb", b"\x1bf", b"\r",
        ]), 0..60),
        columns in 2usize..30,
    ) {
        let mut session = Session::new(columns);
        for key in keys {
            session.press(key);
            proptest::prop_assert!(!session.screen.wrapped);
            let line = String::from_utf8(session.editor.line.clone()).unwrap();
            let shown = session.screen.text();
            let shown = shown.strip_prefix("$ ").unwrap_or(&shown).trim_start_matches('$');
            proptest::prop_assert!(line.contains(shown.trim()), "{line:?} {shown:?}");
            proptest::prop_assert!(session.editor.cursor <= session.editor.line.len());
        }
    }
}
