//! Patterns of file names: `*`, `?`, `[…]`.

/// A byte of a pattern.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PatternByte {
    /// The byte.
    pub byte: u8,
    /// Stands for itself, even if it is a sign of patterns.
    pub quoted: bool,
}

impl PatternByte {
    fn is(self, sign: u8) -> bool {
        !self.quoted && self.byte == sign
    }
}

/// Whether a word is a pattern at all.
pub fn is_pattern(pattern: &[PatternByte]) -> bool {
    pattern.iter().any(|byte| byte.is(b'*') || byte.is(b'?') || byte.is(b'['))
}

/// Whether a name matches. A leading dot has to be matched by a dot.
pub fn matches(pattern: &[PatternByte], name: &[u8]) -> bool {
    let hidden = name.first() == Some(&b'.');
    if hidden && pattern.first().is_none_or(|first| first.byte != b'.') {
        return false;
    }
    matches_rest(pattern, name)
}

/// Goes back only to the last `*`: what an earlier one took need never change.
fn matches_rest(pattern: &[PatternByte], name: &[u8]) -> bool {
    let (mut p, mut n) = (0, 0);
    let mut star: Option<(usize, usize)> = None;
    while n < name.len() {
        match pattern.get(p) {
            Some(sign) if sign.is(b'*') => {
                star = Some((p, n));
                p += 1;
                continue;
            }
            Some(_) => {
                if let Some(length) = matches_one(&pattern[p..], name[n]) {
                    p += length;
                    n += 1;
                    continue;
                }
            }
            None => {}
        }
        let Some((at, taken)) = star else { return false };
        star = Some((at, taken + 1));
        (p, n) = (at + 1, taken + 1);
    }
    pattern[p..].iter().all(|sign| sign.is(b'*'))
}

/// How long the part of the pattern is that matches `byte`, if it does.
fn matches_one(pattern: &[PatternByte], byte: u8) -> Option<usize> {
    let first = pattern.first()?;
    if first.is(b'?') {
        return Some(1);
    }
    if first.is(b'[')
        && let Some((set, length)) = bracket(pattern)
    {
        return set.contains(byte).then_some(length);
    }
    (first.byte == byte).then_some(1)
}

/// What stands between brackets.
struct Set<'a> {
    inverted: bool,
    members: &'a [PatternByte],
}

/// The set at the start of the pattern and its length with both brackets.
fn bracket(pattern: &[PatternByte]) -> Option<(Set<'_>, usize)> {
    let inverted = pattern.get(1).is_some_and(|sign| sign.is(b'!') || sign.is(b'^'));
    let start = if inverted { 2 } else { 1 };
    // A bracket that comes first is a member.
    let end = (start + 1..pattern.len()).find(|&at| pattern[at].is(b']'))?;
    Some((Set { inverted, members: &pattern[start..end] }, end + 1))
}

impl Set<'_> {
    fn contains(&self, byte: u8) -> bool {
        let mut rest = self.members;
        let mut found = false;
        while let Some((first, after)) = rest.split_first() {
            match after {
                [dash, last, next @ ..] if dash.is(b'-') => {
                    found |= (first.byte..=last.byte).contains(&byte);
                    rest = next;
                }
                _ => {
                    found |= first.byte == byte;
                    rest = after;
                }
            }
        }
        found != self.inverted
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::vec::Vec;

    fn pattern(text: &str) -> Vec<PatternByte> {
        text.bytes().map(|byte| PatternByte { byte, quoted: false }).collect()
    }

    fn holds(text: &str, name: &str) -> bool {
        matches(&pattern(text), name.as_bytes())
    }

    #[test]
    fn signs_match() {
        for (text, name) in [
            ("", ""),
            ("*", ""),
            ("*", "abc"),
            ("a*", "a"),
            ("a*c", "abbc"),
            ("*.rs", "main.rs"),
            ("*a*b*", "xxaxxbxx"),
            ("?b?", "abc"),
            ("[abc]x", "bx"),
            ("[a-c]x", "cx"),
            ("[!a-c]x", "dx"),
            ("[]]", "]"),
            ("[!]]", "x"),
            ("[a-]", "-"),
            ("[", "["),
            ("[a", "[a"),
            (".*", ".hidden"),
        ] {
            assert!(holds(text, name), "{text} {name}");
        }
    }

    #[test]
    fn signs_do_not_match() {
        for (text, name) in [
            ("", "a"),
            ("?", ""),
            ("a*c", "ab"),
            ("[abc]", "d"),
            ("[!a]", "a"),
            ("*", ".hidden"),
            ("?hidden", ".hidden"),
            ("[.]hidden", ".hidden"),
        ] {
            assert!(!holds(text, name), "{text} {name}");
        }
    }

    #[test]
    fn quoted_signs_stand_for_themselves() {
        let star = [PatternByte { byte: b'*', quoted: true }];
        assert!(!is_pattern(&star));
        assert!(matches(&star, b"*"));
        assert!(!matches(&star, b"a"));
    }

    /// Every way to split the name, one after another.
    fn naive(pattern: &[PatternByte], name: &[u8]) -> bool {
        match pattern.split_first() {
            None => name.is_empty(),
            Some((sign, rest)) if sign.is(b'*') => {
                (0..=name.len()).any(|taken| naive(rest, &name[taken..]))
            }
            Some((sign, rest)) => name.split_first().is_some_and(|(&byte, after)| {
                (sign.is(b'?') || sign.byte == byte) && naive(rest, after)
            }),
        }
    }

    proptest::proptest! {
        #![proptest_config(proptest::prelude::ProptestConfig::with_cases(500))]

        #[test]
        fn stars_match_like_all_splits(text in "[ab*?]{0,8}", name in "[ab]{0,8}") {
            let pattern = pattern(&text);
            proptest::prop_assert_eq!(
                matches(&pattern, name.as_bytes()),
                naive(&pattern, name.as_bytes())
            );
        }

        #[test]
        fn anything_is_a_pattern(text in "[ab*?!^\\[\\]-]{0,12}", name in "[ab\\[\\]-]{0,6}") {
            let _ = matches(&pattern(&text), name.as_bytes());
        }
    }
}
