//! Which opportunities of a run fail.

use abi::failpoint::{FAULT_CHILDREN, FaultPlan, Opportunities};
use std::fmt;

/// Some opportunities, or none.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Choice(Option<Opportunities>);

impl Choice {
    /// Nothing fails.
    pub const NONE: Self = Self(None);

    pub fn single(nth: u32) -> Self {
        Self(Opportunities::new([nth]))
    }

    /// The nth, and `then` opportunities later one more.
    pub fn pair(nth: u32, then: u32) -> Self {
        Self(Opportunities::new([nth, nth.saturating_add(then)]))
    }

    /// As it is displayed: the numbers of the opportunities, `17` or `3,9`.
    pub fn parse(text: &str) -> Option<Self> {
        Opportunities::parse(text).map(|numbers| Self(Some(numbers)))
    }

    /// How many faults that is.
    pub fn count(self) -> u32 {
        self.0.map_or(0, |numbers| numbers.numbers().count() as u32)
    }

    /// The plan by which the kernel does so, of these kinds.
    pub fn plan(self, points: u64, flags: u32) -> FaultPlan {
        let plan = FaultPlan { points, flags: FAULT_CHILDREN | flags, ..FaultPlan::default() };
        self.0.map_or(plan, |numbers| numbers.plan(plan))
    }

    /// What is left when at least one is left out, the fewest first.
    pub fn parts(self) -> impl Iterator<Item = Self> {
        self.0.into_iter().flat_map(Opportunities::parts).map(|numbers| Self(Some(numbers)))
    }
}

impl fmt::Display for Choice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            None => f.write_str("0"),
            Some(numbers) => numbers.fmt(f),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_choice_is_read_as_it_is_shown() {
        for (choice, text) in [(Choice::single(17), "17"), (Choice::pair(3, 9), "3,12")] {
            assert_eq!(choice.to_string(), text);
            assert_eq!(Choice::parse(text), Some(choice));
        }
        assert_eq!(Choice::parse("0"), None);
    }

    #[test]
    fn a_pair_is_two_faults() {
        let plan = Choice::pair(4, 2).plan(1, 0);
        assert_eq!(({ plan.nth }, { plan.then }, { plan.times }), (4, 2, 2));
        assert_eq!({ Choice::single(4).plan(1, 0).times }, 1);
        assert_eq!((Choice::NONE.count(), { Choice::NONE.plan(1, 0).nth }), (0, 0));
        assert!(Choice::pair(4, 2).parts().eq([Choice::single(4), Choice::single(6)]));
    }
}
