//! Chance that repeats itself.

/// A sequence of numbers that its two seeds choose.
#[derive(Clone, Debug)]
pub struct Random(u64);

impl Random {
    /// Sequence `number` of a `seed`.
    pub fn new(seed: u32, number: u32) -> Self {
        let mut random = Self(u64::from(seed) << 32 | u64::from(number));
        random.word();
        random
    }

    /// Any number. (splitmix64)
    pub fn word(&mut self) -> u32 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut bits = self.0;
        bits = (bits ^ bits >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        bits = (bits ^ bits >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((bits ^ bits >> 31) >> 32) as u32
    }

    /// A number below `bound`; 0 below 0.
    pub fn below(&mut self, bound: u32) -> u32 {
        ((u64::from(self.word()) * u64::from(bound)) >> 32) as u32
    }

    /// A number below `bound` that is not `old`. `bound` is 2 or more.
    pub fn other_than(&mut self, old: u8, bound: u8) -> u8 {
        let step = 1 + self.below(u32::from(bound) - 1);
        ((u32::from(old) + step) % u32::from(bound)) as u8
    }
}
