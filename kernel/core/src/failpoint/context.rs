//! One context: its plan, and what has happened in it.

use abi::failpoint::{
    FAULT_ALL, FAULT_CALLS, FAULT_CHILDREN, FAULT_MACHINE, FAULT_MARKED, FAULT_RECORDS,
    FAULT_VERBOSE, Failpoint, FaultPlan, FaultRecord, FaultState,
};

const MILLION: u32 = 1_000_000;

/// Somebody passes a failpoint.
#[derive(Clone, Copy, Debug)]
pub struct Opportunity {
    pub point: Failpoint,
    /// The site's place in the catalogue.
    pub site: u32,
    /// How much is asked for: bytes of the heap, page frames, or 1.
    pub size: u32,
    /// When, in milliseconds.
    pub time: u32,
    /// 0 for an interrupt.
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
    /// What may still be asked for before anything fails.
    space: u32,
    /// Opportunities since the last one that the interval let pass.
    interval: u32,
    random: u64,
}

impl Context {
    /// `None` if the plan has bits that mean nothing.
    pub fn new(plan: FaultPlan) -> Option<Self> {
        let all = Failpoint::ALL.iter().fold(0, |bits, point| bits | point.bit());
        if plan.points & !all != 0 || plan.flags & !FAULT_ALL != 0 || plan.per_million > MILLION {
            return None;
        }
        if plan.flags & (FAULT_MACHINE | FAULT_MARKED) == FAULT_MARKED {
            return None;
        }
        let (random, next, space) = (u64::from(plan.seed), plan.nth, plan.space);
        Some(Self { plan, state: FaultState::default(), next, space, interval: 0, random })
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

    /// Whether it is everybody's.
    pub fn is_machine_wide(&self) -> bool {
        self.plan.flags & FAULT_MACHINE != 0
    }

    /// Whether it wants only who is marked for it.
    pub fn wants_marked(&self) -> bool {
        self.plan.flags & FAULT_MARKED != 0
    }

    /// How many opportunities are left until one fails by count; 0 for no such end.
    pub fn remaining(&self) -> u32 {
        self.next.saturating_sub(self.state.opportunities)
    }

    /// Whether nothing fails in it any more.
    pub fn is_over(&self) -> bool {
        let by_count = self.plan.nth != 0 && self.remaining() == 0;
        by_count || self.plan.times != 0 && self.state.faults >= self.plan.times
    }

    /// Counts an opportunity, if it is one, and says whether it fails.
    pub fn pass(&mut self, opportunity: &Opportunity) -> bool {
        let is_wanted = self.plan.points & opportunity.point.bit() != 0
            && lies_in(opportunity.size, self.plan.sizes)
            && self.lies_right(&opportunity.calls);
        if !is_wanted {
            return false;
        }
        let number = self.state.opportunities.saturating_add(1);
        self.state.opportunities = number;
        let is_over = self.plan.times != 0 && self.state.faults >= self.plan.times;
        if is_over || self.is_within_space(opportunity.size) || !self.is_due(number) {
            return false;
        }
        self.note(opportunity, number);
        true
    }

    fn is_within_space(&mut self, size: u32) -> bool {
        match self.space.checked_sub(size) {
            Some(rest) if self.space != 0 => {
                self.space = rest;
                true
            }
            _ => false,
        }
    }

    fn is_due(&mut self, number: u32) -> bool {
        if self.plan.nth == 0 {
            return self.is_at_interval() && self.is_hit_by_chance();
        }
        if number != self.next {
            return false;
        }
        self.next = match self.distance() {
            0 => 0,
            distance => number.saturating_add(distance),
        };
        true
    }

    /// From the fault that happens now to the next one; 0 for none.
    fn distance(&self) -> u32 {
        let later = (self.state.faults as usize).checked_sub(1);
        let later = later.and_then(|place| { self.plan.later }.get(place).copied());
        later.filter(|distance| *distance != 0).unwrap_or(self.plan.then)
    }

    fn is_at_interval(&mut self) -> bool {
        self.interval += 1;
        if self.interval < self.plan.interval {
            return false;
        }
        self.interval = 0;
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
        let Opportunity { point, site, size, time, tid, is_served, calls } = *opportunity;
        let mut records = self.state.records;
        let faults = self.state.faults as usize;
        let place = if self.is_machine_wide() { faults % FAULT_RECORDS } else { faults };
        if let Some(place) = records.get_mut(place) {
            *place = FaultRecord {
                point: point as u32,
                site,
                opportunity: number,
                size,
                time,
                tid: tid.cast_signed(),
                served: is_served.into(),
                calls,
            };
        }
        self.state.records = records;
        self.state.faults = self.state.faults.saturating_add(1);
    }
}

/// (0, 0) is everything.
fn lies_in(size: u32, [first, end]: [u32; 2]) -> bool {
    (first, end) == (0, 0) || (first..end).contains(&size)
}

const _: () = assert!(FAULT_RECORDS >= 2, "a pair of faults is kept whole");

#[cfg(test)]
mod tests {
    use super::*;
    use abi::failpoint::Opportunities;
    use proptest::prelude::*;
    use std::vec::Vec;

