//! The kernel's command line: words `name` and `name=value`; the last of equal names counts.
//!
//! Double quotes keep blanks inside a value. A word `--` ends the kernel's part; what follows
//! belongs to the first program.

/// A command line as the loader gave it.
#[derive(Clone, Copy, Debug)]
pub struct CommandLine<'a> {
    text: &'a [u8],
}

/// A word the kernel knows whose value makes no sense. To be printed, then ignored.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct BadValue<'a> {
    pub name: &'a str,
    pub value: &'a [u8],
}

impl<'a> CommandLine<'a> {
    pub const fn new(text: &'a [u8]) -> Self {
        Self { text }
    }

    /// All words of the kernel's part, as `(name, value)`.
    pub fn words(self) -> impl Iterator<Item = (&'a [u8], Option<&'a [u8]>)> + Clone {
        let words = Words { rest: self.text };
        words.map(|(word, _)| word).take_while(|&word| word != b"--").map(split)
    }

    /// What follows the word `--`, blanks cut off in front.
    pub fn for_the_program(self) -> Option<&'a [u8]> {
        let (_, rest) = Words { rest: self.text }.find(|&(word, _)| word == b"--")?;
        Some(rest.trim_ascii_start())
    }

    /// Whether the word `name` stands alone.
    pub fn has(self, name: &str) -> bool {
        self.words().any(|(key, value)| key == name.as_bytes() && value.is_none())
    }

    /// The last value given to `name`.
    pub fn value(self, name: &str) -> Option<&'a [u8]> {
        self.words().filter(|&(key, _)| key == name.as_bytes()).last()?.1
    }

    /// A size in bytes: decimal or `0x`, with K, M or G behind it.
    pub fn size(self, name: &'a str) -> Result<Option<u64>, BadValue<'a>> {
        self.parsed(name, parse_size)
    }

    /// A plain number, decimal or `0x`.
    pub fn number(self, name: &'a str) -> Result<Option<u32>, BadValue<'a>> {
        self.parsed(name, |text| u32::try_from(parse_number(text)?).ok())
    }

    fn parsed<T>(
        self,
        name: &'a str,
        parse: impl Fn(&[u8]) -> Option<T>,
    ) -> Result<Option<T>, BadValue<'a>> {
        match self.words().filter(|&(key, _)| key == name.as_bytes()).last() {
            None => Ok(None),
            Some((_, value)) => {
                let value = value.unwrap_or(&[]);
                parse(value).map(Some).ok_or(BadValue { name, value })
            }
        }
    }
}

/// Bytes: `4096`, `0x1000`, `64K`, `48M`, `2G`, small letters too.
pub fn parse_size(text: &[u8]) -> Option<u64> {
    let (digits, shift) = match text.split_last()? {
        (b'k' | b'K', digits) => (digits, 10),
        (b'm' | b'M', digits) => (digits, 20),
        (b'g' | b'G', digits) => (digits, 30),
        _ => (text, 0),
    };
    parse_number(digits)?.checked_mul(1 << shift)
}

fn parse_number(text: &[u8]) -> Option<u64> {
    let text = core::str::from_utf8(text).ok()?;
    let (digits, radix) = match text.strip_prefix("0x") {
        Some(digits) => (digits, 16),
        None => (text, 10),
    };
    // `from_str_radix` alone would take a sign.
    if !digits.starts_with(|c: char| c.is_ascii_hexdigit()) {
        return None;
    }
    u64::from_str_radix(digits, radix).ok()
}

fn split(word: &[u8]) -> (&[u8], Option<&[u8]>) {
    match word.iter().position(|&byte| byte == b'=') {
        None => (word, None),
        Some(at) => {
            let (name, value) = word.split_at(at);
            let value = value.get(1..).unwrap_or(&[]);
            let inner = value.strip_prefix(b"\"").and_then(|value| value.strip_suffix(b"\""));
            (name, Some(inner.unwrap_or(value)))
        }
    }
}

/// Words and what follows each.
#[derive(Clone)]
struct Words<'a> {
    rest: &'a [u8],
}

impl<'a> Iterator for Words<'a> {
    type Item = (&'a [u8], &'a [u8]);

    fn next(&mut self) -> Option<Self::Item> {
        let text = self.rest.trim_ascii_start();
        let mut quoted = false;
        let ends = |&byte: &u8| {
            quoted ^= byte == b'"';
            !quoted && byte.is_ascii_whitespace()
        };
        let end = text.iter().position(ends).unwrap_or(text.len());
        let (word, rest) = text.split_at(end);
        self.rest = rest;
        (!word.is_empty()).then_some((word, rest))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::{format, string::String, vec::Vec};

    #[test]
    fn the_last_of_equal_names_counts() {
        let line = CommandLine::new(b"kernel highmem=48M quiet pkmap=8 highmem=64m");
        assert_eq!(line.size("highmem"), Ok(Some(64 << 20)));
        assert_eq!(line.number("pkmap"), Ok(Some(8)));
        assert_eq!(line.number("mem"), Ok(None));
        assert!(line.has("quiet") && !line.has("highmem"));
    }

    #[test]
    fn sizes() {
        for (text, size) in [
            ("0", Some(0)),
            ("0x1000", Some(4096)),
            ("2G", Some(2 << 30)),
            ("64k", Some(64 << 10)),
            ("", None),
            ("K", None),
            ("-1", None),
            ("+1", None),
            ("12T", None),
            ("0x", None),
            ("99999999999999999999", None),
            ("99999999999G", None),
        ] {
            assert_eq!(parse_size(text.as_bytes()), size, "{text:?}");
        }
    }

    #[test]
    fn a_bad_value_is_reported_with_its_text() {
        let line = CommandLine::new(b"pkmap=many highmem");
        assert_eq!(line.number("pkmap"), Err(BadValue { name: "pkmap", value: b"many" }));
        assert_eq!(line.size("highmem"), Err(BadValue { name: "highmem", value: b"" }));
        assert!(CommandLine::new(b"n=4294967296").number("n").is_err());
    }

    #[test]
    fn quotes_keep_blanks_and_two_dashes_end_the_kernels_part() {
        let line = CommandLine::new(b"init=\"/bin/sh -c\" --  /bin/echo a=b -- quiet");
        assert_eq!(line.value("init"), Some(&b"/bin/sh -c"[..]));
        assert_eq!(line.for_the_program(), Some(&b"/bin/echo a=b -- quiet"[..]));
        assert!(!line.has("quiet"));
        assert_eq!(line.value("a"), None);
        assert_eq!(CommandLine::new(b"a b").for_the_program(), None);
        assert_eq!(CommandLine::new(b"a --").for_the_program(), Some(&b""[..]));
    }

    proptest! {
        #[test]
        fn what_was_written_is_read(
            pairs in prop::collection::vec(("[a-c]{1,2}", 0u32..5000), 0..8),
            blanks in "[ \t]{1,3}",
        ) {
            let words: Vec<String> = pairs.iter().map(|(n, v)| format!("{n}={v}")).collect();
            let text = words.join(&blanks);
            let line = CommandLine::new(text.as_bytes());
            for (name, _) in &pairs {
                let last = pairs.iter().rev().find(|(n, _)| n == name).map(|&(_, v)| v);
                prop_assert_eq!(line.number(name), Ok(last));
            }
        }

        #[test]
        fn any_bytes_are_taken(text in prop::collection::vec(any::<u8>(), 0..64)) {
            let line = CommandLine::new(&text);
            let _ = (line.words().count(), line.size("a"), line.for_the_program());
        }
    }
}
