//! Which opportunities of a run fail.

use abi::failpoint::{FAULT_CHILDREN, FaultPlan};
use std::fmt;

/// The nth opportunity, and `then` opportunities later one more, if that is not 0.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Choice {
    pub nth: u32,
    pub then: u32,
}

impl Choice {
    /// Nothing fails.
    pub const NONE: Self = Self { nth: 0, then: 0 };

    pub const fn single(nth: u32) -> Self {
        Self { nth, then: 0 }
    }

    /// As it is displayed: the numbers of the opportunities, `17` or `3,9`.
    pub fn parse(text: &str) -> Option<Self> {
        let (nth, last) = text.split_once(',').unwrap_or((text, text));
        let (nth, last) = (nth.parse::<u32>().ok()?, last.parse::<u32>().ok()?);
        let then = last.checked_sub(nth)?;
        (nth > 0 && (then > 0 || !text.contains(','))).then_some(Self { nth, then })
    }

    /// How many faults that is.
    pub fn count(self) -> u32 {
        u32::from(self.nth != 0) + u32::from(self.then != 0)
    }

    /// The plan by which the kernel does so, of these kinds.
    pub fn plan(self, points: u64, flags: u32) -> FaultPlan {
        let Self { nth, then } = self;
        let flags = FAULT_CHILDREN | flags;
        FaultPlan { points, nth, then, times: self.count(), flags, ..FaultPlan::default() }
    }
}

impl fmt::Display for Choice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.then {
            0 => write!(f, "{}", self.nth),
            then => write!(f, "{},{}", self.nth, self.nth.saturating_add(then)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn choices_are_read_as_they_are_shown() {
        for choice in [Choice::single(17), Choice { nth: 3, then: 9 }] {
            assert_eq!(Choice::parse(&choice.to_string()), Some(choice));
        }
        for text in ["", "0", "x", "1,", ",2", "2,2", "3,2", "1,2,3"] {
            assert_eq!(Choice::parse(text), None, "{text}");
        }
    }

    #[test]
    fn a_pair_is_two_faults() {
        let plan = Choice { nth: 4, then: 2 }.plan(1, 0);
        assert_eq!(({ plan.nth }, { plan.then }, { plan.times }), (4, 2, 2));
        assert_eq!({ Choice::single(4).plan(1, 0).times }, 1);
    }
}
