//! Which alarm of a clock is due next, whoever set it.
//!
//! Alarms have a place from when they are made, so that setting one needs no memory. Those that are
//! on stand in the order of their times in the [`Queue`] of their clock, a balanced tree: whoever
//! looks at a clock sees the first only, and setting one takes O(log n) whatever the others are.

use crate::arena::{Arena, NIL, NoMemory};
use crate::avl::{self, Links, Side, Tree};
use crate::interval::Schedule;

const CHUNK: usize = if cfg!(test) { 1 } else { 32 };

/// The alarms of one clock that are on.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Queue(Tree);

impl Queue {
    pub const fn new() -> Self {
        Self(Tree::new())
    }

    pub const fn is_empty(self) -> bool {
        self.0.is_empty()
    }
}

struct Alarm<T> {
    links: Links,
    schedule: Schedule,
    value: T,
}

impl<T> avl::Node for Alarm<T> {
    fn links(&self) -> &Links {
        &self.links
    }

    fn links_mut(&mut self) -> &mut Links {
        &mut self.links
    }
}

/// The alarms of some clocks. Each belongs to one clock: its functions are given the same queue
/// each time.
pub struct Alarms<T>(Arena<Alarm<T>, CHUNK>);

impl<T> Default for Alarms<T> {
    fn default() -> Self {
        Self::new()
    }
}

impl<T> Alarms<T> {
    pub const fn new() -> Self {
        Self(Arena::new())
    }

    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Makes an alarm that is off.
    pub fn insert(&mut self, value: T) -> Result<u32, NoMemory> {
        self.0.reserve(1)?;
        let (links, schedule) = (Links::new(0), Schedule::default());
        Ok(self.0.insert(Alarm { links, schedule, value }))
    }

    /// Takes an alarm away. Without a queue if its clock is gone, and with it the order of those
    /// that were on.
    pub fn remove(&mut self, queue: Option<&mut Queue>, alarm: u32) -> Option<T> {
        if let Some(queue) = queue {
            self.set(queue, alarm, Schedule::default());
        }
        self.0.remove(alarm).map(|alarm| alarm.value)
    }

    pub fn get(&self, alarm: u32) -> Option<&T> {
        self.0.get(alarm).map(|alarm| &alarm.value)
    }

    /// When it is due; off if there is none.
    pub fn schedule(&self, alarm: u32) -> Schedule {
        self.0.get(alarm).map_or(Schedule::default(), |alarm| alarm.schedule)
    }

    /// Sets an alarm, or turns it off. Returns the old setting.
    pub fn set(&mut self, queue: &mut Queue, alarm: u32, schedule: Schedule) -> Schedule {
        let Some(set) = self.0.get_mut(alarm) else { return Schedule::default() };
        let old = core::mem::replace(&mut set.schedule, schedule);
        if old.is_on() {
            queue.0.remove(&mut self.0, alarm, NIL);
        }
        if schedule.is_on() {
            let place = self.place(*queue, schedule.deadline);
            queue.0.insert(&mut self.0, place, alarm, NIL);
        }
        old
    }

    /// If an alarm is due, it goes on or off. Returns how often it has expired.
    pub fn expire(&mut self, queue: &mut Queue, alarm: u32, now: u64) -> Option<u32> {
        let mut schedule = self.schedule(alarm);
        if !schedule.is_on() || schedule.left(now) != 0 {
            return None;
        }
        let passed = schedule.pass(now);
        self.set(queue, alarm, schedule);
        Some(passed.saturating_add(1))
    }

    /// The alarm that has been due for longest [expires](Self::expire), if one is due.
    pub fn expire_first(&mut self, queue: &mut Queue, now: u64) -> Option<(&T, u32)> {
        let first = queue.0.first(&self.0);
        let expiries = self.expire(queue, first, now)?;
        self.get(first).map(|value| (value, expiries))
    }

