//! How many tasks could run on average of the last 1, 5 and 15 minutes: exponential, in fixed
//! point, looked at every five seconds.

/// Fraction bits of an average.
pub const FRACTION_BITS: u32 = 11;
/// Seconds between two looks.
pub const INTERVAL: u32 = 5;

const ONE: u32 = 1 << FRACTION_BITS;
/// `ONE * exp(-INTERVAL / 60 s)`, and the same for 5 and 15 minutes.
const WEIGHTS: [u32; 3] = [1884, 2014, 2037];

/// The three averages.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct LoadAverage([u32; 3]);

impl LoadAverage {
    pub const fn new() -> Self {
        Self([0; 3])
    }

    /// With [`FRACTION_BITS`].
    pub const fn averages(&self) -> [u32; 3] {
        self.0
    }

    /// So many tasks could run [`INTERVAL`] after the last look.
    pub fn look(&mut self, tasks: u32) {
        let now = u64::from(tasks) << FRACTION_BITS;
        for (average, weight) in self.0.iter_mut().zip(WEIGHTS) {
            let before = u64::from(*average);
            let mut sum = before * u64::from(weight) + now * u64::from(ONE - weight);
            // Rounded towards where it goes, so that it gets there.
            if now >= before {
                sum += u64::from(ONE - 1);
            }
            *average = u32::try_from(sum >> FRACTION_BITS).unwrap_or(u32::MAX);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_minute_of_work_is_two_thirds_of_a_load_of_one() {
        let mut load = LoadAverage::new();
        (0..60 / INTERVAL).for_each(|_| load.look(1));
        let [one, five, fifteen] = load.averages().map(|it| it * 100 / ONE);
        assert!((62..=64).contains(&one), "{one}");
        assert!((17..=19).contains(&five), "{five}");
        assert!((6..=7).contains(&fifteen), "{fifteen}");
    }

    #[test]
    fn averages_arrive() {
        let mut load = LoadAverage::new();
        (0..3600).for_each(|_| load.look(3));
        assert_eq!(load.averages(), [3 * ONE; 3]);
        (0..7200).for_each(|_| load.look(0));
        assert_eq!(load.averages(), [0; 3]);
    }

    proptest! {
        #[test]
        fn averages_are_those_of_real_numbers(tasks in prop::collection::vec(0u32..20, 1..100)) {
            let mut load = LoadAverage::new();
            let mut model = [0f64; 3];
            for count in tasks {
                load.look(count);
                for (average, minutes) in model.iter_mut().zip([1.0, 5.0, 15.0]) {
                    let weight = (-f64::from(INTERVAL) / 60.0 / minutes).exp();
                    *average = *average * weight + f64::from(count) * (1.0 - weight);
                }
            }
            for (average, model) in load.averages().into_iter().zip(model) {
                prop_assert!((f64::from(average) / f64::from(ONE) - model).abs() < 0.1);
            }
        }
    }
}
