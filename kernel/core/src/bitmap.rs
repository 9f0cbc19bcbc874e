//! Bits in words somebody else owns: searching, and changing runs.

/// The first `len` bits of some words.
#[derive(Debug)]
pub struct Bitmap<'a> {
    words: &'a mut [u32],
    len: u32,
}

/// Words that `bits` bits take.
pub const fn bitmap_words(bits: u32) -> u32 {
    bits.div_ceil(32)
}

impl<'a> Bitmap<'a> {
    /// `None` if there are less than [`bitmap_words`] words. The bits are as they are.
    pub fn new(words: &'a mut [u32], len: u32) -> Option<Self> {
        let count = usize::try_from(bitmap_words(len)).ok()?;
        let words = words.get_mut(..count)?;
        Some(Self { words, len })
    }

    pub const fn len(&self) -> u32 {
        self.len
    }

    pub const fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// `None` beyond the last bit.
    #[inline]
    pub fn get(&self, bit: u32) -> Option<bool> {
        let word = self.words.get((bit / 32) as usize)?;
        (bit < self.len).then_some(word >> (bit % 32) & 1 != 0)
    }

    /// Changes the bits from `start` to before `end`, as far as there are any.
    pub fn write(&mut self, start: u32, end: u32, value: bool) {
        let (mut bit, end) = (start, end.min(self.len));
        while bit < end {
            let bits = (end - bit).min(32 - bit % 32);
            let mask = (u32::MAX >> (32 - bits)) << (bit % 32);
            if let Some(word) = self.words.get_mut((bit / 32) as usize) {
                *word = if value { *word | mask } else { *word & !mask };
            }
            bit += bits;
        }
    }

    /// The first bit at `from` or behind that has this value.
    #[inline]
    pub fn next(&self, from: u32, value: bool) -> Option<u32> {
        let mut bit = from;
        while bit < self.len {
            let word = self.words.get((bit / 32) as usize)?;
            let wanted = if value { *word } else { !*word };
            let ahead = wanted >> (bit % 32);
            if ahead != 0 {
                let found = bit + ahead.trailing_zeros();
                return (found < self.len).then_some(found);
            }
            bit = (bit / 32 + 1) * 32;
        }
        None
    }

    /// The first run of `count` clear bits at `from` or behind that starts at a multiple of
    /// `align`.
    pub fn next_clear_run(&self, from: u32, count: u32, align: u32) -> Option<u32> {
        let mut start = from;
        loop {
            start = self.next(start, false)?.checked_next_multiple_of(align)?;
            let end = start.checked_add(count)?;
            if end > self.len {
                return None;
            }
            match self.next(start, true) {
                Some(taken) if taken < end => start = taken + 1,
                _ => return Some(start),
            }
        }
    }

    /// How many bits are clear.
    pub fn count_clear(&self) -> u32 {
        let set: u32 = self.words.iter().map(|word| word.count_ones()).sum();
        let spare = bitmap_words(self.len) * 32 - self.len;
        let set_spare = self.words.last().map_or(0, |word| match spare {
            0 => 0,
            _ => (word >> (32 - spare)).count_ones(),
        });
        self.len - (set - set_spare)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn agrees_with_booleans(
            len in 0u32..140,
            runs in prop::collection::vec((0u32..150, 0u32..80, any::<bool>()), 0..8),
            (from, count, shift) in (0u32..150, 1u32..20, 0u32..4),
        ) {
            let mut words = [0x5a5a_5a5a; 5];
            let mut bits: std::vec::Vec<bool> =
                (0..len as usize).map(|bit| words[bit / 32] >> (bit % 32) & 1 != 0).collect();
            let mut bitmap = Bitmap::new(&mut words, len).unwrap();
            for (start, run, value) in runs {
                bitmap.write(start, start + run, value);
                (start..start + run).for_each(|bit| {
                    if let Some(model) = bits.get_mut(bit as usize) {
                        *model = value;
                    }
                });
            }
            for value in [false, true] {
                let first = (from..len).find(|&bit| bits[bit as usize] == value);
                prop_assert_eq!(bitmap.next(from, value), first);
            }
            let fits = |start: u32| {
                start.is_multiple_of(1 << shift)
                    && start + count <= len
                    && (start..start + count).all(|bit| !bits[bit as usize])
            };
            let run = (from..len).find(|&start| fits(start));
            prop_assert_eq!(bitmap.next_clear_run(from, count, 1 << shift), run);
            prop_assert_eq!(bitmap.count_clear(), bits.iter().filter(|&&bit| !bit).count() as u32);
            prop_assert_eq!(bitmap.get(from), bits.get(from as usize).copied());
            prop_assert!(Bitmap::new(&mut [0; 2], 65).is_none());
        }
    }
}
