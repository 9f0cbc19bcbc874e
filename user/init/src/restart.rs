//! How often a server may die, and how long the pause is until the next one starts.

use alloc::collections::VecDeque;

/// How often a server may die.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Policy {
    /// So many deaths are too many,
    too_many: u32,
    /// within so many nanoseconds.
    period: u64,
}

/// The pauses between servers that did not live long, in nanoseconds. Each is twice the one before.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Pauses {
    /// The first one that is any: one server is replaced at once.
    pub shortest: u64,
    /// None is longer.
    pub longest: u64,
}

impl Pauses {
    /// Of a manifest that does not say.
    pub const USUAL: Self = Self { shortest: 100_000_000, longest: 10_000_000_000 };

    fn after(self, short_lives: u32) -> u64 {
        match short_lives.checked_sub(2) {
            None => 0,
            Some(doublings) => {
                let factor = 1_u64.checked_shl(doublings).unwrap_or(u64::MAX);
                self.shortest.saturating_mul(factor).min(self.longest)
            }
        }
    }
}

/// A server that lived so long worked, in nanoseconds.
const LIFE: u64 = 1_000_000_000;
const MAX_DEATHS: u32 = 1000;

impl Policy {
    /// Of a manifest that does not say: no more than five deaths in a minute.
    pub const USUAL: Self = Self { too_many: 6, period: 60_000_000_000 };
    /// No death at all.
    pub const NEVER: Self = Self { too_many: 1, period: 0 };

    /// No more than `deaths` within `period` nanoseconds. `None` for none, or more than 1000, or no
    /// time.
    pub fn new(deaths: Option<u32>, period: Option<u64>) -> Option<Self> {
        match (deaths?, period?) {
            (deaths @ 1..=MAX_DEATHS, period @ 1..) => Some(Self { too_many: deaths + 1, period }),
            _ => None,
        }
    }
}

/// What becomes of a service whose server has died.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Verdict {
    /// The next one starts at this time.
    StartAt(u64),
    /// Enough.
    GiveUp,
}

/// The deaths of a service's servers.
#[derive(Clone, Debug)]
pub struct History {
    policy: Policy,
    pauses: Pauses,
    /// Those that still count, oldest first. Never grows beyond what it has room for.
    deaths: VecDeque<u64>,
    /// Servers in a row that did not live long enough to be of use.
    short_lives: u32,
}

impl History {
    /// Without any.
    pub fn new(policy: Policy, pauses: Pauses) -> Self {
        let deaths = VecDeque::with_capacity(policy.too_many as usize);
        Self { policy, pauses, deaths, short_lives: 0 }
    }

    /// A server that started at `start` has died now. All times are of one clock in nanoseconds.
    pub fn died(&mut self, start: u64, now: u64) -> Verdict {
        while self.deaths.front().is_some_and(|at| now.saturating_sub(*at) >= self.policy.period) {
            self.deaths.pop_front();
        }
        self.deaths.push_back(now);
        if self.deaths.len() >= self.policy.too_many as usize {
            return Verdict::GiveUp;
        }
        let lived = now.saturating_sub(start) >= LIFE;
        self.short_lives = if lived { 0 } else { self.short_lives.saturating_add(1) };
        Verdict::StartAt(now.saturating_add(self.pauses.after(self.short_lives)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const SECOND: u64 = 1_000_000_000;

    fn history(deaths: u32, seconds: u64) -> History {
        let policy = Policy::new(Some(deaths), Some(seconds * SECOND)).unwrap();
        History::new(policy, Pauses::USUAL)
    }

    #[test]
    fn the_first_is_replaced_at_once_and_later_ones_later() {
        let mut history = history(100, 60);
        let mut now = 0;
        for delay in [0, 100, 200, 400, 800, 1600, 3200, 6400, 10_000, 10_000] {
            let verdict = history.died(now, now);
            assert_eq!(verdict, Verdict::StartAt(now + delay * 1_000_000));
            now += delay * 1_000_000;
        }
        // One that worked makes up for those.
        assert_eq!(history.died(now, now + LIFE), Verdict::StartAt(now + LIFE));
        assert_eq!(Pauses::USUAL.after(u32::MAX), Pauses::USUAL.longest);
    }

    #[test]
    fn a_policy_counts_the_deaths_of_its_period() {
        let mut history = history(2, 10);
        for now in [0, 5, 10, 15, 20] {
            let now = now * SECOND;
            assert_eq!(history.died(now, now + LIFE), Verdict::StartAt(now + LIFE));
        }
        assert_eq!(history.died(0, 22 * SECOND), Verdict::GiveUp);
        assert_eq!(History::new(Policy::NEVER, Pauses::USUAL).died(0, u64::MAX), Verdict::GiveUp);
    }

    #[test]
    fn a_policy_needs_numbers_that_make_sense() {
        assert!(Policy::new(Some(1000), Some(1)).is_some());
        for (deaths, period) in [(0, 1), (1, 0), (1001, 1)] {
            assert_eq!(Policy::new(Some(deaths), Some(period)), None);
        }
        assert_eq!(Policy::new(None, Some(1)), None);
    }

    proptest! {
        /// Against counting all deaths there ever were.
        #[test]
        fn it_gives_up_when_the_period_has_too_many(
            limit in 1..6_u32,
            gaps in prop::collection::vec(0..5_u64, 1..60),
        ) {
            let period = 10 * SECOND;
            let mut history = history(limit, 10);
            let room = history.deaths.capacity();
            let (mut now, mut all) = (0, std::vec::Vec::new());
            for gap in gaps {
                now += gap * SECOND;
                all.push(now);
                let recent = all.iter().filter(|at| now - **at < period).count();
                let verdict = history.died(now, now);
                prop_assert_eq!(verdict == Verdict::GiveUp, recent > limit as usize);
                prop_assert_eq!(history.deaths.capacity(), room);
                if verdict == Verdict::GiveUp {
                    break;
                }
            }
        }
    }
}
