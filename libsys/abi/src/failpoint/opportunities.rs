//! Which opportunities of a run fail, where somebody names them.

use super::{FAULT_RECORDS, FaultPlan};
use core::fmt;

/// Some opportunities by their numbers, ascending: as many as a context keeps faults. Reports and
/// commands spell them `17` or `3,9,21`.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Opportunities {
    /// 0 behind the last.
    numbers: [u32; FAULT_RECORDS],
}

impl Opportunities {
    /// `None` if those are none, too many, or not ascending from 1 on.
    pub fn new(numbers: impl IntoIterator<Item = u32>) -> Option<Self> {
        let (mut kept, mut last) = ([0; FAULT_RECORDS], 0);
        let mut places = kept.iter_mut();
        for number in numbers {
            if number <= last {
                return None;
            }
            *places.next()? = number;
            last = number;
        }
        (last != 0).then_some(Self { numbers: kept })
    }

    /// As they are displayed.
    pub fn parse(text: &str) -> Option<Self> {
        let mut numbers = [0; FAULT_RECORDS];
        let mut count = 0;
        for part in text.split(',') {
            *numbers.get_mut(count)? = part.parse().ok()?;
            count += 1;
        }
        Self::new(numbers.into_iter().take(count))
    }

    /// The numbers.
    pub fn numbers(self) -> impl Iterator<Item = u32> {
        self.numbers.into_iter().take_while(|number| *number != 0)
    }

    /// `plan` with these failing instead of what it chooses.
    pub fn plan(self, plan: FaultPlan) -> FaultPlan {
        let [nth, second, third, fourth] = self.numbers;
        let [then, later @ ..] = [(nth, second), (second, third), (third, fourth)]
            .map(|(one, next)| next.saturating_sub(one));
        let times = self.numbers().count() as u32;
        FaultPlan { nth, then, later, times, per_million: 0, ..plan }
    }

    /// What is left when at least one is left out, the fewest first.
    pub fn parts(self) -> impl Iterator<Item = Self> {
        let count = self.numbers().count();
        (1..count).flat_map(move |size| {
            let chosen = (0..1_u32 << count).filter(move |bits| bits.count_ones() as usize == size);
            chosen.filter_map(move |bits| {
                let numbers =
                    self.numbers().enumerate().filter(|(place, _)| bits & 1 << place != 0);
                Self::new(numbers.map(|(_, number)| number))
            })
        })
    }
}

impl fmt::Display for Opportunities {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (place, number) in self.numbers().enumerate() {
            let separator = if place == 0 { "" } else { "," };
            write!(f, "{separator}{number}")?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    extern crate std;

    use super::*;
    use std::string::{String, ToString};
    use std::vec::Vec;

    #[test]
    fn they_are_read_as_they_are_shown() {
        for text in ["1", "17", "3,9", "1,2,3,4294967295"] {
            assert_eq!(Opportunities::parse(text).unwrap().to_string(), text);
        }
        for text in ["", "0", "x", "3,", "3,3", "9,3", "0,3", "1,2,3,4,5", "4294967296"] {
            assert_eq!(Opportunities::parse(text), None, "{text}");
        }
    }

    #[test]
    fn a_plan_has_distances() {
        let plan = Opportunities::parse("3,9,10,30").unwrap().plan(FaultPlan::default());
        assert_eq!(
            ({ plan.nth }, { plan.then }, { plan.later }, { plan.times }),
            (3, 6, [1, 20], 4)
        );
        let single = Opportunities::parse("7").unwrap().plan(plan);
        assert_eq!(
            ({ single.nth }, { single.then }, { single.later }, { single.times }),
            (7, 0, [0; 2], 1)
        );
    }

    #[test]
    fn parts_begin_with_the_fewest() {
        let parts = |text| {
            Opportunities::parse(text)
                .unwrap()
                .parts()
                .map(|part| part.to_string())
                .collect::<Vec<String>>()
        };
        assert!(parts("4").is_empty());
        assert_eq!(parts("4,7"), ["4", "7"]);
        assert_eq!(parts("1,5,9"), ["1", "5", "9", "1,5", "1,9", "5,9"]);
        assert_eq!(parts("1,5,9,20").len(), 14);
    }
}
