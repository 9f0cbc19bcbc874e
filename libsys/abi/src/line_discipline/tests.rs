use super::*;
use crate::signal::{SIGINT, SIGQUIT, SIGTSTP};
use crate::terminal::{ECHO, IUTF8, NOFLSH, VEOL, VERASE, VMIN, XTABS};
use core::sync::atomic::{AtomicU8, AtomicU32};
use proptest::prelude::*;
use std::boxed::Box;
use std::vec;
use std::vec::Vec;

/// A terminal with everything it has echoed, and its reader.
struct Terminal {
    line: LineDiscipline<'static>,
    typed: Typed<'static>,
    /// Where the reader is.
    taken: u32,
    screen: Vec<u8>,
    signals: Vec<i32>,
}

impl Default for Terminal {
    fn default() -> Self {
        let bytes: Vec<_> = (0..Typed::SIZE).map(|_| AtomicU8::new(0xee)).collect();
        let ends: Box<Ends> = Box::new([const { AtomicU32::new(0) }; 128]);
        let typed = Typed::new(Vec::leak(bytes), Box::leak(ends));
        let line = LineDiscipline::new(typed);
        Self { line, typed, taken: 0, screen: Vec::new(), signals: Vec::new() }
    }
}

impl Terminal {
    fn with(change: impl FnOnce(&mut Termios)) -> Self {
        let mut terminal = Self::default();
        let mut termios = *terminal.line.termios();
        change(&mut termios);
        terminal.line.set_termios(&termios);
        terminal
    }

    fn type_in(&mut self, bytes: &[u8]) -> Received {
        let mut last = Received::default();
        for &byte in bytes {
            last = self.line.receive(byte, &mut |byte| self.screen.push(byte));
            self.signals.extend(last.signal);
            if last.flush {
                self.move_to(self.line.readable_end());
            }
            // Whoever goes on sees no difference.
            let saved = self.line.save();
            self.line = LineDiscipline::resume(self.typed, &saved, self.taken);
            assert_eq!(self.line.save(), saved);
        }
        last
    }

    fn move_to(&mut self, position: u32) {
        self.taken = position;
        self.line.set_taken(position);
    }

    fn is_readable(&self) -> bool {
        self.line.readable_end() != self.taken
    }

    fn readable_bytes(&self) -> u32 {
        let is_canonical = self.line.termios().lflag & ICANON != 0;
        self.typed.readable_bytes(self.taken, self.line.readable_end(), is_canonical)
    }

    fn read(&mut self, count: usize) -> Vec<u8> {
        let mut buffer = vec![0xee; count];
        let is_canonical = self.line.termios().lflag & ICANON != 0;
        let end = self.line.readable_end();
        let (count, taken) = self.typed.take(self.taken, end, is_canonical, &mut buffer);
        self.move_to(taken);
        buffer.truncate(count);
        buffer
    }

    fn echoed(bytes: &[u8]) -> Vec<u8> {
        let mut terminal = Self::default();
        terminal.type_in(bytes);
        terminal.screen
    }
}

#[test]
fn a_line_is_readable_once_it_ends() {
    let mut terminal = Terminal::default();
    assert!(!terminal.type_in(b"ls").wake_readers);
    assert!(!terminal.is_readable());
    assert!(terminal.type_in(b"\r").wake_readers);
    terminal.type_in(b"next\nhalf");
    assert_eq!((terminal.is_readable(), terminal.readable_bytes()), (true, 8));
    assert_eq!(terminal.screen, b"ls\r\nnext\r\nhalf");
    assert_eq!(terminal.read(100), b"ls\n");
    assert_eq!(terminal.read(2), b"ne");
    assert_eq!(terminal.read(100), b"xt\n");
    assert!(!terminal.is_readable());
}

#[test]
fn end_of_file_ends_a_read_and_is_not_read() {
    let mut terminal = Terminal::default();
    terminal.type_in(b"ab\x04\x04cd\n");
    assert_eq!(terminal.readable_bytes(), 5);
    assert_eq!(terminal.read(100), b"ab");
    assert!(terminal.is_readable());
    assert_eq!(terminal.read(100), b"", "an empty line with an end of file is one");
    assert_eq!(terminal.read(100), b"cd\n");
    // A read that got all it asked for takes the end of file along.
    terminal.type_in(b"xyz\x04");
    assert_eq!(terminal.read(3), b"xyz");
    assert!(!terminal.is_readable());
    assert_eq!(terminal.screen, b"abcd\r\nxyz");
}

