//! One context: its plan, and what has happened in it.

use abi::failpoint::{
    FAULT_ALL, FAULT_CALLS, FAULT_CHILDREN, FAULT_RECORDS, FAULT_VERBOSE, Failpoint, FaultPlan,
    FaultRecord, FaultState,
};

const MILLION: u32 = 1_000_000;

/// Somebody passes a failpoint.
#[derive(Clone, Copy, Debug)]
pub struct Opportunity {
    pub point: Failpoint,
    /// The site's place in the catalogue.
    pub site: u32,
    pub tid: u32,
    /// Whether that is a server at work for the context.
    pub is_served: bool,
    /// The call path, the innermost first; 0 behind the last.
    pub calls: [u32; FAULT_CALLS],
}

#[derive(Clone, Debug)]
pub struct Context {
    plan: FaultPlan,
    state: FaultState,
    /// The next opportunity that fails by count; 0 for none.
    next: u32,
    random: u64,
}

impl Context {
    /// `None` if the plan has bits that mean nothing.
    pub fn new(plan: FaultPlan) -> Option<Self> {
        let all = Failpoint::ALL.iter().fold(0, |bits, point| bits | point.bit());
        if plan.points & !all != 0 || plan.flags & !FAULT_ALL != 0 || plan.per_million > MILLION {
            return None;
        }
        let random = u64::from(plan.seed);
        Some(Self { plan, state: FaultState::default(), next: plan.nth, random })
    }

    pub fn state(&self) -> &FaultState {
        &self.state
    }

    /// Whether children are in it too.
    pub fn takes_children(&self) -> bool {
        self.plan.flags & FAULT_CHILDREN != 0
    }

    pub fn is_verbose(&self) -> bool {
        self.plan.flags & FAULT_VERBOSE != 0
    }

    /// Counts an opportunity, if it is one, and says whether it fails.
    pub fn pass(&mut self, opportunity: &Opportunity) -> bool {
        if self.plan.points & opportunity.point.bit() == 0 || !self.lies_right(&opportunity.calls) {
            return false;
        }
        let number = self.state.opportunities.saturating_add(1);
        self.state.opportunities = number;
        let is_over = self.plan.times != 0 && self.state.faults >= self.plan.times;
        if is_over || number <= self.plan.space || !self.is_due(number) {
            return false;
        }
        self.note(opportunity, number);
        true
    }

    fn is_due(&mut self, number: u32) -> bool {
        if self.plan.nth == 0 {
            return self.is_hit_by_chance();
        }
        if number != self.next {
            return false;
        }
        self.next = match self.plan.then {
            0 => 0,
            then => number.saturating_add(then),
        };
        true
    }

