//! Numbers in bytes that may be too few.

/// The little-endian word `index` of `bytes`.
#[inline]
pub fn word(bytes: &[u8], index: usize) -> Option<u32> {
    let (words, _) = bytes.as_chunks::<4>();
    words.get(index).map(|word| u32::from_le_bytes(*word))
}

/// The little-endian half word `index` of `bytes`.
#[inline]
pub fn half(bytes: &[u8], index: usize) -> Option<u16> {
    let (halves, _) = bytes.as_chunks::<2>();
    halves.get(index).map(|half| u16::from_le_bytes(*half))
}
