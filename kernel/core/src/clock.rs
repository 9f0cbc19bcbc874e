//! From cycles of a counter to nanoseconds, without a division or a 128-bit product.

/// Nanoseconds a cycle, as a fixed-point number with 32 bits on either side.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Scale {
    whole: u32,
    fraction: u32,
}

/// Nanoseconds in a second.
pub const SECOND: u64 = 1_000_000_000;

impl Scale {
    /// A counter of `frequency` Hz; anything below 1 Hz counts as 1 Hz. The error is at most half
    /// a nanosecond in 2^32 cycles.
    pub const fn new(frequency: u64) -> Self {
        let frequency = if frequency == 0 { 1 } else { frequency };
        // 10^9 is less than 2^30, so the shifted value fits; the sum too, unless the frequency
        // is absurd.
        let scale = (SECOND << 32).saturating_add(frequency / 2) / frequency;
        Self { whole: (scale >> 32) as u32, fraction: scale as u32 }
    }

    /// The whole nanoseconds, and the fraction in units of 2^-32.
    pub const fn to_words(self) -> [u32; 2] {
        [self.whole, self.fraction]
    }

    /// What [`to_words`](Self::to_words) gave.
    pub const fn from_words([whole, fraction]: [u32; 2]) -> Self {
        Self { whole, fraction }
    }

    /// Never decreases as `cycles` grows, until it wraps after 584 years.
    #[inline]
    pub const fn nanoseconds(self, cycles: u64) -> u64 {
        let (whole, fraction) = (self.whole as u64, self.fraction as u64);
        let (high, low) = (cycles >> 32, cycles & 0xffff_ffff);
        let below = (low * fraction) >> 32;
        cycles.wrapping_mul(whole).wrapping_add(high * fraction).wrapping_add(below)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_second_of_common_counters_is_a_second() {
        for frequency in [1, 1_193_182, 100_000_000, 1_000_000_000, 2_904_000_000, 10_000_000_000] {
            let second = Scale::new(frequency).nanoseconds(frequency);
            assert!(second.abs_diff(SECOND) <= 2, "{frequency} Hz: {second}");
        }
        assert_eq!(Scale::new(0), Scale::new(1));
    }

    #[test]
    fn the_carry_from_the_low_half_loses_nothing() {
        let scale = Scale::new(3_000_000_000);
        let before = scale.nanoseconds(u64::from(u32::MAX));
        let after = scale.nanoseconds(1 << 32);
        assert!(after >= before && after - before <= 1);
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(256))]
        #[test]
        fn a_scale_agrees_with_exact_arithmetic(
            frequency in 1_000_000u64..20_000_000_000,
            cycles in 0u64..1 << 55,
            step in 0u64..1 << 34,
        ) {
            let scale = Scale::new(frequency);
            let exact = u128::from(cycles) * u128::from(SECOND) / u128::from(frequency);
            let exact = u64::try_from(exact).unwrap();
            let got = scale.nanoseconds(cycles);
            prop_assert!(got.abs_diff(exact) <= (cycles >> 33) + 2);
            prop_assert!(scale.nanoseconds(cycles + step) >= got);
        }
    }
}
