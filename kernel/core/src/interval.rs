//! Timers that expire again and again.

/// When a timer expires next, and how often it goes on; times in nanoseconds.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Schedule {
    /// 0 while it is off.
    pub deadline: u64,
    /// 0 for once.
    pub interval: u64,
}

impl Schedule {
    pub const fn is_on(&self) -> bool {
        self.deadline != 0
    }

    /// To the next expiry; 0 if it has come, or the timer is off.
    pub const fn left(&self, now: u64) -> u64 {
        self.deadline.saturating_sub(now)
    }

    /// How often it has expired by now, if nobody has [passed](Self::pass) it meanwhile.
    pub const fn expiries(&self, now: u64) -> u64 {
        match (self.deadline, self.interval) {
            (0, _) => 0,
            (deadline, _) if now < deadline => 0,
            (_, 0) => 1,
            (deadline, interval) => ((now - deadline) / interval).saturating_add(1),
        }
    }

    /// As a setting: the time to the next expiry after `now`.
    #[must_use]
    pub const fn shown(mut self, now: u64) -> Self {
        if self.expiries(now) != 0 {
            self.pass(now);
        }
        Self { deadline: self.left(now), interval: self.interval }
    }

    /// Behind an expiry: a timer that repeats goes on with its first one after `now`, any other is
    /// off. Returns how many it passed over.
    pub const fn pass(&mut self, now: u64) -> u32 {
        if self.interval == 0 || self.deadline == 0 {
            self.deadline = 0;
            return 0;
        }
        let passed = now.saturating_sub(self.deadline) / self.interval;
        let steps = passed.saturating_add(1);
        self.deadline = self.deadline.saturating_add(self.interval.saturating_mul(steps));
        if passed > i32::MAX as u64 { i32::MAX as u32 } else { passed as u32 }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn once_is_once() {
        let mut once = Schedule { deadline: 50, interval: 0 };
        assert_eq!((once.left(20), once.left(70)), (30, 0));
        assert_eq!((once.expiries(49), once.expiries(70)), (0, 1));
        assert_eq!((once.shown(20).deadline, once.shown(70).deadline), (30, 0));
        assert_eq!((once.pass(70), once.is_on(), once.expiries(80)), (0, false, 0));
    }

    #[test]
    fn the_end_of_time_is_no_overflow() {
        let mut last = Schedule { deadline: 1, interval: 1 };
        assert_eq!(last.pass(u64::MAX), i32::MAX as u32);
        let mut last = Schedule { deadline: u64::MAX, interval: u64::MAX };
        assert_eq!((last.pass(u64::MAX), last.deadline), (0, u64::MAX));
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]

        #[test]
        fn repeating_counts_as_stepping_does(
            deadline in 1u64..1000, interval in 1u64..100, late in 0u64..2000,
        ) {
            let now = deadline + late;
            let (mut next, mut passed) = (deadline + interval, 0);
            while next <= now {
                next += interval;
                passed += 1;
            }
            let mut schedule = Schedule { deadline, interval };
            prop_assert_eq!(schedule.expiries(deadline - 1), 0);
            prop_assert_eq!(schedule.expiries(now), u64::from(passed) + 1);
            prop_assert_eq!(schedule.shown(now).deadline, next - now);
            prop_assert_eq!(schedule.pass(now), passed);
            prop_assert_eq!(schedule, Schedule { deadline: next, interval });
        }
    }
}
