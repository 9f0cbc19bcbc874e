//! Random bytes that cannot be told from chance without the key: ChaCha20 (RFC 8439) with fast key
//! erasure, so that bytes once given out cannot be computed from a later state.
//!
//! The generator is as good as its seed, which is the caller's: a repeatable run has a repeatable
//! seed.

const CONSTANTS: [u32; 4] = [0x6170_7865, 0x3320_646e, 0x7962_2d32, 0x6b20_6574];
const KEY_WORDS: usize = 8;
/// Bytes of a block after the part that becomes the next key.
const GIVEN: usize = BLOCK - KEY_WORDS * 4;
const BLOCK: usize = 64;
/// Bytes that one call of [`Random::fill`] takes at most before it should let go of its lock.
pub const MAX_FILL: usize = 4096;

/// The generator.
#[derive(Debug)]
pub struct Random {
    key: [u32; KEY_WORDS],
}

impl Random {
    /// A generator from a seed. Equal seeds give equal bytes.
    pub const fn new(seed: [u32; KEY_WORDS]) -> Self {
        Self { key: seed }
    }

    /// Mixes more chance in. What an attacker adds makes nothing worse.
    pub fn add(&mut self, words: [u32; KEY_WORDS]) {
        for (key, word) in self.key.iter_mut().zip(words) {
            *key ^= word;
        }
        self.erase_key();
    }

    /// Fills `bytes`.
    pub fn fill(&mut self, bytes: &mut [u8]) {
        let (first, rest) = bytes.split_at_mut(bytes.len().min(GIVEN));
        let old = self.key;
        first.copy_from_slice(&self.erase_key()[..first.len()]);
        // The old key is gone after this call; its further blocks are nobody else's.
        for (bytes, counter) in rest.chunks_mut(BLOCK).zip(1..) {
            let block = block(&old, counter, [0; 3]);
            bytes.copy_from_slice(&block[..bytes.len()]);
        }
    }

    /// A word.
    pub fn word(&mut self) -> u32 {
        let mut bytes = [0; 4];
        self.fill(&mut bytes);
        u32::from_le_bytes(bytes)
    }

    /// Replaces the key by the start of its first block and gives out the rest.
    fn erase_key(&mut self) -> [u8; GIVEN] {
        let block = block(&self.key, 0, [0; 3]);
        let (key, given) = block.split_at(KEY_WORDS * 4);
        for (word, bytes) in self.key.iter_mut().zip(key.as_chunks::<4>().0) {
            *word = u32::from_le_bytes(*bytes);
        }
        let mut out = [0; GIVEN];
        out.copy_from_slice(given);
        out
    }
}

/// RFC 8439, 2.3.
fn block(key: &[u32; KEY_WORDS], counter: u32, nonce: [u32; 3]) -> [u8; BLOCK] {
    let mut start = [0; 16];
    start[..4].copy_from_slice(&CONSTANTS);
    start[4..12].copy_from_slice(key);
    start[12] = counter;
    start[13..].copy_from_slice(&nonce);
    let mut state = start;
    for _ in 0..10 {
        for column in 0..4 {
            quarter_round(&mut state, [column, column + 4, column + 8, column + 12]);
        }
        for row in 0..4 {
            let diagonal = [row, 4 + (row + 1) % 4, 8 + (row + 2) % 4, 12 + (row + 3) % 4];
            quarter_round(&mut state, diagonal);
        }
    }
    let mut out = [0; BLOCK];
    for ((bytes, word), start) in out.as_chunks_mut::<4>().0.iter_mut().zip(state).zip(start) {
        *bytes = word.wrapping_add(start).to_le_bytes();
    }
    out
}

#[inline(always)]
fn quarter_round(state: &mut [u32; 16], [a, b, c, d]: [usize; 4]) {
    for (to, from, turned, bits) in [(a, b, d, 16), (c, d, b, 12), (a, b, d, 8), (c, d, b, 7)] {
        state[to] = state[to].wrapping_add(state[from]);
        state[turned] = (state[turned] ^ state[to]).rotate_left(bits);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::vec;

    #[test]
    fn the_block_is_that_of_rfc_8439() {
        let key: [u32; 8] = core::array::from_fn(|word| {
            u32::from_le_bytes(core::array::from_fn(|byte| (word * 4 + byte) as u8))
        });
        let block = block(&key, 1, [0x0900_0000, 0x4a00_0000, 0]);
        let expected = [
            0x10, 0xf1, 0xe7, 0xe4, 0xd1, 0x3b, 0x59, 0x15, 0x50, 0x0f, 0xdd, 0x1f, 0xa3, 0x20,
            0x71, 0xc4, 0xc7, 0xd1, 0xf4, 0xc7, 0x33, 0xc0, 0x68, 0x03, 0x04, 0x22, 0xaa, 0x9a,
            0xc3, 0xd4, 0x6c, 0x4e, 0xd2, 0x82, 0x64, 0x46, 0x07, 0x9f, 0xaa, 0x09, 0x14, 0xc2,
            0xd7, 0x05, 0xd9, 0x8b, 0x02, 0xa2, 0xb5, 0x12, 0x9c, 0xd1, 0xde, 0x16, 0x4e, 0xb9,
            0xcb, 0xd0, 0x83, 0xe8, 0xa2, 0x50, 0x3c, 0x4e,
        ];
        assert_eq!(block, expected);
    }

    #[test]
    fn equal_seeds_repeat_and_nothing_else_does() {
        let bytes = |seed, calls: usize, len| {
            let mut random = Random::new([seed; 8]);
            (0..calls).for_each(|_| random.fill(&mut [0; 8]));
            let mut bytes = vec![0; len];
            random.fill(&mut bytes);
            bytes
        };
        assert_eq!(bytes(1, 0, 500), bytes(1, 0, 500));
        assert_ne!(bytes(1, 0, 500), bytes(2, 0, 500));
        assert_ne!(bytes(1, 0, 500), bytes(1, 1, 500));
        assert_eq!(bytes(1, 0, 40), bytes(1, 0, 500)[..40]);
    }

    #[test]
    fn given_bytes_are_no_key_and_all_bytes_occur() {
        let mut random = Random::new([7; 8]);
        let mut bytes = vec![0; MAX_FILL];
        random.fill(&mut bytes);
        let chunks: std::collections::BTreeSet<_> = bytes.chunks(8).collect();
        assert_eq!(chunks.len(), MAX_FILL / 8, "no eight bytes repeat");
        let values: std::collections::BTreeSet<_> = bytes.iter().collect();
        assert_eq!(values.len(), 256);
        let key = random.key.map(u32::to_le_bytes);
        assert!(!bytes.windows(4).any(|window| window == key[0]));
    }

    #[test]
    fn adding_changes_what_follows() {
        let (mut one, mut other) = (Random::new([1; 8]), Random::new([1; 8]));
        other.add([0, 0, 0, 1, 0, 0, 0, 0]);
        assert_ne!(one.word(), other.word());
    }
}
