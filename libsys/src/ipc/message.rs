//! Words with a label.

use abi::ipc::MAX_WORDS;

/// A label and at most 16 words.
///
/// A message of four words or fewer travels in registers; more cost a copy.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Message {
    label: u16,
    count: u32,
    words: [u32; MAX_WORDS as usize],
}

impl Message {
    /// Without words.
    pub const fn new(label: u16) -> Self {
        Self { label, count: 0, words: [0; MAX_WORDS as usize] }
    }

    /// As it came out of registers, with `count` words; `rest` fills in those from word 4 on.
    #[inline]
    #[cfg_attr(not(target_arch = "x86"), expect(dead_code, reason = "nothing comes there"))]
    pub(crate) fn received(
        label: u16,
        count: u32,
        first: [u32; 4],
        rest: impl FnOnce(&mut [u32]),
    ) -> Self {
        let count = count.min(MAX_WORDS);
        let mut message = Self { label, count, words: [0; MAX_WORDS as usize] };
        for (place, word) in message.words.iter_mut().zip(first).take(count as usize) {
            *place = word;
        }
        if count > 4 {
            rest(message.words.get_mut(4..count as usize).unwrap_or_default());
        }
        message
    }

    /// With these words. Panics if they are more than 16.
    #[must_use]
    #[inline]
    pub fn with_words(mut self, words: &[u32]) -> Self {
        self.words[..words.len()].copy_from_slice(words);
        self.count = words.len() as u32;
        self
    }

    /// One word more. Panics at the 17th.
    #[must_use]
    pub fn word(mut self, word: u32) -> Self {
        self.words[self.count as usize] = word;
        self.count += 1;
        self
    }

    /// Two words more, the low one first.
    #[must_use]
    pub fn word64(self, word: u64) -> Self {
        self.word(word as u32).word((word >> 32) as u32)
    }

    /// The same words with another label.
    #[must_use]
    pub const fn with_label(self, label: u16) -> Self {
        Self { label, ..self }
    }

    /// What is asked for; of an answer, 0.
    pub const fn label(&self) -> u16 {
        self.label
    }

    /// The words there are.
    pub fn words(&self) -> &[u32] {
        self.words.get(..self.count as usize).unwrap_or_default()
    }

    /// All places, zero where there is no word.
    #[cfg_attr(not(target_arch = "x86"), expect(dead_code, reason = "nothing comes there"))]
    pub(crate) const fn places(&self) -> &[u32; MAX_WORDS as usize] {
        &self.words
    }

    /// The word in a place, 0 if there is none.
    pub fn get(&self, place: usize) -> u32 {
        self.words.get(place).copied().unwrap_or(0)
    }

    /// Two words as one, the low one first.
    pub fn get64(&self, place: usize) -> u64 {
        u64::from(self.get(place)) | u64::from(self.get(place + 1)) << 32
    }
}