#[test]
fn characters_words_and_lines_are_erased_on_the_screen_too() {
    assert_eq!(Terminal::echoed(b"ab\x7f"), b"ab\x08 \x08");
    assert_eq!(Terminal::echoed(b"\x7f\x15\x17"), b"", "nothing to erase");
    assert_eq!(Terminal::echoed(b"\x01\x7f"), b"^A\x08 \x08\x08 \x08");
    assert_eq!(Terminal::echoed(b"a b \x17"), b"a b \x08 \x08\x08 \x08");
    assert_eq!(Terminal::echoed(b"ab\x15"), b"ab\x08 \x08\x08 \x08");
    assert_eq!(Terminal::echoed(b"ab\t\x7f"), b"ab\t\x08\x08\x08\x08\x08\x08");
    assert_eq!(Terminal::echoed(b"a\tb\t\x7f"), b"a\tb\t\x08\x08\x08\x08\x08\x08\x08");
    let mut terminal = Terminal::default();
    terminal.type_in(b"echo one  two\x17\x17three\x7f\n");
    assert_eq!(terminal.read(100), b"echo thre\n");
}

#[test]
fn a_character_of_several_bytes_is_erased_whole() {
    let mut terminal = Terminal::with(|termios| termios.iflag |= IUTF8);
    terminal.type_in("aü".as_bytes());
    terminal.type_in(b"\x7f\n");
    assert_eq!(terminal.read(9), b"a\n");
    assert_eq!(terminal.screen, "aü\x08 \x08\r\n".as_bytes());
    // A lone continuation byte stays.
    terminal.type_in(b"\x80\x7f\n");
    assert_eq!(terminal.read(9), b"\x80\n");
}

#[test]
fn erasing_without_its_echo_flags_shows_the_characters() {
    let mut terminal = Terminal::with(|termios| termios.lflag &= !(ECHOE | ECHOKE));
    terminal.type_in(b"ab\x7f\x15c");
    assert_eq!(terminal.screen, b"ab^?^U\r\nc");
    let mut silent = Terminal::with(|termios| termios.lflag &= !ECHO);
    silent.type_in(b"ab\x7fc\t\x17\x15d\n");
    assert_eq!((silent.read(9), silent.screen), (b"d\n".to_vec(), Vec::new()));
}

#[test]
fn signals_flush_what_was_typed() {
    let mut terminal = Terminal::default();
    terminal.type_in(b"line\nabc");
    let received = terminal.type_in(b"\x03");
    assert!(received.flush && !received.wake_readers);
    terminal.type_in(b"\x1c\x1a");
    assert_eq!(terminal.signals, [SIGINT, SIGQUIT, SIGTSTP]);
    assert_eq!(terminal.screen, b"line\r\nabc^C^\\^Z");
    assert!(!terminal.is_readable());
    let mut kept = Terminal::with(|termios| termios.lflag |= NOFLSH);
    assert!(!kept.type_in(b"ab\x03").flush);
    kept.type_in(b"c\n");
    assert_eq!(kept.read(9), b"abc\n");
    let mut deaf = Terminal::with(|termios| termios.lflag &= !ISIG);
    deaf.type_in(b"\x03\n");
    assert_eq!((deaf.read(9), deaf.signals), (b"\x03\n".to_vec(), vec![]));
}

#[test]
fn the_next_character_can_be_made_literal() {
    let mut terminal = Terminal::default();
    terminal.type_in(b"a\x16\x03\x16\x7f\n");
    assert_eq!(terminal.screen, b"a^\x08^C^\x08^?\r\n");
    assert_eq!((terminal.read(9), terminal.signals), (b"a\x03\x7f\n".to_vec(), vec![]));
}

#[test]
fn reprinting_shows_the_line_again() {
    assert_eq!(Terminal::echoed(b"old\nab\x12c"), b"old\r\nab^R\r\nabc");
}

#[test]
fn stop_and_start_hold_output_and_are_not_input() {
    let mut terminal = Terminal::default();
    terminal.type_in(b"\x13");
    assert!(terminal.line.is_stopped());
    terminal.type_in(b"a");
    assert!(terminal.line.is_stopped());
    terminal.type_in(b"\x11\n");
    assert!(!terminal.line.is_stopped());
    assert_eq!(terminal.read(9), b"a\n");
    terminal.type_in(b"\x13\x03");
    assert!(!terminal.line.is_stopped(), "a signal character resumes");
}

#[test]
fn raw_mode_gives_every_byte_at_once() {
    let mut terminal = Terminal::with(|termios| {
        (termios.iflag, termios.oflag, termios.lflag) = (0, 0, 0);
    });
    assert!(terminal.type_in(b"\r\n\x03\x04\x7f").wake_readers);
    assert_eq!(terminal.readable_bytes(), 5);
    assert_eq!(terminal.read(2), b"\r\n");
    assert_eq!(terminal.read(9), b"\x03\x04\x7f");
    assert_eq!(terminal.screen, b"");
}

#[test]
fn changing_the_mode_keeps_what_was_typed() {
    let mut terminal = Terminal::default();
    terminal.type_in(b"half");
    let mut termios = *terminal.line.termios();
    termios.lflag &= !ICANON;
    terminal.line.set_termios(&termios);
    assert_eq!(terminal.read(2), b"ha");
    termios.lflag |= ICANON;
    terminal.line.set_termios(&termios);
    assert_eq!(terminal.read(9), b"lf");
    terminal.type_in(b"x\n");
    assert_eq!(terminal.read(9), b"x\n");
}

