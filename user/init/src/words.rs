//! The text files that say what `init` starts: a directive on each line, words apart by blanks, `#`
//! before what is for people.

use alloc::string::String;
use core::fmt;
use core::str::SplitAsciiWhitespace;

/// What is wrong with a file, and where.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Mistake {
    /// From 1; 0 if something is missing.
    pub line: u32,
    /// What is wrong.
    pub what: String,
}

impl fmt::Display for Mistake {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.line {
            0 => write!(f, " {}", self.what),
            line => write!(f, "{line}: {}", self.what),
        }
    }
}

/// One directive.
#[derive(Clone)]
pub struct Directive<'a> {
    line: u32,
    /// Its first word.
    pub word: &'a str,
    rest: SplitAsciiWhitespace<'a>,
}

/// The directives of a file.
pub fn directives(text: &str) -> impl Iterator<Item = Directive<'_>> {
    text.lines().zip(1..).filter_map(|(text, line)| {
        let text = text.split_once('#').map_or(text, |(text, _)| text);
        let mut rest = text.split_ascii_whitespace();
        Some(Directive { line, word: rest.next()?, rest })
    })
}

impl<'a> Directive<'a> {
    /// Exactly `N` more words; `what` says which.
    pub fn words<const N: usize>(mut self, what: &str) -> Result<[&'a str; N], Mistake> {
        let mut words = [""; N];
        for place in &mut words {
            *place = self.rest.next().ok_or_else(|| self.mistake(what))?;
        }
        match self.rest.next() {
            None => Ok(words),
            Some(_) => Err(self.mistake(what)),
        }
    }

    /// The mistake that this directive is without what it should have.
    pub fn mistake(&self, what: &str) -> Mistake {
        Mistake { line: self.line, what: alloc::format!("{} wants {what}", self.word) }
    }

    /// The mistake that this directive is.
    pub fn wrong(&self, what: &str) -> Mistake {
        Mistake { line: self.line, what: alloc::format!("{}: {what}", self.word) }
    }
}

/// A number, decimal or with `0x`.
pub fn number(word: &str) -> Option<u32> {
    match word.strip_prefix("0x") {
        Some(digits) if !digits.starts_with('+') => u32::from_str_radix(digits, 16).ok(),
        None if !word.starts_with('+') => word.parse().ok(),
        _ => None,
    }
}

/// A time such as `500ms` or `60s`, in nanoseconds.
pub fn time(word: &str) -> Option<u64> {
    let (digits, unit) = match word.strip_suffix("ms") {
        Some(digits) => (digits, 1_000_000),
        None => (word.strip_suffix('s')?, 1_000_000_000),
    };
    u64::from(number(digits)?).checked_mul(unit)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_directives_or_for_people() {
        let text = "# all\n\n one a\tb # why\ntwo\n";
        let found: alloc::vec::Vec<_> =
            directives(text).map(|directive| (directive.line, directive.word)).collect();
        assert_eq!(found, [(3, "one"), (4, "two")]);
        let one = directives(text).next().unwrap();
        assert_eq!(one.clone().words("two words"), Ok(["a", "b"]));
        let mistake = one.clone().words::<1>("one word").unwrap_err();
        assert_eq!((mistake.line, mistake.what.as_str()), (3, "one wants one word"));
        assert!(one.words::<3>("three words").is_err());
    }

    #[test]
    fn numbers_and_times() {
        assert_eq!((number("0x3f8"), number("12")), (Some(0x3f8), Some(12)));
        for wrong in ["", "0x", "0x+1", "+1", "-1", "4294967296", "a"] {
            assert_eq!(number(wrong), None, "{wrong}");
        }
        assert_eq!((time("500ms"), time("60s")), (Some(500_000_000), Some(60_000_000_000)));
        for wrong in ["5", "s", "5m", "1.5s", "-1s"] {
            assert_eq!(time(wrong), None, "{wrong}");
        }
    }
}
