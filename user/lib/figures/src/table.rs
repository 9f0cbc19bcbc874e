//! Files of names and numbers, a line each: `meminfo`, `vmstat`, `stat`.

/// A text that is looked up by the first word of its lines.
#[derive(Clone, Copy, Debug)]
pub struct Table<'a>(&'a [u8]);

impl<'a> Table<'a> {
    /// Of a file's contents.
    pub const fn new(text: &'a [u8]) -> Self {
        Self(text)
    }

    /// The words behind a name, which may end with a colon.
    pub fn words(&self, name: &str) -> Option<impl Iterator<Item = &'a [u8]> + use<'a>> {
        self.0.split(|byte| *byte == b'\n').find_map(|line| {
            let mut words = words(line);
            let first = words.next()?;
            (first.strip_suffix(b":").unwrap_or(first) == name.as_bytes()).then_some(words)
        })
    }

    /// The number behind a name; 0 if there is none.
    pub fn get(&self, name: &str) -> u64 {
        self.words(name).and_then(|mut words| number(words.next()?)).unwrap_or(0)
    }
}

/// The words of a line.
pub fn words(line: &[u8]) -> impl Iterator<Item = &[u8]> {
    line.split(u8::is_ascii_whitespace).filter(|word| !word.is_empty())
}

/// A decimal number.
pub fn number(word: &[u8]) -> Option<u64> {
    core::str::from_utf8(word).ok()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_found_by_name() {
        let table = Table::new(b"MemTotal:     128000 kB\nMemFree:  7 kB\npgfault 12\nempty\n");
        assert_eq!((table.get("MemTotal"), table.get("MemFree")), (128_000, 7));
        assert_eq!((table.get("pgfault"), table.get("empty"), table.get("Mem")), (12, 0, 0));
    }
}
