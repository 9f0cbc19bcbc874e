//! What the host tells the kernel: words of the command line, and a file of the boot archive with
//! the arguments of the program it is booted for.

/// The word that says what COM1 is: [`CONSOLE_FRAMED`] or [`CONSOLE_TTY`].
pub const CONSOLE: &str = "console";
/// Three byte streams in frames ([`crate::frame`]).
pub const CONSOLE_FRAMED: &str = "framed";
/// A terminal: bytes as they are, until an exit frame ends the session.
pub const CONSOLE_TTY: &str = "tty";
/// With [`CONSOLE_FRAMED`]: the word [`CREDITS_OFF`] asks for output without regard to credits. The
/// host sends nothing, so standard input has ended before it began.
pub const CREDITS: &str = "credits";
/// See [`CREDITS`].
pub const CREDITS_OFF: &str = "off";
/// The word that names process 1 by its absolute path, in [`INIT_PATH`]'s place. There is nobody
/// then who starts servers, and the machine ends with that program.
pub const INIT: &str = "init";
/// Process 1: it starts the servers, and the program that [`ARGUMENTS_PATH`] names.
pub const INIT_PATH: &str = "/sbin/init";
/// The file with the arguments and the environment of the program that the machine is booted for.
/// Its path is the first argument.
pub const ARGUMENTS_PATH: &str = "/boot/args";

/// The program's arguments and environment, each string with its NUL.
///
/// In the file an empty string parts them. An argument may be empty as well, but no variable is, so
/// the last empty string is the border.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Arguments<'a> {
    arguments: &'a [u8],
    environment: &'a [u8],
}

impl<'a> Arguments<'a> {
    /// Reads the contents of [`ARGUMENTS_PATH`]; `None` if they are not in its format.
    pub fn parse(file: &'a [u8]) -> Option<Self> {
        if file.last() != Some(&0) {
            return None;
        }
        // A NUL behind another one, or at the very beginning, is an empty string.
        let border = (0..file.len()).rev().find(|&at| {
            let before = at.checked_sub(1).and_then(|at| file.get(at));
            file.get(at) == Some(&0) && before.is_none_or(|&byte| byte == 0)
        })?;
        let (arguments, rest) = file.split_at_checked(border)?;
        let (_, environment) = rest.split_at_checked(1)?;
        Some(Self { arguments, environment })
    }

    /// The arguments, without their NULs.
    pub fn arguments(&self) -> impl Iterator<Item = &'a [u8]> + Clone + use<'a> {
        strings(self.arguments)
    }

    /// The environment, `NAME=VALUE` each, without their NULs.
    pub fn environment(&self) -> impl Iterator<Item = &'a [u8]> + Clone + use<'a> {
        strings(self.environment)
    }
}

fn strings(bytes: &[u8]) -> impl Iterator<Item = &[u8]> + Clone {
    bytes
        .split_inclusive(|&byte| byte == 0)
        .map(|string| string.split_last().map_or(string, |(_, s)| s))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::vec::Vec;

    type Strings<'a> = Vec<&'a [u8]>;

    fn parse(file: &[u8]) -> Option<(Strings<'_>, Strings<'_>)> {
        let parsed = Arguments::parse(file)?;
        Some((parsed.arguments().collect(), parsed.environment().collect()))
    }

    #[test]
    fn the_last_empty_string_is_the_border() {
        let expected = (Vec::from([&b"sh"[..], b"", b"x"]), Vec::from([&b"A=1"[..], b"B="]));
        assert_eq!(parse(b"sh\0\0x\0\0A=1\0B=\0"), Some(expected));
        assert_eq!(parse(b"a\0\0\0"), Some((Vec::from([&b"a"[..], b""]), Vec::new())));
        assert_eq!(parse(b"\0"), Some((Vec::new(), Vec::new())));
        assert_eq!(parse(b"\0A=\0"), Some((Vec::new(), Vec::from([&b"A="[..]]))));
    }

    #[test]
    fn other_contents_are_refused() {
        for file in [&b""[..], b"a", b"a\0", b"a\0b\0", b"a\0\0b"] {
            assert_eq!(parse(file), None, "{file:?}");
        }
    }

    proptest::proptest! {
        #![proptest_config(proptest::prelude::ProptestConfig::with_cases(128))]

        #[test]
        fn any_file_is_taken_and_no_byte_invented(
            file in proptest::collection::vec(proptest::sample::select(Vec::from(*b"\0\0a=\xff")), 0..40),
        ) {
            if let Some((arguments, environment)) = parse(&file) {
                let mut again = Vec::new();
                for string in arguments.iter().chain([&&b""[..]]).chain(&environment) {
                    again.extend_from_slice(string);
                    again.push(0);
                }
                proptest::prop_assert_eq!(again, file);
            }
        }
    }
}