    fn is_hit_by_chance(&mut self) -> bool {
        if self.plan.per_million == 0 {
            return false;
        }
        // splitmix64: a good mixing of a counter, from any seed.
        self.random = self.random.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut bits = self.random;
        bits = (bits ^ (bits >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        bits = (bits ^ (bits >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        let high = (bits ^ (bits >> 31)) >> 32;
        (high * u64::from(MILLION)) >> 32 < u64::from(self.plan.per_million)
    }

    fn lies_right(&self, calls: &[u32; FAULT_CALLS]) -> bool {
        let passes = |[first, end]: [u32; 2]| calls.iter().any(|call| (first..end).contains(call));
        let (require, reject) = (self.plan.require, self.plan.reject);
        (require == [0; 2] || passes(require)) && !passes(reject)
    }

    fn note(&mut self, opportunity: &Opportunity, number: u32) {
        let Opportunity { point, site, tid, is_served, calls } = *opportunity;
        let mut records = self.state.records;
        if let Some(place) = records.get_mut(self.state.faults as usize) {
            *place = FaultRecord {
                point: point as u32,
                site,
                opportunity: number,
                tid: tid.cast_signed(),
                served: is_served.into(),
                calls,
            };
        }
        self.state.records = records;
        self.state.faults = self.state.faults.saturating_add(1);
    }
}

const _: () = assert!(FAULT_RECORDS >= 2, "a pair of faults is kept whole");

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::vec::Vec;

    const AT: Opportunity = Opportunity {
        point: Failpoint::Slab,
        site: 3,
        tid: 7,
        is_served: false,
        calls: [0x10, 0x20, 0x30, 0, 0, 0, 0, 0],
    };

    fn context(change: impl FnOnce(&mut FaultPlan)) -> Context {
        let mut plan = FaultPlan { points: Failpoint::Slab.bit(), ..FaultPlan::default() };
        change(&mut plan);
        Context::new(plan).unwrap()
    }

    /// The numbers of the opportunities that failed.
    fn failing(context: &mut Context, opportunities: u32) -> Vec<u32> {
        (1..=opportunities).filter(|_| context.pass(&AT)).collect()
    }

    #[test]
    fn without_a_choice_everything_is_counted_and_nothing_fails() {
        let mut context = context(|_| {});
        assert!(failing(&mut context, 100).is_empty());
        assert!(!context.pass(&Opportunity { point: Failpoint::Vmalloc, ..AT }));
        assert_eq!((context.state().opportunities, context.state().faults), (100, 0));
    }

    #[test]
    fn the_nth_fails_and_is_kept() {
        let mut context = context(|plan| plan.nth = 5);
        assert_eq!(failing(&mut context, 20), [5]);
        let state = *context.state();
        let records = state.records;
        assert_eq!((state.opportunities, state.faults), (20, 1));
        assert_eq!({ records[0].opportunity }, 5);
        assert_eq!(({ records[0].site }, { records[0].tid }), (3, 7));
        assert_eq!({ records[0].calls }, AT.calls);
        assert_eq!(records[1], FaultRecord::default());
    }

    #[test]
    fn others_fail_after_it_until_it_is_enough() {
        let mut context = context(|plan| (plan.nth, plan.then, plan.times) = (2, 3, 3));
        assert_eq!(failing(&mut context, 20), [2, 5, 8]);
        assert_eq!({ context.state().faults }, 3);
    }

    #[test]
    fn chance_is_as_often_as_asked_and_repeats() {
        let lucky = |seed| {
            let mut context = context(|plan| (plan.per_million, plan.seed) = (250_000, seed));
            failing(&mut context, 4000)
        };
        assert!((800..1200).contains(&lucky(1).len()), "{}", lucky(1).len());
        assert_eq!(lucky(1), lucky(1));
        assert_ne!(lucky(1), lucky(2));
        let mut always = context(|plan| (plan.per_million, plan.space) = (MILLION, 3));
        assert_eq!(failing(&mut always, 6), [4, 5, 6]);
    }

    #[test]
    fn call_paths_choose_what_an_opportunity_is() {
        let mut inside = context(|plan| (plan.nth, plan.require) = (1, [0x20, 0x21]));
        let elsewhere = Opportunity { calls: [0x21, 0x1f, 0, 0, 0, 0, 0, 0], ..AT };
        assert!(!inside.pass(&elsewhere));
        assert_eq!({ inside.state().opportunities }, 0);
        assert!(inside.pass(&AT));
        let mut outside = context(|plan| (plan.nth, plan.reject) = (1, [0x20, 0x21]));
        assert!(!outside.pass(&AT));
        assert!(outside.pass(&elsewhere));
    }

    #[test]
    fn bits_that_mean_nothing_are_refused() {
        for plan in [
            FaultPlan { points: 1 << 63, ..FaultPlan::default() },
            FaultPlan { flags: 1 << 31, ..FaultPlan::default() },
            FaultPlan { per_million: MILLION + 1, ..FaultPlan::default() },
        ] {
            assert!(Context::new(plan).is_none(), "{plan:?}");
        }
    }

    proptest! {
        /// Against a model that looks at each number alone.
        #[test]
        fn counted_faults_come_where_a_formula_has_them(
            nth in 1u32..20,
            then in 0u32..7,
            times in 0u32..5,
            space in 0u32..10,
        ) {
            let mut context = context(|plan| {
                (plan.nth, plan.then, plan.times, plan.space) = (nth, then, times, space);
            });
            let is_due = |number: u32| match then {
                0 => number == nth,
                _ => number >= nth && (number - nth).is_multiple_of(then),
            };
            let limit = if times == 0 { usize::MAX } else { times as usize };
            // What lies in the first ones is not reached, so nothing follows it.
            let expected: Vec<u32> = match nth > space {
                true => (1..=60).filter(|&number| is_due(number)).take(limit).collect(),
                false => Vec::new(),
            };
            prop_assert_eq!(failing(&mut context, 60), expected);
        }
    }
}
