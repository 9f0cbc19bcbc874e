//! CRC-16/CCITT-FALSE: polynomial 0x1021, no reflection, no final XOR.

/// The sum of nothing.
pub(super) const START: u16 = 0xFFFF;

const TABLE: [u16; 256] = table();

const fn table() -> [u16; 256] {
    let mut table = [0; 256];
    let mut index = 0;
    while index < 256 {
        let mut sum = (index as u16) << 8;
        let mut bit = 0;
        while bit < 8 {
            sum = if sum & 0x8000 != 0 { sum << 1 ^ 0x1021 } else { sum << 1 };
            bit += 1;
        }
        table[index] = sum;
        index += 1;
    }
    table
}

/// `sum` with one more byte.
#[inline]
pub(super) fn step(sum: u16, byte: u8) -> u16 {
    let [high, low] = sum.to_be_bytes();
    u16::from(low) << 8 ^ TABLE[usize::from(high ^ byte)]
}

/// The sum of `bytes`.
pub(super) fn of(bytes: &[u8]) -> u16 {
    bytes.iter().fold(START, |sum, &byte| step(sum, byte))
}
