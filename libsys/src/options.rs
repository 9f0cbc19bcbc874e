//! One-letter options of programs.

use alloc::vec::Vec;

/// What a program was asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Options<'a> {
    letters: Vec<u8>,
    /// What is left, in order.
    pub operands: Vec<&'a [u8]>,
}

impl<'a> Options<'a> {
    /// Sorts arguments, the program's name not among them, into options and operands.
    ///
    /// Options are `-x` or `-xyz` of letters in `known`, up to `--` or the end; `-` is an operand.
    /// The error is the first letter that is not known.
    pub fn parse(arguments: impl IntoIterator<Item = &'a [u8]>, known: &str) -> Result<Self, char> {
        let mut options = Self { letters: Vec::new(), operands: Vec::new() };
        let mut only_operands = false;
        for argument in arguments {
            match argument {
                b"--" if !only_operands => only_operands = true,
                [b'-', letters @ ..] if !only_operands && !letters.is_empty() => {
                    let wrong = letters.iter().find(|letter| !known.as_bytes().contains(letter));
                    if let Some(&letter) = wrong {
                        return Err(char::from(letter));
                    }
                    options.letters.extend_from_slice(letters);
                }
                operand => options.operands.push(operand),
            }
        }
        Ok(options)
    }

    /// Whether an option was given.
    pub fn has(&self, letter: u8) -> bool {
        self.letters.contains(&letter)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse<'a>(arguments: &[&'a str]) -> Result<Options<'a>, char> {
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
        assert_eq!(parse(&["-ax"]), Err('x'));
        assert_eq!(parse(&["--all"]), Err('-'));
    }
}