    const AT: Opportunity = Opportunity {
        point: Failpoint::Slab,
        site: 3,
        size: 1,
        time: 9,
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
    fn four_may_be_any() {
        for numbers in [&[4][..], &[2, 9], &[1, 2, 3], &[3, 4, 9, 20]] {
            let wanted = Opportunities::new(numbers.iter().copied()).unwrap();
            let mut context = context(|plan| *plan = wanted.plan(*plan));
            assert_eq!(failing(&mut context, 100), numbers);
        }
    }

    #[test]
    fn the_nth_fails_and_is_kept() {
        let mut context = context(|plan| plan.nth = 5);
        assert_eq!(failing(&mut context, 20), [5]);
        let state = *context.state();
        let records = state.records;
        assert_eq!((state.opportunities, state.faults), (20, 1));
        assert_eq!({ records[0].opportunity }, 5);
        let FaultRecord { site, size, time, tid, .. } = records[0];
        assert_eq!((site, size, time, tid), (3, 1, 9, 7));
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
    fn what_remains_is_counted_down_to_the_fault() {
        let mut context = context(|plan| plan.nth = 3);
        for left in [3, 2, 1] {
            assert_eq!((context.remaining(), context.is_over()), (left, false));
            context.pass(&AT);
        }
        assert_eq!((context.remaining(), context.is_over()), (0, true));
        context.pass(&AT);
        assert_eq!((context.remaining(), context.is_over()), (0, true));
    }

    #[test]
    fn space_is_a_budget_of_what_is_asked_for() {
        let mut context = context(|plan| (plan.per_million, plan.space) = (MILLION, 100));
        let asks = |context: &mut Context, size| context.pass(&Opportunity { size, ..AT });
        assert!(!asks(&mut context, 64));
        assert!(asks(&mut context, 64));
        assert!(!asks(&mut context, 36));
        assert!(asks(&mut context, 1));
    }

    #[test]
    fn sizes_choose_a_cache_or_an_order() {
        let mut context = context(|plan| (plan.per_million, plan.sizes) = (MILLION, [33, 65]));
        let sizes = [1, 32, 33, 64, 65, u32::MAX];
        let failing = sizes.map(|size| context.pass(&Opportunity { size, ..AT }));
        assert_eq!(failing, [false, false, true, true, false, false]);
        assert_eq!({ context.state().opportunities }, 2);
    }

    #[test]
    fn a_machine_wide_context_keeps_its_last_faults() {
        let mut context = context(|plan| (plan.per_million, plan.flags) = (MILLION, FAULT_MACHINE));
        failing(&mut context, 6);
        let kept = context.state().records.map(|record| record.opportunity);
        assert_eq!(kept, [5, 6, 3, 4]);
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
            FaultPlan { flags: FAULT_MARKED, ..FaultPlan::default() },
            FaultPlan { per_million: MILLION + 1, ..FaultPlan::default() },
        ] {
            assert!(Context::new(plan).is_none(), "{plan:?}");
        }
    }

    proptest! {
        /// Linux's order of questions, in the words of its documentation.
        #[test]
        fn attributes_mean_what_they_mean_on_linux(
            interval in 0u32..5,
            space in 0u32..40,
            times in 0u32..4,
            sizes in prop::collection::vec(1u32..16, 1..60),
        ) {
            let mut context = context(|plan| {
                (plan.interval, plan.space, plan.times) = (interval, space, times);
                plan.per_million = MILLION;
            });
            let (mut budget, mut count, mut faults) = (space, 0, 0);
            for size in sizes {
                let fails = context.pass(&Opportunity { size, ..AT });
                let mut expected = times == 0 || faults < times;
                if expected && budget != 0 && budget >= size {
                    budget -= size;
                    expected = false;
                }
                if expected {
                    count += 1;
                    expected = interval < 2 || count % interval == 0;
                }
                faults += u32::from(expected);
                prop_assert_eq!(fails, expected);
            }
        }

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