#[test]
fn a_full_line_keeps_room_for_its_end() {
    let mut terminal = Terminal::default();
    for _ in 0..5000 {
        assert!(terminal.line.has_room());
        terminal.type_in(b"x");
    }
    terminal.type_in(b"\n");
    assert!(!terminal.line.has_room());
    let line = terminal.read(9999);
    assert_eq!((line.len(), line.last()), (4096, Some(&b'\n')));
    assert!(terminal.line.has_room());

    let mut raw = Terminal::with(|termios| termios.lflag = 0);
    while raw.line.has_room() {
        raw.type_in(b"y");
    }
    assert_eq!(raw.read(9999).len(), 4095);
}

#[test]
fn output_is_processed() {
    let written = |oflag, bytes: &[u8]| {
        let mut terminal = Terminal::with(|termios| termios.oflag = oflag);
        let mut device = Vec::new();
        for &byte in bytes {
            terminal.line.write(byte, &mut |byte| device.push(byte));
        }
        device
    };
    assert_eq!(written(OPOST | ONLCR, b"a\nb\r\n"), b"a\r\nb\r\r\n");
    assert_eq!(written(0, b"a\nb\t"), b"a\nb\t");
    assert_eq!(written(OPOST | XTABS, b"ab\tc\t"), b"ab      c       ");
    assert_eq!(written(OPOST | XTABS, b"ab\x08\t"), b"ab\x08       ");
    assert_eq!(written(OPOST | crate::terminal::ONOCR, b"\ra\r"), b"a\r");
    assert_eq!(written(OPOST | crate::terminal::OCRNL, b"\ra"), b"\na");
}

#[test]
fn attributes_are_words() {
    let termios = *Terminal::default().line.termios();
    assert_eq!(Termios::from_words(&termios.to_words()), termios);
    assert_eq!((termios.cc[VERASE], termios.cc[VMIN], termios.cc[VEOL]), (0x7f, 1, 0));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// Against a model that keeps lines as vectors: printable characters, erasures, line ends, ends
    /// of file, reads of any size.
    #[test]
    fn lines_come_out_as_they_were_edited(
        steps in proptest::collection::vec((0u8..6, any::<u8>(), 1usize..20), 0..400)
    ) {
        let mut terminal = Terminal::default();
        let mut lines: std::collections::VecDeque<(Vec<u8>, bool)> = Default::default();
        let mut edited = Vec::new();
        for (step, byte, count) in steps {
            let letter = b'a' + byte % 26;
            match step {
                0 | 1 => {
                    terminal.type_in(&[letter]);
                    edited.push(letter);
                }
                2 => {
                    terminal.type_in(b"\x7f");
                    edited.pop();
                }
                3 => {
                    terminal.type_in(b"\n");
                    edited.push(b'\n');
                    lines.push_back((std::mem::take(&mut edited), false));
                }
                4 => {
                    terminal.type_in(b"\x04");
                    lines.push_back((std::mem::take(&mut edited), true));
                }
                _ => {
                    prop_assert_eq!(terminal.is_readable(), !lines.is_empty());
                    let Some((mut line, by_end_of_file)) = lines.pop_front() else { continue };
                    let rest = line.split_off(line.len().min(count));
                    prop_assert_eq!(terminal.read(count), line);
                    if !rest.is_empty() {
                        lines.push_front((rest, by_end_of_file));
                    }
                }
            }
        }
    }

    /// A state that nobody saved does no harm.
    #[test]
    fn any_words_are_a_state(words: [u32; SAVED_WORDS], taken: u32, bytes: [u8; 20]) {
        let mut terminal = Terminal::default();
        terminal.taken = taken;
        terminal.line = LineDiscipline::resume(terminal.typed, &words, taken);
        for byte in bytes {
            terminal.line.receive(byte, &mut |_| {});
            prop_assert!(terminal.line.readable_end().wrapping_sub(taken) <= Typed::SIZE);
        }
    }

    /// Whatever the attributes and bytes: no panic, nothing read that was not there.
    #[test]
    fn any_bytes_under_any_attributes(
        iflag: u32, oflag: u32, lflag: u32, cc: [u8; 19],
        bytes in proptest::collection::vec(any::<u8>(), 0..600), count in 0usize..50,
    ) {
        let mut terminal = Terminal::default();
        for (at, &byte) in bytes.iter().enumerate() {
            if at % 50 == 25 {
                let lflag = lflag.rotate_left(at as u32 / 50);
                let termios = Termios { iflag, oflag, lflag, cc, ..*terminal.line.termios() };
                terminal.line.set_termios(&termios);
            }
            terminal.type_in(&[byte]);
            if at % 70 == 69 {
                let readable = terminal.is_readable();
                let got = terminal.read(count);
                prop_assert!(readable || got.is_empty());
            }
        }
    }
}
