//! The first line of a script: `#!`, the interpreter, at most one argument.

use abi::errno::Errno;

/// How much of a file Linux reads to find out what it is.
pub const HEAD_LEN: usize = 256;
/// A script may name a script as its interpreter, this often; then ELOOP.
pub const MAX_DEPTH: u32 = 5;

/// What the first line of a script says. The program is run as
/// `interpreter [argument] script-path the-caller's-arguments-from-1`.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Script<'a> {
    pub interpreter: &'a [u8],
    /// All the rest of the line, inner blanks included.
    pub argument: Option<&'a [u8]>,
}

impl<'a> Script<'a> {
    /// `head` is the beginning of the file; more than [`HEAD_LEN`] bytes are not looked at.
    /// ENOEXEC if this is no script, or if the name of the interpreter may be cut off.
    pub fn parse(head: &'a [u8]) -> Result<Self, Errno> {
        const LAST: usize = HEAD_LEN - 1;
        let at = |index: usize| head.get(index).copied().unwrap_or(0);
        let next_text = |first, last| (first..=last).find(|&index| !is_blank(at(index)));
        let next_end =
            |first, last| (first..=last).find(|&index| is_blank(at(index)) || at(index) == 0);

        if !head.starts_with(b"#!") {
            return Err(Errno::ENOEXEC);
        }
        let line_end = (2..HEAD_LEN).find(|&index| matches!(at(index), b'\n' | 0));
        let mut end = match line_end.filter(|&index| at(index) == b'\n') {
            Some(newline) => newline,
            None => {
                let name = next_text(2, LAST).ok_or(Errno::ENOEXEC)?;
                // Nothing behind the name: it may go on where the head ends.
                next_end(name, LAST).ok_or(Errno::ENOEXEC)?;
                LAST
            }
        };
        while is_blank(at(end - 1)) {
            end -= 1;
        }
        let name = next_text(2, end).filter(|&name| name != end).ok_or(Errno::ENOEXEC)?;
        let separator = next_end(name, end);
        let argument = separator
            .filter(|&index| at(index) != 0)
            .and_then(|index| next_text(index, end))
            .map(|first| text(head, first, end));
        Ok(Self { interpreter: text(head, name, separator.unwrap_or(end)), argument })
    }
}

fn is_blank(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t')
}

/// The bytes from `first` up to `end`, a NUL, or the end of the file.
fn text(head: &[u8], first: usize, end: usize) -> &[u8] {
    let bytes = head.get(first..end.min(head.len())).unwrap_or(&[]);
    bytes.split(|byte| *byte == 0).next().unwrap_or(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::vec::Vec;

    fn parse(head: &[u8]) -> Option<(&[u8], Option<&[u8]>)> {
        Script::parse(head).ok().map(|script| (script.interpreter, script.argument))
    }

    fn gives(head: &[u8], interpreter: &str, argument: Option<&str>) {
        let words = (interpreter.as_bytes(), argument.map(str::as_bytes));
        assert_eq!(parse(head), Some(words));
    }

    #[test]
    fn the_rest_of_the_line_is_one_argument() {
        gives(b"#!/bin/sh\necho", "/bin/sh", None);
        gives(b"#! \t/bin/awk -f  x \t\n", "/bin/awk", Some("-f  x"));
        gives(b"#!/bin/sh \n", "/bin/sh", None);
        gives(b"#!a\tb", "a", Some("b"));
    }

    #[test]
    fn a_line_may_end_with_the_file() {
        gives(b"#!/bin/sh", "/bin/sh", None);
        gives(b"#!/bin/sh -x ", "/bin/sh", Some("-x "));
        // Linux passes an empty argument then.
        gives(b"#!/bin/sh ", "/bin/sh", Some(""));
    }

    #[test]
    fn what_names_no_interpreter_is_no_script() {
        for head in [&b""[..], b"#", b"# !/bin/sh\n", b"\x7fELF", b"#!\n", b"#! \t \n/bin/sh"] {
            assert_eq!(parse(head), None, "{head:?}");
        }
        assert_eq!(parse(&[&b"#!"[..], &[b' '; 300]].concat()), None);
    }

    #[test]
    fn a_name_that_may_be_cut_off_is_refused_but_a_cut_argument_is_not() {
        let long = |name: usize| [&b"#!"[..], &[b'a'; 300][..name], b" x\n"].concat();
        assert_eq!(parse(&long(252)).unwrap().0.len(), 252);
        assert!(parse(&long(253)).is_some(), "the blank is the last byte of the head");
        assert_eq!(parse(&long(254)), None);
        let argument = [&b"#!/bin/sh "[..], &[b'a'; 300]].concat();
        assert_eq!(parse(&argument).unwrap().1.unwrap().len(), HEAD_LEN - 1 - 10);
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]

        #[test]
        fn any_line_gives_words_that_are_in_it(
            line in proptest::collection::vec(
                prop_oneof![Just(b' '), Just(b'\t'), Just(b'\n'), Just(0), Just(b'a'), any::<u8>()],
                0..300,
            ),
        ) {
            let head: Vec<u8> = [&b"#!"[..], &line].concat();
            if let Some((interpreter, argument)) = parse(&head) {
                let clean = |word: &[u8]| !word.contains(&0) && !word.contains(&b'\n');
                prop_assert!(clean(interpreter) && !interpreter.iter().copied().any(is_blank));
                prop_assert!(argument.is_none_or(clean));
            }
        }
    }
}