    /// Behind all that are due no later.
    fn place(&self, queue: Queue, deadline: u64) -> (u32, Side) {
        let (mut place, mut next) = ((NIL, Side::Left), queue.0.root());
        while let Some(alarm) = self.0.get(next) {
            let is_before = deadline < alarm.schedule.deadline;
            let side = if is_before { Side::Left } else { Side::Right };
            place = (next, side);
            next = alarm.links.child(side);
        }
        place
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::collections::BTreeMap;

    const fn at(deadline: u64) -> Schedule {
        Schedule { deadline, interval: 0 }
    }

    impl<T> Alarms<T> {
        /// Asserts order and balance; returns the number of those that are on.
        fn check(&self, queue: Queue) -> u32 {
            let count = avl::check(&self.0, queue.0);
            let (mut next, mut last) = (queue.0.first(&self.0), 0);
            while next != NIL {
                let deadline = self.0[next].schedule.deadline;
                assert!(deadline != 0 && deadline >= last);
                (next, last) = (queue.0.next(&self.0, next), deadline);
            }
            count
        }

        /// How many alarms one passes from the root to the first.
        fn depth(&self, queue: Queue) -> u32 {
            let (mut depth, mut next) = (0, queue.0.root());
            while next != NIL {
                (depth, next) = (depth + 1, self.0[next].links.left());
            }
            depth
        }
    }

    #[test]
    fn they_expire_in_order_and_the_first_come_first() {
        let (mut alarms, mut queue) = (Alarms::new(), Queue::new());
        for (name, deadline) in [('a', 30), ('b', 10), ('c', 0), ('d', 20), ('e', 10)] {
            let alarm = alarms.insert(name).unwrap();
            assert_eq!(alarms.set(&mut queue, alarm, at(deadline)), at(0));
        }
        assert_eq!(alarms.expire_first(&mut queue, 9), None);
        for name in ['b', 'e', 'd'] {
            assert_eq!(alarms.expire_first(&mut queue, 29), Some((&name, 1)));
        }
        assert_eq!(alarms.expire_first(&mut queue, 29), None);
        assert_eq!(
            (alarms.check(queue), alarms.expire_first(&mut queue, 30)),
            (1, Some((&'a', 1)))
        );
        assert!(queue.is_empty());
    }

    #[test]
    fn who_repeats_goes_behind_the_others() {
        let (mut alarms, mut queue) = (Alarms::new(), Queue::new());
        let all = ['a', 'b', 'c'].map(|name| alarms.insert(name).unwrap());
        for alarm in all {
            alarms.set(&mut queue, alarm, Schedule { deadline: 1, interval: 1 });
        }
        // As often as one likes, each has its turn.
        for now in [5, 6, 7] {
            for name in ['a', 'b', 'c'] {
                let expiries = if now == 5 { 5 } else { 1 };
                assert_eq!(alarms.expire_first(&mut queue, now), Some((&name, expiries)));
            }
            assert_eq!(alarms.expire_first(&mut queue, now), None);
        }
    }

    #[test]
    fn without_its_clock_an_alarm_can_still_go() {
        let mut alarms = Alarms::new();
        let mut queue = Queue::new();
        let all = [1, 2, 3].map(|time| {
            let alarm = alarms.insert(time).unwrap();
            alarms.set(&mut queue, alarm, at(time));
            alarm
        });
        assert_eq!(all.map(|alarm| alarms.remove(None, alarm)), [Some(1), Some(2), Some(3)]);
        assert!(alarms.is_empty() && alarms.remove(None, all[0]).is_none());
    }

    #[test]
    fn a_look_at_many_passes_few() {
        let (mut alarms, mut queue) = (Alarms::new(), Queue::new());
        // The order that is worst for a tree that nobody balances, and the other one.
        for time in (1..=2000u64).chain((5001..=7000).rev()) {
            let alarm = alarms.insert(()).unwrap();
            alarms.set(&mut queue, alarm, at(time));
            assert!(alarms.depth(queue) <= 18);
        }
        for left in (0..4000).rev() {
            assert!(alarms.expire_first(&mut queue, 7000).is_some());
            assert!(alarms.depth(queue) <= 18);
            assert!(left % 500 != 0 || alarms.check(queue) == left);
        }
        assert!(queue.is_empty() && !alarms.is_empty());
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]
        #[test]
        fn it_is_a_table_that_is_searched(
            steps in prop::collection::vec((0u8..8, any::<prop::sample::Index>(), 0u64..50, 0u64..9), 1..200),
        ) {
            let (mut alarms, mut queues) = (Alarms::new(), [Queue::new(); 2]);
            let mut model: BTreeMap<u32, (usize, Schedule)> = BTreeMap::new();
            let mut made = 0usize;
            for (verb, which, time, interval) in steps {
                let chosen = (!model.is_empty()).then(|| *which.get(&model.keys().copied().collect::<std::vec::Vec<_>>()));
                match (verb, chosen) {
                    (0..2, _) | (_, None) => {
                        let alarm = alarms.insert(made % 2).unwrap();
                        prop_assert!(model.insert(alarm, (made % 2, Schedule::default())).is_none());
                        made += 1;
                    }
                    (2..5, Some(alarm)) => {
                        let (clock, schedule) = model.get_mut(&alarm).unwrap();
                        let new = Schedule { deadline: time, interval };
                        let old = alarms.set(&mut queues[*clock], alarm, new);
                        prop_assert_eq!(core::mem::replace(schedule, new), old);
                    }
                    (5, Some(alarm)) => {
                        let (clock, _) = model.remove(&alarm).unwrap();
                        prop_assert_eq!(alarms.remove(Some(&mut queues[clock]), alarm), Some(clock));
                    }
                    (6, Some(alarm)) => {
                        let (clock, schedule) = model.get_mut(&alarm).unwrap();
                        let expiries = schedule.expiries(time) as u32;
                        if expiries != 0 {
                            schedule.pass(time);
                        }
                        let expired = alarms.expire(&mut queues[*clock], alarm, time);
                        prop_assert_eq!(expired.unwrap_or(0), expiries);
                    }
                    (_, Some(_)) => {
                        let clock = made % 2;
                        let due = |(of, schedule): &&mut (usize, Schedule)| *of == clock && schedule.expiries(time) != 0;
                        let first = model.values_mut().filter(due).map(|(_, schedule)| schedule.deadline).min();
                        let expired = alarms.expire_first(&mut queues[clock], time).map(|(of, expiries)| (*of, expiries));
                        prop_assert_eq!(expired.is_some(), first.is_some());
                        if let Some((of, expiries)) = expired {
                            prop_assert_eq!(of, clock);
                            // One of those that were due first has gone on.
                            let moved: std::vec::Vec<u32> = model
                                .iter()
                                .filter(|(alarm, (_, schedule))| alarms.schedule(**alarm) != *schedule)
                                .map(|(alarm, _)| *alarm)
                                .collect();
                            prop_assert_eq!(moved.len(), 1);
                            let (of, schedule) = model.get_mut(&moved[0]).unwrap();
                            prop_assert_eq!((*of, Some(schedule.deadline)), (clock, first));
                            prop_assert_eq!(schedule.expiries(time), u64::from(expiries));
                            schedule.pass(time);
                        }
                    }
                }
                for (alarm, (clock, schedule)) in &model {
                    prop_assert_eq!((alarms.get(*alarm), alarms.schedule(*alarm)), (Some(clock), *schedule));
                }
                for (clock, queue) in queues.into_iter().enumerate() {
                    let on = model.values().filter(|(of, schedule)| *of == clock && schedule.is_on());
                    prop_assert_eq!(alarms.check(queue) as usize, on.count());
                }
            }
        }
    }
}
