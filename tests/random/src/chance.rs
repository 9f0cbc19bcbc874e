//! Chance that is the same in every run.

/// A generator of the xorshift family, begun anew for each step.
pub struct Chance(u32);

impl Chance {
    /// The chance of one step. Neighbours have nothing in common.
    pub fn new(seed: u32, process: u32, index: u32) -> Self {
        let mut state = seed;
        for word in [process, index] {
            // The finalizer of a hash: every bit of the input reaches every bit of the output.
            state = (state ^ word).wrapping_add(0x9e37_79b9);
            state = (state ^ state >> 16).wrapping_mul(0x85eb_ca6b);
            state = (state ^ state >> 13).wrapping_mul(0xc2b2_ae35);
            state ^= state >> 16;
        }
        // This one is the only state that leads nowhere.
        Self(if state == 0 { 1 } else { state })
    }

    pub fn next(&mut self) -> u32 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 17;
        self.0 ^= self.0 << 5;
        self.0
    }

    /// A number below `limit`, which is not 0.
    pub fn below(&mut self, limit: u32) -> u32 {
        (self.next() >> 8) % limit
    }

    /// True once in so many times.
    pub fn once_in(&mut self, times: u32) -> bool {
        self.below(times) == 0
    }

    /// One of several. There is at least one.
    pub fn of<'a, T>(&mut self, several: &'a [T]) -> &'a T {
        &several[self.below(several.len() as u32) as usize]
    }
}
