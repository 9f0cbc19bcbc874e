//! Names of services, in messages.

use core::fmt;

/// Words that a name takes in a message.
pub const NAME_WORDS: usize = 8;
/// Bytes of the longest name.
pub const NAME_BYTES: usize = NAME_WORDS * 4 - 1;

/// A service's name: lower-case letters, digits, dots and hyphens.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Name {
    /// Zeros behind the name; at least one.
    bytes: [u8; NAME_WORDS * 4],
}

impl Name {
    /// `None` if it is empty or too long, or has other characters.
    pub const fn new(name: &str) -> Option<Self> {
        let name = name.as_bytes();
        if name.is_empty() || name.len() > NAME_BYTES {
            return None;
        }
        let mut bytes = [0; NAME_WORDS * 4];
        let mut at = 0;
        while at < name.len() {
            if !matches!(name[at], b'a'..=b'z' | b'0'..=b'9' | b'.' | b'-') {
                return None;
            }
            bytes[at] = name[at];
            at += 1;
        }
        Some(Self { bytes })
    }

    /// The name.
    pub fn as_str(&self) -> &str {
        let end = self.bytes.iter().position(|&byte| byte == 0).unwrap_or(0);
        let name = self.bytes.get(..end).unwrap_or_default();
        // Only ASCII gets in.
        core::str::from_utf8(name).unwrap_or_default()
    }

    /// As it travels.
    pub fn to_words(&self) -> [u32; NAME_WORDS] {
        let mut words = [0; NAME_WORDS];
        for (word, bytes) in words.iter_mut().zip(self.bytes.as_chunks::<4>().0) {
            *word = u32::from_le_bytes(*bytes);
        }
        words
    }

    /// `None` if no name travels like this.
    pub fn from_words(words: &[u32]) -> Option<Self> {
        let words: &[u32; NAME_WORDS] = words.try_into().ok()?;
        let mut bytes = [0; NAME_WORDS * 4];
        for (bytes, word) in bytes.as_chunks_mut::<4>().0.iter_mut().zip(words) {
            *bytes = word.to_le_bytes();
        }
        let name = Self { bytes };
        // Exactly this name gives exactly these words.
        (Self::new(name.as_str()) == Some(name)).then_some(name)
    }
}

impl fmt::Display for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl fmt::Debug for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(self.as_str(), f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn names_are_short_and_plain() {
        for name in ["a", "fs.root", "disk-0", &"x".repeat(NAME_BYTES)] {
            assert_eq!(Name::new(name).unwrap().as_str(), name);
        }
        for name in ["", "A", "a b", "a/b", "ü", "a\0", &"x".repeat(NAME_BYTES + 1)] {
            assert_eq!(Name::new(name), None, "{name:?}");
        }
    }

    proptest! {
        #[test]
        fn names_survive_the_message(name in "[a-z0-9.-]{1,31}") {
            let name = Name::new(&name).unwrap();
            prop_assert_eq!(Name::from_words(&name.to_words()), Some(name));
        }

        #[test]
        fn words_are_a_name_or_nothing(words in proptest::collection::vec(0..0x7b7b_7b7b_u32, 0..10)) {
            if let Some(name) = Name::from_words(&words) {
                prop_assert_eq!(&name.to_words()[..], &words[..]);
                prop_assert!(Name::new(name.as_str()).is_some());
            }
        }
    }
}
