//! One-letter options of programs.

use alloc::vec::Vec;
use core::fmt;

/// What a program was asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Options<'a> {
    /// With what was given to them.
    letters: Vec<(u8, Option<&'a [u8]>)>,
    /// What is left, in order.
    pub operands: Vec<&'a [u8]>,
}

/// What is wrong with an option.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wrong {
    /// Nobody knows it.
    Unknown(char),
    /// It is the last argument, and takes a value.
    NoValue(char),
}

impl fmt::Display for Wrong {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unknown(letter) => write!(f, "-{letter}: no such option"),
            Self::NoValue(letter) => write!(f, "-{letter}: its value is missing"),
        }
    }
}

impl<'a> Options<'a> {
    /// Sorts arguments, the program's name not among them, into options and operands.
    ///
    /// Options are `-x` or `-xyz` of letters in `known`, up to `--` or the end; `-` is an operand.
    /// A letter with a colon behind it takes a value: the rest of its argument, or the next one. A
    /// `+` before all letters says that options end at the first operand: what follows may be
    /// another program's.
    pub fn parse(
        arguments: impl IntoIterator<Item = &'a [u8]>,
        known: &str,
    ) -> Result<Self, Wrong> {
        let mut options = Self { letters: Vec::new(), operands: Vec::new() };
        let mut arguments = arguments.into_iter();
        let mut only_operands = false;
        while let Some(argument) = arguments.next() {
            match argument {
                b"--" if !only_operands => only_operands = true,
                [b'-', letters @ ..] if !only_operands && !letters.is_empty() => {
                    options.take(letters, &mut arguments, known.as_bytes())?;
                }
                operand => {
                    options.operands.push(operand);
                    only_operands |= known.starts_with('+');
                }
            }
        }
        Ok(options)
    }

    fn take(
        &mut self,
        mut letters: &'a [u8],
        arguments: &mut impl Iterator<Item = &'a [u8]>,
        known: &[u8],
    ) -> Result<(), Wrong> {
        while let [letter, rest @ ..] = letters {
            let name = char::from(*letter);
            let place = known.iter().position(|one| one == letter && !b"+:".contains(one));
            let place = place.ok_or(Wrong::Unknown(name))?;
            letters = rest;
            let value = match (known.get(place + 1), rest) {
                (Some(b':'), []) => Some(arguments.next().ok_or(Wrong::NoValue(name))?),
                (Some(b':'), value) => {
                    letters = &[];
                    Some(value)
                }
                _ => None,
            };
            self.letters.push((*letter, value));
        }
        Ok(())
    }

    /// Whether an option was given.
    pub fn has(&self, letter: u8) -> bool {
        self.letters.iter().any(|(one, _)| *one == letter)
    }

    /// What was given to an option, the last time.
    pub fn value(&self, letter: u8) -> Option<&'a [u8]> {
        self.letters.iter().rfind(|(one, _)| *one == letter).and_then(|(_, value)| *value)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse<'a>(arguments: &[&'a str]) -> Result<Options<'a>, Wrong> {
        Options::parse(arguments.iter().map(|argument| argument.as_bytes()), "abl")
    }

    #[test]
    fn letters_and_operands_mix() {
        let options = parse(&["x", "-al", "y", "-b", "-"]).unwrap();
        assert!(options.has(b'a') && options.has(b'b') && options.has(b'l'));
        assert_eq!(options.operands, [&b"x"[..], b"y", b"-"]);
    }

    #[test]
    fn two_dashes_end_the_options() {
        let options = parse(&["-a", "--", "-b", "--"]).unwrap();
        assert!(!options.has(b'b'));
        assert_eq!(options.operands, [&b"-b"[..], b"--"]);
    }

    #[test]
    fn unknown_letters_are_named() {
        assert_eq!(parse(&["-ax"]), Err(Wrong::Unknown('x')));
        assert_eq!(parse(&["--all"]), Err(Wrong::Unknown('-')));
        assert_eq!(with_values(&["-:"]), Err(Wrong::Unknown(':')));
    }

    fn with_values<'a>(arguments: &[&'a str]) -> Result<Options<'a>, Wrong> {
        Options::parse(arguments.iter().map(|argument| argument.as_bytes()), "+co:p:")
    }

    #[test]
    fn values_follow_at_once_or_next() {
        let options = with_values(&["-co", "x", "-py", "-o", "-"]).unwrap();
        assert_eq!((options.value(b'o'), options.value(b'p')), (Some(&b"-"[..]), Some(&b"y"[..])));
        assert!(options.has(b'c') && options.has(b'o') && options.value(b'c').is_none());
        assert_eq!(with_values(&["-p"]), Err(Wrong::NoValue('p')));
    }

    #[test]
    fn another_programs_options_are_its_own() {
        let options = with_values(&["-c", "ls", "-c", "-x", "--"]).unwrap();
        assert_eq!(options.operands, [&b"ls"[..], b"-c", b"-x", b"--"]);
        let options = with_values(&["--", "-c"]).unwrap();
        assert!(!options.has(b'c') && options.operands == [b"-c"]);
    }
}
