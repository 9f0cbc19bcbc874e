//! Lines that were entered, and walking through them.

use alloc::collections::VecDeque;
use alloc::vec::Vec;

/// The last lines, oldest first.
#[derive(Debug, Default)]
pub struct History {
    lines: VecDeque<Vec<u8>>,
    /// How far back the walk is: 0 is the line being written.
    back: usize,
    /// The line being written, while the walk shows another.
    draft: Vec<u8>,
}

impl History {
    /// Lines that are kept.
    pub const LIMIT: usize = 500;

    /// Adds a line, unless it is empty or the last one again, and ends the walk.
    pub fn add(&mut self, line: &[u8]) {
        self.back = 0;
        self.draft.clear();
        if line.is_empty() || self.lines.back().is_some_and(|last| last == line) {
            return;
        }
        if self.lines.len() == Self::LIMIT {
            self.lines.pop_front();
        }
        self.lines.push_back(line.to_vec());
    }

    /// The line before the one that is shown, which is `shown` now.
    pub fn older(&mut self, shown: &[u8]) -> Option<&[u8]> {
        if self.back == self.lines.len() {
            return None;
        }
        if self.back == 0 {
            self.draft = shown.to_vec();
        }
        self.back += 1;
        self.lines.get(self.lines.len() - self.back).map(Vec::as_slice)
    }

    /// The line after the one that is shown; at last the one that was being written.
    pub fn newer(&mut self) -> Option<&[u8]> {
        self.back = self.back.checked_sub(1)?;
        if self.back == 0 {
            return Some(&self.draft);
        }
        self.lines.get(self.lines.len() - self.back).map(Vec::as_slice)
    }

    /// All lines, oldest first.
    pub fn lines(&self) -> impl Iterator<Item = &[u8]> {
        self.lines.iter().map(Vec::as_slice)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn walks_back_and_forth() {
        let mut history = History::default();
        assert_eq!(history.older(b"draft"), None);
        assert_eq!(history.newer(), None);
        history.add(b"one");
        history.add(b"two");
        assert_eq!(history.older(b"draft"), Some(&b"two"[..]));
        assert_eq!(history.older(b"two"), Some(&b"one"[..]));
        assert_eq!(history.older(b"one"), None);
        assert_eq!(history.newer(), Some(&b"two"[..]));
        assert_eq!(history.newer(), Some(&b"draft"[..]));
        assert_eq!(history.newer(), None);
    }

    #[test]
    fn keeps_no_empty_and_no_repeated_lines() {
        let mut history = History::default();
        for line in [&b"a"[..], b"", b"a", b"b", b"a"] {
            history.add(line);
        }
        assert!(history.lines().eq([&b"a"[..], b"b", b"a"]));
    }

    #[test]
    fn forgets_the_oldest() {
        let mut history = History::default();
        for index in 0..History::LIMIT + 3 {
            history.add(std::format!("{index}").as_bytes());
        }
        assert_eq!(history.lines().count(), History::LIMIT);
        assert_eq!(history.lines().next(), Some(&b"3"[..]));
    }
}
