//! A number made of bytes: other bytes, or another order, make another number.

/// FNV-1a.
pub struct Digest(u32);

impl Digest {
    pub const fn new() -> Self {
        Self(0x811c_9dc5)
    }

    pub fn add(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.0 = (self.0 ^ u32::from(*byte)).wrapping_mul(0x0100_0193);
        }
    }

    pub fn add_number(&mut self, number: u32) {
        self.add(&number.to_le_bytes());
    }

    pub const fn value(&self) -> u32 {
        self.0
    }
}

/// Bytes that are not alike, for files and memory.
pub fn pattern(place: u32) -> u8 {
    (place.wrapping_mul(0x9e37_79b9) >> 24) as u8
}
